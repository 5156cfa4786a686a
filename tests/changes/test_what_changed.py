"""What an outlet changed, and what is no change."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.changes import carries_old, changes_between, notice_in
from aggregator.changes.notices import _phrases
from aggregator.model import AmendmentKind, Document

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LINES = (
    "The night ferry between the old harbour and the north bank will run until three in the "
    "morning from April, the port authority said on Sunday, after a winter of complaints.",
    "Two boats will share the crossing, which takes eleven minutes in calm weather, and a third "
    "will be kept at the quay for the nights of the lantern fair.",
    "The timetable will be printed on the back of the tide tables again, and 214 passengers had "
    "asked for that in letters to the harbour master.",
)


def document(*lines: str, title: str = "Night ferry until three") -> Document:
    return Document("Harbour Post", title, "\n".join(lines), NOW)


BEFORE = document(*LINES)


def changed(old: str, new: str) -> Document:
    return document(*(line.replace(old, new) for line in LINES))


def test_a_changed_number_is_told_with_the_words_around_it():
    found = changes_between(BEFORE, changed("214", "241"))
    (hunk,) = found.hunks
    assert (hunk.cut, hunk.added) == ("214", "241")
    assert hunk.before.endswith("tide tables again, and")
    assert hunk.after.startswith("passengers had asked")
    assert (found.title_before, found.title_after) == ("", "")


@pytest.mark.parametrize(
    "after",
    [
        document(*(line.replace(" ", "\u00a0 ") for line in LINES)),
        document(*(line.upper() for line in LINES)),
        document(*(line.replace(",", ";").replace(".", "") for line in LINES)),
        document(*LINES, "Updated: 1 March 2026, 12:40"),
        document("\n".join(LINES) + "\n\n"),
        document(*LINES, title="NIGHT FERRY: until three"),
        document(*LINES),
    ],
    ids=["space", "case", "punctuation", "stamp", "breaks", "title", "nothing"],
)
def test_what_no_reader_would_call_a_change_is_none(after):
    assert changes_between(BEFORE, after) is None


def test_another_text_at_the_same_address_is_no_correction():
    other = document("A pair of owls has moved into the bell tower of the parish church.",
                     "The vicar said that weddings would go ahead with a recording.")  # fmt: skip
    assert changes_between(BEFORE, other) is None


def test_a_new_headline_is_told_even_where_texts_cannot_be_compared():
    found = changes_between(BEFORE, document("x", title="Night boats"), texts=False)
    assert (found.title_before, found.title_after) == ("Night ferry until three", "Night boats")
    assert found.hunks == ()


@pytest.mark.parametrize(
    ("old", "new"), [("214", "241"), ("will be kept", "will not be kept"), ("on Sunday, ", "")]
)
def test_a_copy_with_the_old_words_carries_the_old_text(old, new):
    hunks = changes_between(BEFORE, changed(old, new)).hunks
    assert carries_old(f"BNC. {BEFORE.text} Please donate.", hunks)
    assert not carries_old(changed(old, new).text, hunks)


def test_a_copy_that_was_cut_before_the_place_carries_neither():
    hunks = changes_between(BEFORE, changed("214", "241")).hunks
    assert not carries_old("\n".join(LINES[:2]), hunks)


def test_a_copy_without_a_paragraph_that_was_added_later_has_no_wrong_text():
    more = "The mayor said at noon that buses would wait for the last boat on every night of May."
    found = changes_between(BEFORE, document(*LINES[:2], more, LINES[2]))
    assert found.hunks[0].added == more
    assert not carries_old(BEFORE.text, found.hunks)


def test_scripts_without_spaces_are_told_apart_too():
    before = document("港务局周日表示，旧港与北岸之间的夜间渡轮将从四月起运行至凌晨三点。")
    after = document("港务局周日表示，旧港与北岸之间的夜间渡轮将从五月起运行至凌晨三点。")
    found = changes_between(before, after)
    assert (found.hunks[0].cut, found.hunks[0].added) == ("四", "五")
    assert carries_old(before.text, found.hunks)
    assert not carries_old(after.text, found.hunks)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Correction: The ferry sails at three, not two.", "notice"),
        ("(An earlier version of this article gave the wrong year.)", "notice"),
        ("* In einer früheren Version dieses Artikels stand ein falscher Name.", "notice"),
        ("تصحيح: العبّارة تعمل حتى الثالثة.", "notice"),
        ("更正：渡轮三点停航。", "notice"),
        ("This article has been withdrawn while we look into it.", "withdrawn"),
    ],
)
def test_a_publishers_own_notice_is_found_with_its_words(line, kind):
    assert notice_in("\n".join([*LINES, line])) == (AmendmentKind(kind), line)


@pytest.mark.parametrize(
    "line",
    [
        "Correction in the markets wiped out a month of gains.",
        "He said that an earlier version of this article had been kinder to him.",
        "Corrections officers in the county voted to strike.",
        "Updated figures show 12 boats.",
    ],
)
def test_a_story_about_corrections_is_no_notice(line):
    assert notice_in(line) is None


def test_every_phrase_of_the_data_is_found_where_a_paragraph_begins_with_it():
    for name, kind in (("correction", "notice"), ("withdrawal", "withdrawn")):
        assert len(_phrases()[name]) > 20
        for phrase in _phrases()[name]:
            for line in (f"{phrase} and so on.", f"({phrase} 3)", f"— {phrase.lower()} x"):
                found = notice_in(f"Something else.\n{line}")
                assert found == (AmendmentKind(kind), line), phrase


words = st.lists(st.sampled_from(["ferry", "boat", "港", "3", "—", "فجر", "a"]), max_size=40)


@given(words, words)
def test_any_two_texts_can_be_compared_and_the_same_ones_differ_in_nothing(a, b):
    one, other = document(" ".join(a)), document(" ".join(b))
    assert changes_between(one, one) is None
    found = changes_between(one, other)
    if found is not None:
        assert all(hunk.cut or hunk.added for hunk in found.hunks)
