"""Matching as the window fills: what a decision costs, and what a document takes, up to a million.

Texts of 2 kB with nothing in common fill the index; then a thousand more come, one in ten a copy
of one that is there, and what they cost is measured. In the stored index each twenty are a
transaction, as they are when a feed is polled.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median
from typing import TypeVar

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlmodel import Session

from aggregator.match import MemoryIndex, decide, fingerprint
from aggregator.match.index import Index
from aggregator.model import Document
from aggregator.store import connect, migrate
from aggregator.store.database import writing
from aggregator.store.index import StoredIndex, hour_of
from aggregator.store.types import Compressed
from benchmarks.plot import Line, chart
from benchmarks.results import Options, Plot, Result, Table
from benchmarks.tongues import tongues

T, U = TypeVar("T"), TypeVar("U")

_START = datetime(2026, 3, 1, tzinfo=UTC)
_WINDOW = timedelta(days=7)
_WORDS = 300  # in a text of 2 kB
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_MOST, _QUICK = 100_000, 1_000
_IN_MEMORY = 100_000  # `most` of the index in memory
_TIMED, _COPIES = 1_000, 10  # so many documents are timed; one in so many of them is a copy
_TRANSACTION = 20
_FILL = 50_000  # documents written at once while the index is filled
_SAMPLE = 97  # one in so many texts is kept, to be copied


@dataclass(frozen=True)
class Step:
    """What was measured with so many documents in the window."""

    documents: int
    microseconds: float  # of CPU for a document
    bytes: float  # for a document, on disk or in memory
    merged: int  # false copies, of so many unrelated ones
    found: float  # share of the copies


def run(options: Options) -> Result:
    """Measure, and tell."""
    most = _QUICK if options.quick else options.documents or _MOST
    sizes = [size for size in _SIZES if size <= most]
    small = [size for size in sizes if size <= _IN_MEMORY]
    # Memory is measured in processes that have done nothing else.
    memory, full = _alone(in_memory, small), _alone(memory_when_full, small[-1])
    return told(on_disk(sizes), memory, full, small[-1])


def _alone(measure: Callable[[T], U], what: T) -> U:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, what).result()


def told(stored: Sequence[Step], memory: Sequence[Step], full: Sequence[int], most: int) -> Result:
    """What was measured, as a section; `full`: the bytes of an index that is full, and later."""
    lines = [
        Line("stored (SQLite)", [(s.documents, s.microseconds) for s in stored]),
        Line("in memory", [(s.documents, s.microseconds) for s in memory]),
    ]
    plot = chart(lines, title="Time for a document", x="documents in the window", y="µs of CPU")
    last, ten = stored[-1], stored[min(1, len(stored) - 1)]
    return Result(
        title="Matching: what it costs as the window fills",
        measured=[
            f"Texts of {_WORDS} made-up words (2 kB) that have nothing in common fill the index. "
            f"Then {_TIMED:,} more come, one in {_COPIES} of them a copy of one that is there, cut "
            "and under another headline: fingerprint, decision, and posting are timed, from clean "
            f"text on. The stored index is filled {_FILL:,} at a time and timed in transactions of "
            f"{_TRANSACTION} that are committed; its bytes are those of the postings on disk.",
        ],
        tables=[
            Table(
                (
                    *("documents", "index", "CPU for a document, µs", "bytes for a document"),
                    *("copies found", "false ones"),
                ),
                tuple(_row("SQLite", s) for s in stored) + tuple(_row("memory", s) for s in memory),
            )
        ],
        reading=[
            f"With {last.documents:,} documents in the window a document costs "
            f"{last.microseconds / ten.microseconds:.2f} times what it costs with "
            f"{ten.documents:,}; most of it is the writing of pages, one for nearly every posting "
            "once the index is large. The index in memory, which `aggregator cluster` uses, "
            f"forgets the oldest beyond a number of documents: with {most:,} as "
            f"the most it may hold it took {full[0] / 1e6:,.0f} MB when it was full, and "
            f"{full[1] / 1e6:,.0f} MB after as many more.",
        ],
        plots=[Plot("matching-growth", "Time for a document, by documents in the window", plot)],
        versions=("rapidfuzz",),
    )


def on_disk(sizes: Sequence[int]) -> list[Step]:
    """Fill a database to each of these sizes in turn, and measure there."""
    steps = []
    with tempfile.TemporaryDirectory(prefix="aggregator-growth-") as folder:
        file = Path(folder) / "index.db"
        engine = connect(f"sqlite:///{file}")
        migrate(engine)
        empty = _bytes(file)
        texts, sample, number = _texts(1), _Sample(), 0
        for size in sizes:
            while number < size:
                batch = list(islice(texts, min(_FILL, size - number)))
                with sqlite3.connect(file) as connection:
                    _fill(connection, batch, number + 1, sample)
                connection.close()
                number += len(batch)
            taken = (_bytes(file) - empty) / number
            fresh, story = sample.mixed(texts), number
            seconds, right, wrong = [], 0, 0
            for _ in range(_TIMED // _TRANSACTION):
                some = list(islice(fresh, _TRANSACTION))
                start = time.process_time()
                with Session(writing(engine)) as session, session.begin():
                    index = StoredIndex(session, _START - _WINDOW)
                    index.prime([h for document, _ in some for h in fingerprint(document)])
                    good, bad, story = _read(some, index, story)
                    index.flush()
                seconds.append(time.process_time() - start)
                right, wrong = right + good, wrong + bad
            number = story
            steps.append(_step(size, seconds, taken, (right, wrong)))
        engine.dispose()
    return steps


def in_memory(sizes: Sequence[int]) -> list[Step]:
    """The same with the index in memory."""
    steps = []
    index, texts, sample, number = MemoryIndex(_WINDOW, _IN_MEMORY), _texts(2), _Sample(), 0
    before = _resident()
    for size in sizes:
        for document in islice(texts, size - number):
            number += 1
            index.add(number, document, fingerprint(document))
            sample.offer(number, document)
        taken = (_resident() - before) / number
        fresh = sample.mixed(texts)
        seconds, right, wrong = [], 0, 0
        for _ in range(_TIMED // _TRANSACTION):
            some = list(islice(fresh, _TRANSACTION))
            start = time.process_time()
            good, bad, number = _read(some, index, number)
            seconds.append(time.process_time() - start)
            right, wrong = right + good, wrong + bad
        steps.append(_step(size, seconds, taken, (right, wrong)))
    return steps


def memory_when_full(most: int) -> list[int]:
    """The bytes that an index takes when it is full, and after it took in as many again."""
    index, texts = MemoryIndex(_WINDOW, most), _texts(3)
    before, taken = _resident(), []
    for first in (0, most):
        for number, document in enumerate(islice(texts, most), first):
            index.add(number, document, fingerprint(document))
        taken.append(_resident() - before)
    return taken


def _read(
    some: Sequence[tuple[Document, int | None]], index: Index, story: int
) -> tuple[int, int, int]:
    """Decide and post; copies that were found, false ones, and the last story's number."""
    right = wrong = 0
    for document, truth in some:
        hashes = fingerprint(document)
        decision = decide(document, index, hashes)
        right += truth is not None and decision.story == truth
        wrong += decision.story is not None and decision.story != truth
        if decision.story is None:
            story += 1
        index.add(decision.story or story, document, hashes)
    return right, wrong, story


