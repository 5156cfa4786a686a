"""What it costs to find out which feeds are due, and in which order they are begun.

    python -m benchmarks --only tick

Polls themselves are left out: what is measured is the CPU time that the daemon spends on a tick
besides, with 5 % of the feeds due.
"""

import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from aggregator.agenda import Agenda
from aggregator.model import FeedSpec, PollRecord
from aggregator.store import Store
from benchmarks.results import Options, Result, Table

_FEEDS, _QUICK = (1_000, 10_000, 100_000), (1_000,)
_SHARE = 20  # one of so many is due
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ROUNDS = 5
_AT_ONCE = 128


@dataclass(frozen=True)
class Cost:
    """CPU time of one tick, in milliseconds, and the part of it that reads the database."""

    feeds: int
    due: int
    total: float
    database: float


def run(options: Options) -> Result:
    """Measure, and tell."""
    costs = [measured(feeds) for feeds in (_QUICK if options.quick else _FEEDS)]
    rows = tuple(
        (f"{cost.feeds:,}", f"{cost.due:,}", f"{cost.database:.1f}", f"{cost.total:.1f}")
        for cost in costs
    )
    return Result(
        title="The tick: which feeds are due",
        measured=[
            "Feeds in SQLite, one of twenty due, each at a host of its own. CPU time, in "
            f"milliseconds, of finding those that are due and of choosing {_AT_ONCE} at a time, "
            "until all were chosen; the polls themselves are left out.",
        ],
        tables=[Table(("feeds", "due", "of it database, ms", "whole tick, ms"), rows)],
        reading=["The aim is 50 ms for 100,000 feeds."],
        versions=("sqlalchemy",),
    )


def measured(feeds: int) -> Cost:
    """What a tick over so many feeds costs: the median of some."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/tick.db")
        try:
            specs = [FeedSpec(f"https://feeds.site{n}.example/rss.xml") for n in range(feeds)]
            store.list_feeds(specs, _NOW)
            _put_off(store, feeds)
            rounds = [_tick(store) for _ in range(_ROUNDS)]
        finally:
            store.close()
    due = rounds[0][0]
    total = median(sum(spent) for _, *spent in rounds)
    return Cost(feeds, due, 1000 * total, 1000 * median(database for _, database, _ in rounds))


def _put_off(store: Store, feeds: int) -> None:
    later = _NOW + timedelta(hours=1)
    with store.writing(_NOW) as transaction:
        for number in range(1, feeds + 1):
            if number % _SHARE:
                transaction.record(PollRecord(number, _NOW, later, timedelta(hours=1)))


def _tick(store: Store) -> tuple[int, float, float]:
    """How many were due; seconds of CPU for the database and for the choice."""
    agenda = Agenda(_AT_ONCE)
    start = time.process_time()
    due = store.waiting(_NOW, 10_000, agenda.known)
    found = time.process_time()
    agenda.add(due)
    while len(agenda):
        for number in agenda.take(64):
            agenda.done(number)
    return len(due), found - start, time.process_time() - found
