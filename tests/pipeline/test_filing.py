"""Stories that were judged too early are joined or parted later, once, and keep their ids."""

from collections import defaultdict
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.match.texts import FERRY, LOCAL, MILL, NOTICE, SCHOOL
from tests.pipeline.filing_desk import FilingDesk

# A beginning that two stories have in common, as two reports from one press release have.
LEAD = (
    "Residents of the lower town will hear on Thursday what the council intends for the old gas "
    "works by the canal, which have stood empty since the winter of the great frost."
)
GAS = "\n".join((LEAD, *MILL.paragraphs))
CANAL = "\n".join((LEAD, *SCHOOL.paragraphs))
TEASER = FERRY.paragraphs[0]
LATER = "\n".join(FERRY.paragraphs[3:])


@pytest.fixture
def desk(database_url):
    desk = FilingDesk(database_url)
    yield desk
    desk.store.close()


def test_stories_kept_apart_are_joined_when_one_grows_and_shows_them_to_be_one(desk):
    first, second = desk.poll("A", "\n".join(FERRY.paragraphs[:3])), desk.poll("B", LATER)
    assert first != second
    assert desk.poll("B", FERRY.text) == first
    assert desk.poll("C", LATER) == first
    assert len(desk.stories()) == 1
    assert desk.store.find(second).id == first


def test_a_teaser_that_grows_joins_its_story_to_the_one_that_has_the_text(desk):
    # Two papers have the same standfirst, which is no part of the text that a third one has.
    standfirst = NOTICE[0] + " " + LOCAL[0]
    early = desk.poll("A", standfirst)
    assert desk.poll("B", standfirst) == early
    full = desk.poll("C", FERRY.text)
    assert full != early
    desk.poll("A", standfirst + "\n" + FERRY.text)
    assert desk.of(desk.address("C")) == desk.of(desk.address("B")) == early
    assert desk.store.find(full).id == early


def test_a_teaser_that_grows_into_another_text_leaves_and_does_not_come_back(desk):
    gas = desk.poll("A", GAS)
    assert desk.poll("B", LEAD) == gas
    left = desk.poll("B", CANAL)
    assert left != gas
    assert desk.of(desk.address("A")) == gas
    (said,) = desk.store.find(gas).rulings
    assert (said.kind, said.other, said.url) == ("outgrown", left, desk.address("B"))
    assert desk.store.find(left).copies[0].reason.startswith("It was taken out of another story: ")
    for text in (LEAD, CANAL, GAS):
        assert desk.poll("B", text) == left


def test_a_text_that_leaves_goes_to_the_story_that_has_it(desk):
    gas, canal = desk.poll("A", GAS), desk.poll("B", "\n".join(SCHOOL.paragraphs))
    assert desk.poll("C", LEAD) == gas
    assert desk.poll("C", CANAL) == canal
    assert desk.together() == {
        frozenset({desk.address("A")}),
        frozenset({desk.address("B"), desk.address("C")}),
    }


def test_a_copy_that_a_person_joined_does_not_leave_however_it_grows(desk):
    gas, other = desk.poll("A", GAS), desk.poll("B", LATER)
    desk.merge(gas, other)
    assert desk.poll("C", LEAD) == gas
    assert desk.poll("C", CANAL) == gas


def test_an_edit_of_a_full_text_parts_nobody(desk):
    story = desk.poll("A", FERRY.text)
    assert desk.poll("B", FERRY.text) == story
    assert desk.poll("B", SCHOOL.text) == story


def test_a_summary_of_ones_own_words_parts_nobody_who_has_no_more_than_that(desk):
    # The article itself does not repeat the summary that both feeds carry.
    story = desk.poll("A", LOCAL[0])
    assert desk.poll("B", LOCAL[0]) == story
    assert desk.poll("A", FERRY.text) == story


def whole_story(desk: FilingDesk) -> list[tuple[object, ...]]:
    """All that was decided, but for the ids, which are dice."""
    ids = {story.id: number for number, story in enumerate(reversed(desk.stories()))}

    def without_ids(reason: str) -> str:
        return " ".join(str(ids.get(word.rstrip("."), word)) for word in reason.split())

    return [
        (
            ids[story.id],
            story.title,
            [(said.kind, ids.get(said.other), said.url) for said in story.rulings],
            [
                (copy.url, without_ids(copy.reason), copy.similarity, copy.passages, copy.edits)
                for copy in story.copies
            ],
        )
        for story in desk.stories()
    ]


@settings(max_examples=5, deadline=None)
@given(st.data())
def test_a_restart_at_any_point_changes_no_decision(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("restarts")
    going = FilingDesk(f"sqlite:///{folder}/going.db")
    restarted = FilingDesk(f"sqlite:///{folder}/restarted.db")
    for outlet, text in data.draw(st.permutations(ARRIVALS)):
        going.poll(outlet, text)
        if data.draw(st.integers(0, 3)) == 0:
            restarted.restart()
        restarted.poll(outlet, text)
        if data.draw(st.integers(0, 9)) == 0:
            for desk in (going, restarted):
                story = next((s for s in desk.stories() if len(s.copies) > 1), None)
                if story is not None:
                    desk.split(story.id, story.copies[0].url)
    assert whole_story(restarted) == whole_story(going)
    going.store.close()
    restarted.store.close()


# Who carries what: first a teaser, then maybe more of it.
ARRIVALS = [
    ("A", TEASER), ("A", FERRY.text), ("B", "\n".join(FERRY.paragraphs[:3])), ("B", FERRY.text),
    ("C", LATER), ("D", LEAD), ("D", CANAL), ("E", GAS), ("F", LEAD + "\n" + LOCAL[0]),
]  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.permutations(ARRIVALS), st.permutations(ARRIVALS))
def test_no_item_flips_back_and_forth_in_whatever_order_copies_come(tmp_path_factory, one, two):
    desk = FilingDesk(f"sqlite:///{tmp_path_factory.mktemp('flip')}/a.db")
    seen: set[str] = set()  # ids that a subscriber has seen
    gone: dict[str, str] = {}  # where those lead that are items no more
    with_whom: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for outlet, text in [*one, *two]:
        desk.poll(outlet, text)
        stories = {story.id: {copy.url for copy in story.copies} for story in desk.stories()}
        for id_ in seen - stories.keys():
            leads_to = desk.store.find(id_).id
            assert leads_to in stories
            gone.setdefault(id_, leads_to)
        assert not gone.keys() & stories.keys()  # what is gone does not come back
        seen |= stories.keys()
        of = {url: id_ for id_, urls in stories.items() for url in urls}
        for (x, story), (y, other) in combinations(sorted(of.items()), 2):
            history = with_whom[x, y]
            if not history or history[-1] != (story == other):
                history.append(story == other)
    for pair, history in with_whom.items():
        # At most: apart, then joined, then parted for good.
        assert len(history) <= 3, (pair, history)
    desk.store.close()
