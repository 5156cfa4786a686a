"""Polls that share a transaction come to what they come to one after the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Story, StoryQuery
from tests.match.texts import FERRY, MILL, NOTICE, SCHOOL
from tests.pipeline.filing_desk import FilingDesk

CREDITED = FERRY.text + "\nThis story originally appeared on Paper A."
TEXTS = (
    FERRY.text,
    "\n".join(FERRY.paragraphs[:3]),
    CREDITED,
    MILL.text,
    MILL.text + "\nCorrection: an earlier version of this article gave the wrong year.",
    SCHOOL.text,
    NOTICE[0],
)
rounds = st.lists(
    st.dictionaries(
        st.sampled_from("ABCDEF"),
        st.tuples(st.sampled_from(TEXTS), st.sampled_from("12"), st.sampled_from(("", "same"))),
        min_size=1,
    ),
    min_size=1,
    max_size=4,
)


def told(story: Story) -> tuple[object, ...]:
    """A story without its ids and times, which are each run's own."""
    copies = {
        (copy.url, copy.title, copy.similarity, copy.edits, copy.reason, copy.credits)
        for copy in story.copies
    }
    noted = [(a.kind, a.outlet, a.notice, a.hunks) for a in story.amendments]
    origin = (story.origin, story.agency, story.chain, story.conflict)
    return story.title, story.url, story.language, origin, copies, noted


def shown(desk: FilingDesk) -> list[tuple[object, ...]]:
    stories = [told(story) for story in desk.stories()]
    for words in ("ferry", "mill", "school"):
        found = desk.store.stories(StoryQuery(words=words))
        stories += [(words, *told(story)) for story in found]
    return sorted(stories, key=repr)


@settings(max_examples=25, deadline=None)
@given(rounds=rounds)
def test_what_is_filed_together_comes_to_what_is_filed_one_by_one(rounds, tmp_path_factory):
    desks = [FilingDesk(f"sqlite:///{tmp_path_factory.mktemp('together')}/t.db") for _ in range(2)]
    for polled in rounds:
        now = desks[0].now
        for desk in desks:
            entries = [
                (
                    outlet,
                    desk.entry(
                        outlet,
                        text,
                        name=name,
                        url=f"https://same.example/{name}" if at else "",
                        published=now,
                    ),
                )
                for outlet, (text, name, at) in polled.items()
            ]
            if desk is desks[0]:
                desk.poll_together(entries)
            else:
                for entry in entries:
                    desk.now = now
                    desk.poll_together([entry])
    together, apart = map(shown, desks)
    for desk in desks:
        assert not list(desk.store.broken())
        desk.store.close()
    assert together == apart


@pytest.mark.parametrize("text", TEXTS[:3])
def test_two_copies_in_one_transaction_are_one_story_with_one_face(database_url, text):
    desk = FilingDesk(database_url)
    desk.poll_together([("A", desk.entry("A", FERRY.text)), ("B", desk.entry("B", text))])
    (story,) = desk.stories()
    assert story.url == desk.address("A")
    assert {copy.url for copy in story.copies} == {desk.address("A"), desk.address("B")}
    assert desk.store.stories(StoryQuery(copies=2)) == [story]
    desk.store.close()
