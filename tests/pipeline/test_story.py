"""The face of a story."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Block,
    BlockKind,
    Copy,
    Credit,
    Document,
    Extent,
    Origin,
    Provenance,
    Role,
    Where,
)
from aggregator.story import compose, story_text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def copy(name: str, length: int = 100, minutes: int = 0) -> Copy:
    return Copy(
        outlet=name,
        domain=f"{name}.example",
        url=f"https://{name}.example/1",
        title=f"As {name} has it",
        published=None,
        first_seen=NOW + timedelta(minutes=minutes),
        entry=sum(map(ord, name)),
        length=length,
    )


def credited(quote: str, block: int, where: Where = Where.BODY) -> Credit:
    return Credit("X", "X", "", "", Role.PUBLISHER, Extent.FULL, quote, where, 0.9, 1, block)


def text(words: str) -> Document:
    return Document("a", "", words, NOW)


NOBODY = Provenance(None)


def test_the_origins_own_copy_leads_however_short():
    told = Provenance(Origin("b", "b.example", "https://b.example/1", Role.PUBLISHER, 0.9, "so"))
    face = compose([copy("a", 900), copy("b", 100)], told, {})
    assert (face.title, face.url) == ("As b has it", "https://b.example/1")


def test_the_link_is_the_originals_even_when_it_is_no_copy_of_ours():
    told = Provenance(Origin("c", "c.example", "https://c.example/9", Role.PUBLISHER, 0.9, "so"))
    face = compose([copy("a"), copy("b")], told, {})
    assert face.url == "https://c.example/9"
    assert face.title == "As a has it"


def test_without_an_origin_the_fullest_copy_leads():
    assert compose([copy("a", 100), copy("b", 900, 5)], NOBODY, {}).title == "As b has it"


def test_a_republishers_added_line_does_not_make_its_text_the_better_one():
    assert compose([copy("a", 100), copy("b", 105, 5)], NOBODY, {}).title == "As a has it"


@given(st.permutations([copy("a"), copy("b", 300, 3), copy("c", 295, 1), copy("d", 20, 9)]))
def test_the_face_is_the_same_in_whatever_order_copies_come(copies):
    assert compose(copies, NOBODY, {}) == compose(sorted(copies, key=lambda c: c.url), NOBODY, {})


def test_the_digest_moves_with_text_title_and_origin_only():
    a = copy("a")
    face = compose([a], NOBODY, {a.entry: text("A text.")})
    assert compose([a, copy("b", 50)], NOBODY, {a.entry: text("A  text.\n")}).digest == face.digest
    assert compose([a], NOBODY, {a.entry: text("Another text.")}).digest != face.digest
    assert (
        compose([replace(a, title="New")], NOBODY, {a.entry: text("A text.")}).digest != face.digest
    )
    told = Provenance(Origin("c", "c.example", "https://c.example/9", Role.PUBLISHER, 0.9, "so"))
    assert compose([a], told, {a.entry: text("A text.")}).digest != face.digest


def test_the_text_goes_without_its_credit_lines_captions_and_asides():
    body = [
        Block("The ferry runs every forty minutes."),
        Block("A ferry. (File)", BlockKind.CAPTION),
        Block("This story originally appeared on X read the full story"),
    ]
    text = story_text(body, [credited("This story originally appeared on X", 2)])
    assert text == "The ferry runs every forty minutes."


def test_a_dateline_credit_leaves_its_paragraph_standing():
    body = [Block("VARENNA (X) - The ferry runs every forty minutes.")]
    assert "The ferry runs" in story_text(body, [credited("VARENNA (X) -", 0, Where.DATELINE)])


def test_a_credit_at_the_end_of_a_long_paragraph_takes_only_its_own_words():
    body = [Block("The ferry runs every forty minutes from Monday on. (With inputs from X)")]
    text = story_text(body, [credited("(With inputs from X)", 0)])
    assert text == "The ferry runs every forty minutes from Monday on."