def _step(size: int, seconds: Sequence[float], taken: float, told: tuple[int, int]) -> Step:
    right, wrong = told
    copies = _TIMED // _COPIES
    return Step(size, median(seconds) / _TRANSACTION * 1e6, taken, wrong, right / copies)


def _texts(seed: int) -> Iterator[Document]:
    """Documents without end that have nothing in common but a vocabulary."""
    dice, tongue = Random(seed), tongues()["en"]
    words = [*tongue.nouns, *tongue.verbs, *tongue.adjectives, *tongue.links, *tongue.names]
    while True:
        chosen = dice.choices(words, k=_WORDS)
        lines = (" ".join(chosen[i : i + 20]).capitalize() for i in range(0, _WORDS, 20))
        title = " ".join(dice.choices(words, k=6)).capitalize()
        yield Document(f"Paper {dice.randrange(50)}", title, ".\n".join(lines) + ".", _START)


class _Sample:
    """Some of the texts, to be copied later."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, Document]] = []
        self._dice = Random(4)

    def offer(self, story: int, document: Document) -> bool:
        """Keep one now and then; whether it was kept."""
        if story % _SAMPLE:
            return False
        self._kept.append((story, document))
        return True

    def mixed(self, texts: Iterator[Document]) -> Iterator[tuple[Document, int | None]]:
        """New texts, and now and then a copy of one of the kept, with its story."""
        for number, document in enumerate(texts):
            if number % _COPIES:
                yield document, None
                continue
            story, told = self._dice.choice(self._kept)
            lines = told.text.split("\n")
            cut = "\n".join(lines[: self._dice.randint(5, len(lines))])
            yield Document("Evening Post", document.title, cut, _START), story


def _fill(
    connection: sqlite3.Connection, batch: Sequence[Document], first: int, sample: _Sample
) -> None:
    """Post many documents at once; of those that will be copied the text is stored, too."""
    hour, rows = hour_of(_START), []
    connection.execute("PRAGMA cache_size=-262144")
    connection.execute("PRAGMA synchronous=OFF")
    for story, document in enumerate(batch, first):
        rows += [(hash_, story, hour) for hash_ in fingerprint(document)]
        if sample.offer(story, document):
            _store(connection, story, document)
    rows.sort()
    connection.executemany("INSERT INTO posting (hash, story_id, seen_hour) VALUES (?, ?, ?)", rows)


def _store(connection: sqlite3.Connection, story: int, document: Document) -> None:
    """An entry with its text, a copy of its story: what the index reads of a story."""
    now = document.seen.replace(tzinfo=None).isoformat(" ")
    for name, values in {
        "entry": {
            **dict.fromkeys(_EMPTY, ""),
            "id": story,
            "feed_id": 1,
            "outlet": document.outlet,
            "title": document.title,
            "length": len(document.text),
            "page_tries": 0,
            "enclosures": "[]",
            "first_seen": now,
        },
        "body": {"entry_id": story, "html": b"", "page_html": b"", "text": _packed(document.text)},
        "story": {
            **dict.fromkeys(("title", "url", "conflict", "language", "digest"), ""),
            "id": story,
            "public_id": str(story),
            "chain": "[]",
            "first_seen": now,
            "updated": now,
        },
        "copy": {
            "entry_id": story,
            "story_id": story,
            "similarity": 1,
            "threshold": 0,
            **dict.fromkeys(("edits", "passages", "near_misses"), "[]"),
            "reason": "",
        },
    }.items():
        signs = ", ".join("?" * len(values))
        names = ", ".join(values)
        connection.execute(f"INSERT INTO {name} ({names}) VALUES ({signs})", [*values.values()])


_EMPTY = (
    *("key_guid", "key_link", "key_text", "key_title", "digest", "guid", "url"),
    *("author", "domain", "language", "page_state"),
)


def _packed(words: str) -> bytes:
    packed = Compressed().process_bind_param(words, sqlite_dialect())
    assert packed is not None
    return packed


def _bytes(file: Path) -> int:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (pages,), (size,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
        )
    connection.close()
    return int(pages) * int(size)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _row(index: str, step: Step) -> tuple[str, ...]:
    return (
        f"{step.documents:,}",
        index,
        f"{step.microseconds:,.0f}",
        f"{step.bytes:,.0f}",
        f"{step.found:.1%}",
        f"{step.merged}",
    )
