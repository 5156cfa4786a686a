"""The index in the database gives the answers of the one in memory, and so the same decisions."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match import MemoryIndex, decide, fingerprint
from aggregator.model import Decision, Document, EntryKeys, FeedSpec, Outlet, ParsedEntry, Reading
from aggregator.store import Store
from benchmarks.republish import Newsroom
from tests.match.texts import FERRY, LOCAL, NOTICE

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(days=7)
URL = "https://a.example/feed"


def documents(seed: int, number: int, step: timedelta) -> list[Document]:
    records = Newsroom(seed, 1.0, ("en", "ja", "ar")).corpus(number)
    return [
        Document(
            str(record["outlet"]),
            str(record["title"]),
            str(record["html"]).replace("<", "\n<").replace(">", ">\n"),
            START + n * step,
        )
        for n, record in enumerate(records)
    ]


def reading(number: int, document: Document) -> Reading:
    return Reading(
        entry=ParsedEntry(guid=str(number), url=f"{URL}/{number}", title=document.title),
        keys=EntryKeys(guid=str(number)),
        digest=str(number),
        known_id=None,
        carrier=Outlet(document.outlet),
        document=document,
        hashes=tuple(fingerprint(document)),
        credits=(),
    )


class Stored:
    """The store as the pipeline uses it, some documents to a transaction."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.store = Store(url)
        self.store.list_feeds([FeedSpec(URL)], START)
        self._feed = self.store.listed()[0].id
        self._numbers: dict[int, int] = {}  # of stories: as the database counts them, and as we do

    def read(self, texts: Sequence[Document], first: int) -> list[tuple[int, Decision]]:
        found = []
        with self.store.writing(texts[-1].seen - WINDOW) as transaction:
            for number, document in enumerate(texts, first):
                read = reading(number, document)
                (entry,) = transaction.save(self._feed, [read], document.seen)
                decision = decide(document, transaction.index)
                story = decision.story
                if story is None:
                    story = transaction.new_story(document.seen)
                    self._numbers[story] = number
                transaction.place(entry, story, decision)
                transaction.index.add(story, document, read.hashes)
                found.append((self._numbers[story], decision))
        return found

    def restart(self) -> None:
        self.store.close()
        self.store = Store(self._url)


class InMemory:
    """The same without a database."""

    def __init__(self) -> None:
        self.index = MemoryIndex(WINDOW)

    def read(self, texts: Sequence[Document], first: int) -> list[tuple[int, Decision]]:
        found = []
        self.index.advance(texts[-1].seen)
        for number, document in enumerate(texts, first):
            decision = decide(document, self.index)
            story = number if decision.story is None else decision.story
            self.index.add(story, document, fingerprint(document))
            found.append((story, decision))
        return found


def told(found: list[tuple[int, Decision]]) -> list[tuple[object, ...]]:
    """What must agree: all but the numbers of stories, which are the database's own."""
    return [
        (
            story,
            d.score,
            d.threshold,
            d.reason,
            d.passages,
            d.edits,
            [m.reason for m in d.near_misses],
        )
        for story, d in found
    ]


def agree(url: str, texts: list[Document], parts: int, seed: int, *, restarts: bool) -> None:
    stored, memory, dice = Stored(url), InMemory(), Random(seed)
    rest, first = iter(texts), 0
    while part := list(islice(rest, dice.randint(1, parts))):
        assert told(stored.read(part, first)) == told(memory.read(part, first))
        first += len(part)
        if restarts and dice.random() < 0.3:
            stored.restart()
    stored.store.close()


def test_a_stream_gets_the_same_decisions_from_both(database_url):
    agree(database_url, documents(1, 250, timedelta(minutes=5)), 20, 1, restarts=False)


def test_restarts_change_no_decision(database_url):
    agree(database_url, documents(2, 150, timedelta(minutes=5)), 10, 2, restarts=True)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_any_stream_gets_the_same_decisions_from_both(tmp_path_factory, seed):
    url = f"sqlite:///{tmp_path_factory.mktemp('agrees') / 'aggregator.db'}"
    agree(url, documents(seed, 60, timedelta(minutes=5)), 10, seed, restarts=True)


def test_both_forget_what_falls_out_of_the_window(tmp_path):
    # One document to a transaction, so that both see the window move with each.
    texts = documents(3, 150, timedelta(hours=3))
    agree(f"sqlite:///{tmp_path / 'aggregator.db'}", texts, 1, 3, restarts=False)


def test_both_take_a_copy_whose_shingles_the_window_has_forgotten_and_its_story_has_not(tmp_path):
    day = timedelta(days=1)
    local = "\n".join((*LOCAL, *NOTICE))
    told = (FERRY.text, 0), (f"{FERRY.text}\n{local}", 6), (f"{FERRY.text}\n{local}", 8)
    texts = [Document(f"Paper {n}", FERRY.title, text, START + n * day) for text, n in told]
    agree(f"sqlite:///{tmp_path / 'aggregator.db'}", texts, 1, 1, restarts=False)
