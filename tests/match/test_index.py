"""The index in memory."""

from datetime import timedelta

from aggregator.match import CAP, MEMBERS, MemoryIndex
from aggregator.model import Document, Member
from tests.match.texts import NOW

DAY = timedelta(days=1)


def document(text: str, days: float = 0, outlet: str = "A") -> Document:
    return Document(outlet, "Title", text, NOW + days * DAY)


def test_a_story_counts_once_for_a_hash_that_several_of_its_texts_hold():
    index = MemoryIndex()
    index.add(1, document("one"), [5, 6])
    index.add(1, document("two"), [6, 7])
    index.add(2, document("three"), [6])
    held = index.postings([5, 6, 7, 8])
    assert {hash_: sorted(stories) for hash_, stories in held.items()} == {
        5: [1],
        6: [1, 2],
        7: [1],
    }


def test_no_more_stories_are_kept_for_a_hash_than_the_cap():
    index = MemoryIndex()
    for story in range(CAP + 5):
        index.add(story, document(str(story)), [1])
    assert len(index.postings([1])[1]) == CAP


def test_members_are_the_fullest_texts_the_earlier_first_among_equals():
    index = MemoryIndex()
    texts = ["bb", "a", "dddd", "cc", "eeeee", "fffff"]
    for text in texts:
        index.add(1, document(text), [1])
    assert [member.text for member in index.members(1)] == ["eeeee", "fffff", "dddd", "bb"]
    assert len(index.members(1)) == MEMBERS


def test_a_member_has_outlet_title_and_text():
    index = MemoryIndex()
    index.add(3, document("text", outlet="The Courier"), [1])
    assert list(index.members(3)) == [Member("The Courier", "Title", "text")]
    assert list(index.members(4)) == []


def test_what_falls_out_of_the_window_is_forgotten_wholly():
    index = MemoryIndex(window=7 * DAY)
    index.add(1, document("old"), [1, 2])
    index.add(2, document("new", days=6), [2, 3])
    index.add(3, document("newer", days=7.5), [4])
    assert index.postings([1, 2, 3, 4]) == {2: (2,), 3: (2,), 4: (3,)}
    assert list(index.members(1)) == []


def test_a_story_lives_as_long_as_its_youngest_text():
    index = MemoryIndex(window=7 * DAY)
    index.add(1, document("old"), [1])
    index.add(1, document("younger", days=5), [2])
    index.add(2, document("other", days=8), [3])
    assert index.postings([1, 2]) == {2: (1,)}
    assert [member.text for member in index.members(1)] == ["younger", "old"]
    index.add(2, document("other", days=13), [3])
    assert index.postings([1, 2]) == {}
    assert list(index.members(1)) == []


def test_a_document_from_the_past_does_not_bring_the_window_back():
    index = MemoryIndex(window=7 * DAY)
    index.add(1, document("new", days=20), [1])
    index.add(2, document("old", days=0), [2])
    assert 1 in index.postings([1, 2])
    index.add(3, document("newest", days=21), [3])
    assert set(index.postings([1, 2, 3])) >= {1, 3}


def test_memory_is_bounded_by_a_number_of_documents():
    index = MemoryIndex(most=3)
    for story in range(10):
        index.add(story, document(str(story)), [story, 100])
    assert set(index.postings(range(10))) == {7, 8, 9}
    assert set(index.postings([100])[100]) <= {7, 8, 9}
    assert list(index.members(6)) == []
