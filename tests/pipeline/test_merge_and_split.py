"""What a person said of stories stands, whatever the feeds bring afterwards."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import NotFoundError
from tests.match.texts import FERRY, LOCAL, MILL, SCHOOL
from tests.pipeline.filing_desk import START, FilingDesk

CUT = "\n".join(FERRY.paragraphs[:4])
EDITED = FERRY.text.replace("four hundred", "five hundred") + "\n" + LOCAL[0]
DAY = timedelta(days=1)


@pytest.fixture
def desk(database_url):
    desk = FilingDesk(database_url)
    yield desk
    desk.store.close()


def three_copies(desk: FilingDesk) -> str:
    """The ferry, as three papers have it, in one story; its id."""
    (story,) = {desk.poll("A", FERRY.text), desk.poll("B", CUT), desk.poll("C", FERRY.text)}
    return story


def test_a_merge_keeps_the_older_id_and_the_other_leads_to_it(desk):
    ferry, mill = desk.poll("A", FERRY.text), desk.poll("B", MILL.text)
    assert ferry != mill
    done = desk.merge(mill, ferry)
    assert (done.story, done.other, done.changed) == (ferry, mill, True)
    (story,) = desk.stories()
    assert story.id == ferry
    assert desk.store.find(mill).id == ferry
    assert [(c.kind, c.other) for c in story.rulings] == [("merge", mill)]
    # Copies of either text are copies of it now, edits part nobody, and a restart forgets nothing.
    desk.restart()
    assert desk.poll("C", MILL.text) == ferry
    assert desk.poll("D", CUT) == ferry
    assert desk.poll("B", SCHOOL.text + "\n" + MILL.text + "\n" + "\n".join(LOCAL)) == ferry
    assert len(desk.stories()) == 1


def test_a_split_copy_is_a_story_of_its_own_from_then_on(desk):
    story = three_copies(desk)
    done = desk.split(story, desk.address("B"))
    assert done.changed
    assert desk.together() == {
        frozenset({desk.address("A"), desk.address("C")}),
        frozenset({desk.address("B")}),
    }
    assert desk.of(desk.address("A")) == story
    assert desk.of(desk.address("B")) == done.other
    told = desk.store.find(story)
    (said,) = told.rulings
    assert (said.kind, said.other, said.url) == ("split", done.other, desk.address("B"))
    (copy,) = desk.store.find(done.other).copies
    assert copy.reason == f"A person took it out of story {story}."


def test_an_edit_does_not_bring_a_split_copy_back(desk):
    story = three_copies(desk)
    apart = desk.split(story, desk.address("B")).other
    desk.restart()
    for text in (FERRY.text, EDITED, CUT, FERRY.text):
        assert desk.poll("B", text) == apart
        assert desk.poll("A", text) == story


def test_a_split_copy_may_be_the_one_that_was_shown_and_the_story_gets_another_face(desk):
    story = three_copies(desk)
    apart = desk.split(story, desk.address("A")).other
    assert desk.store.find(story).title == "As C has it"
    assert desk.store.find(apart).title == "As A has it"


def test_a_page_that_was_split_stays_out_when_another_feed_lists_it(desk):
    page, at = desk.address("A", "page"), START
    story = desk.poll("A", FERRY.text, url=page, published=at)
    assert desk.poll("B", CUT, published=at) == story
    assert desk.poll("C", FERRY.text, url=page, published=at) == story
    apart = desk.split(story, page).other
    assert desk.together() == {frozenset({desk.address("B")}), frozenset({page})}
    assert len(desk.store.find(apart).copies) == 2
    assert desk.poll("D", FERRY.text, url=f"{page}?utm_source=d", published=at) == apart
    assert desk.poll("E", CUT) in {story, apart}
    assert story != apart


def test_a_third_text_that_is_both_does_not_chain_them_back(desk):
    story = three_copies(desk)
    apart = desk.split(story, desk.address("B")).other
    for outlet in "DEF":
        assert desk.poll(outlet, FERRY.text) in {story, apart}
    assert desk.of(desk.address("B")) == apart
    assert len(desk.stories()) == 2
    # Nor do stories that were joined with either in the meantime.
    third = desk.poll("G", SCHOOL.text)
    desk.merge(apart, third)
    assert desk.poll("G", FERRY.text) != story
    assert desk.of(desk.address("G")) == desk.of(desk.address("B")) != story


def test_a_split_outlives_the_copys_entry(desk):
    story = three_copies(desk)
    desk.split(story, desk.address("B"))
    desk.now += 5 * DAY
    desk.retire(DAY, "B")
    with pytest.raises(NotFoundError):
        desk.of(desk.address("B"))
    assert desk.poll("B", CUT) != story


def test_a_later_word_counts_more_than_an_earlier(desk):
    story = three_copies(desk)
    apart = desk.split(story, desk.address("B")).other
    assert desk.merge(apart, story).story == story
    assert desk.store.find(apart).id == story
    assert desk.poll("B", EDITED) == story
    again = desk.split(story, desk.address("B")).other
    assert desk.poll("B", FERRY.text) == again
    kinds = [said.kind for said in desk.store.find(story).rulings]
    assert kinds == ["merge", "split"]


def test_what_is_so_already_is_left_as_it_is(desk):
    story = three_copies(desk)
    assert desk.merge(story, desk.address("C")).changed is False
    apart = desk.split(story, desk.address("B")).other
    done = desk.split(story, desk.address("B"))
    assert (done.changed, done.other) == (False, apart)


def test_what_nobody_has_is_refused_with_a_remedy_and_changes_nothing(desk):
    story, other = three_copies(desk), desk.poll("D", MILL.text)
    before = desk.together(), desk.store.version()
    unknown = "11111111-1111-4111-8111-111111111111"
    for wrong, reason in (
        (partial(desk.merge, story, unknown), "no_story"),
        (partial(desk.merge, unknown, story), "no_story"),
        (partial(desk.split, unknown, desk.address("A")), "no_story"),
        (partial(desk.split, story, desk.address("D")), "no_copy"),
        (partial(desk.split, story, "nonsense"), "no_copy"),
        (partial(desk.split, other, desk.address("D")), "only_copy"),
    ):
        with pytest.raises(NotFoundError) as refused:
            wrong()
        assert refused.value.reason == reason
        assert refused.value.remedy
    assert (desk.together(), desk.store.version()) == before


def test_the_index_finds_copies_of_what_was_split_and_of_what_was_left(desk):
    ferry = desk.poll("A", FERRY.text)
    mill = desk.poll("B", MILL.text)
    assert desk.merge(ferry, mill).story == ferry
    apart = desk.split(ferry, desk.address("B")).other
    assert desk.poll("C", MILL.text) == apart
    assert desk.poll("D", CUT) == ferry


POLLS = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from([FERRY.text, CUT, EDITED, MILL.text])),
    max_size=8,
)


@settings(max_examples=6, deadline=None)
@given(before=POLLS, after=POLLS, restart=st.integers(0, 8), who=st.sampled_from("AB"))
def test_a_split_stands_whatever_is_polled_in_whatever_order(
    tmp_path_factory, before, after, restart, who
):
    desk = FilingDesk(f"sqlite:///{tmp_path_factory.mktemp('split')}/a.db")
    desk.poll("A", FERRY.text)
    desk.poll("B", CUT)
    for outlet, text in before:
        desk.poll(outlet, text)
    story = desk.of(desk.address("A"))
    if desk.of(desk.address("B")) != story:
        desk.merge(story, desk.of(desk.address("B")))
        story = desk.of(desk.address("A"))
    page = desk.address(who)
    desk.split(story, page)
    other = desk.address("B" if who == "A" else "A")
    for number, (outlet, text) in enumerate(after):
        if number == restart:
            desk.restart()
        desk.poll(outlet, text)
        assert desk.of(page) != desk.of(other)
        assert page not in {copy.url for copy in desk.store.find(story).copies}
    desk.store.close()


@settings(max_examples=6, deadline=None)
@given(after=POLLS, restart=st.integers(0, 8))
def test_a_merge_stands_whatever_is_polled_in_whatever_order(tmp_path_factory, after, restart):
    desk = FilingDesk(f"sqlite:///{tmp_path_factory.mktemp('merge')}/a.db")
    older, younger = desk.poll("A", FERRY.text), desk.poll("B", MILL.text)
    desk.merge(older, younger)
    for number, (outlet, text) in enumerate(after):
        if number == restart:
            desk.restart()
        desk.poll(outlet, text)
        assert desk.of(desk.address("A")) == desk.of(desk.address("B")) == older
        assert desk.store.find(younger).id == older
    desk.store.close()


def aggregator(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aggregator.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=os.environ | {"NO_COLOR": "1", "AGGREGATOR_DATABASE": database},
    )


def test_the_commands_correct_a_database_that_others_hold_open(database_url, desk, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("feeds:\n  - url: https://a.example/feed\n")
    story, mill = three_copies(desk), desk.poll("D", MILL.text)
    where = "--config", str(config)
    done = aggregator(database_url, "split", story, desk.address("B"), "--json", *where)
    assert done.returncode == 0, done.stderr
    apart = json.loads(done.stdout)["other"]
    assert desk.of(desk.address("B")) == apart
    assert desk.poll("B", FERRY.text) == apart
    done = aggregator(database_url, "merge", mill, story, *where)
    assert done.stdout == f"Story {mill} leads to story {story} from now on.\n"
    assert desk.of(desk.address("D")) == story
    wrong = aggregator(database_url, "merge", "nonsense", story, *where)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("aggregator: No story has the id or a copy at 'nonsense'.")
    assert aggregator(database_url, "split", story, *where).returncode == 2
