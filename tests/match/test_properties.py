"""What holds of matching whatever the texts are."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match import MemoryIndex, decide, fingerprint
from aggregator.model import Decision, Document
from benchmarks.republish import Newsroom
from tests.match.texts import FERRY, MILL, NOW, SCHOOL, SCRIPTS, STORIES, Reader

SEEDS = st.integers(0, 10**6)


def documents(seed: int, number: int = 40) -> list[Document]:
    """Made-up news in a few languages, with copies and with what only looks like them."""
    records = Newsroom(seed, 1.0, ("en", "de", "ar", "zh", "th")).corpus(number)
    return [
        Document(
            str(record["outlet"]),
            str(record["title"]),
            str(record["html"]).replace("<", "\n<").replace(">", ">\n"),
            NOW + timedelta(seconds=n),
        )
        for n, record in enumerate(records)
    ]


def read(texts: list[Document], index: MemoryIndex, first: int = 0) -> list[Decision]:
    decisions = []
    for number, document in enumerate(texts, first):
        decision = decide(document, index)
        story = number if decision.story is None else decision.story
        index.add(story, document, fingerprint(document))
        decisions.append(replace(decision, story=story))
    return decisions


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_same_documents_get_the_same_decisions(seed):
    texts = documents(seed)
    assert read(texts, MemoryIndex()) == read(texts, MemoryIndex())


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(0, 40))
def test_an_index_that_is_rebuilt_half_way_gives_the_same_decisions(seed, restart):
    texts = documents(seed)
    whole = read(texts, MemoryIndex())
    rebuilt = MemoryIndex()
    for document, decision in zip(texts[:restart], whole[:restart], strict=True):
        rebuilt.add(decision.story, document, fingerprint(document))
    assert read(texts[restart:], rebuilt, restart) == whole[restart:]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(STORIES), st.text(max_size=60), SEEDS)
def test_a_text_is_a_copy_of_itself_whatever_the_headline(told, title, seed):
    index = MemoryIndex()
    read(documents(seed, 20), index)
    index.add(1000, Document("The Courier", told.title, told.text, NOW), ())
    first = Document("The Courier", told.title, told.text, NOW + timedelta(hours=1))
    index.add(1000, first, fingerprint(first))
    assert decide(replace(first, outlet="Evening Post", title=title), index).story == 1000


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_order_of_unrelated_documents_does_no_harm(seed):
    unrelated = [*STORIES, *(written.story for written in SCRIPTS.values())]
    Random(seed).shuffle(unrelated)
    reader = Reader()
    for number, told in enumerate(unrelated):
        text = told if isinstance(told, str) else told.text
        assert reader.read(text, f"Headline {number}", f"Outlet {number % 3}").story is None


@settings(max_examples=15, deadline=None)
@given(
    st.permutations([FERRY.text, "\n".join(FERRY.paragraphs[:4]), FERRY.paragraphs[0], MILL.text])
)
def test_copies_find_each_other_in_any_order(texts):
    reader, stories = Reader(), set()
    for text in texts:
        decision = reader.read(text, FERRY.title if text != MILL.text else MILL.title, "")
        if text != MILL.text:
            stories.add(decision.story)
    # The first of them has no story yet, the others have its.
    assert len(stories) == 2
    assert None in stories


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.text(), st.text(), st.sampled_from("AB")), max_size=5))
def test_no_text_is_too_odd(texts):
    reader = Reader()
    for text, title, outlet in texts:
        decision = reader.read(text, title, outlet)
        assert 0 <= decision.score <= 1


HOSTILE = {
    "nothing": "",
    "blanks": " \n\t \u3000 \n",
    "one word": "Sorry",
    "one word, often": "more " * 2000,
    "two words, often": "read more " * 2000,
    "one letter": "a" * 100_000,
    "one sign": "的" * 100_000,
    "one mark": "\u0301" * 100_000,
    "stops": "." * 100_000,
    "figures": "1.1.1.1." * 10_000,
    "zero width": "\u200b" * 100_000,
    "lone surrogates": "\ud800 \udfff " * 5000,
    "null bytes": "\0 " * 5000,
    "replacement characters": "\ufffd" * 5000,
    "a ligature that unfolds": "\ufdfa" * 100_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_story_comes_out_of_emptiness(kind):
    reader = Reader()
    for number in range(3):
        assert reader.read(HOSTILE[kind], f"Headline {number}", f"Outlet {number}").story is None


def test_texts_of_five_megabytes_are_matched_by_their_beginning():
    reader = Reader()
    long = FERRY.text + "\n" + "And so on, for ever and ever, amen to all that. " * 100_000
    assert len(long) > 4_500_000
    reader.read(long, FERRY.title, "The Courier")
    assert reader.read(long, "Another", "Evening Post").story == 1


@pytest.mark.parametrize("blank", ["", " "], ids=["without spaces", "with spaces"])
def test_texts_that_differ_everywhere_are_refused(blank):
    signs = [chr(0x4E00 + n) for n in range(9000)]
    reader = Reader()
    for outlet in range(3):
        # Ten signs of all texts, then two of its own, and so on.
        own = iter(signs[3000 + outlet * 2000 :])
        words = [next(own) if n % 12 >= 10 else signs[n] for n in range(3000)]
        text = blank.join(words) if not blank else blank.join(f"w{ord(w):x}" for w in words)
        assert reader.read(text, f"Headline {outlet}", f"Outlet {outlet}").story is None


def test_the_same_body_ten_thousand_times_is_one_story():
    reader = Reader()
    stories = {reader.read(MILL.text, MILL.title, "Spam").story for _ in range(10_000)}
    assert stories == {None, 1}
    assert len(reader.index.members(1)) <= 4


def test_one_body_under_ten_thousand_headlines_takes_no_longer_for_the_last():
    reader = Reader()
    for number in range(10_000):
        reader.read(SCHOOL.paragraphs[0], f"Buy number {number} now", "Spam")
    hashes = fingerprint(Document("", "", SCHOOL.paragraphs[0], NOW))
    assert max(map(len, reader.index.postings(hashes).values())) <= 8


def test_scripts_may_be_mixed():
    text = "\n".join((FERRY.paragraphs[0], SCRIPTS["Chinese"].story, SCRIPTS["Arabic"].story))
    reader = Reader()
    reader.read(text, "Mixed", "The Courier")
    assert reader.read(text, "Mixed too", "Evening Post").story == 1
    assert reader.read(SCRIPTS["Thai"].story, "Other", "Evening Post").story is None
