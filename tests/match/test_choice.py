"""Which of several stories a text joins, when it could join more than one."""

from datetime import timedelta

from aggregator.match import MemoryIndex, decide, fingerprint
from aggregator.model import Document
from tests.match.texts import FERRY, LOCAL, NOW

TEASER = "\n".join(FERRY.paragraphs[:1])


def index_with(*texts: str) -> MemoryIndex:
    """Each text a story of its own, numbered from 1."""
    index = MemoryIndex()
    for story, text in enumerate(texts, 1):
        document = Document(f"Paper {story}", FERRY.title, text, NOW + timedelta(minutes=story))
        index.add(story, document, fingerprint(document))
    return index


def decided(index: MemoryIndex, text: str):
    return decide(Document("Evening Post", "Farewell", text, NOW + timedelta(hours=1)), index)


def test_a_text_joins_the_story_that_has_most_of_it_and_not_a_teasers():
    edited = FERRY.text.replace("four hundred", "five hundred")
    assert decided(index_with(TEASER, FERRY.text), edited).story == 2
    assert decided(index_with(FERRY.text, TEASER), edited).story == 1


def test_of_two_stories_that_have_it_whole_it_joins_the_older_and_names_the_other():
    longer = "\n".join((*FERRY.paragraphs, *LOCAL, *LOCAL[::-1]))
    both = index_with(FERRY.text, FERRY.text)
    fuller = Document("Paper 9", FERRY.title, longer, NOW)
    both.add(1, fuller, fingerprint(fuller))
    # The story's fullest text has more, another of its texts is nearly the same.
    decision = decided(both, FERRY.text)
    assert {decision.story, *decision.also} == {1, 2}
