"""Many machines: workers that share PostgreSQL, how fast, how polite, and what a death costs.

    python -m benchmarks --only workers

Every host's visits are checked in the origin's log, and the stories against what the origin knows.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg

from aggregator.store.database import _WRITER_LOCK
from benchmarks.hosts import Hosts, Land, hosts, too_soon
from benchmarks.machines import DELAY, Machines, machines
from benchmarks.postgres import Cluster, cluster
from benchmarks.results import Options, Result, Table

WORKERS = (1, 2, 4)
_LAND, _QUICK = Land(feeds=2000, hosts=200), Land(feeds=30, hosts=10)
_LATENCY = 0.02  # seconds
_AT_ONCE = 64  # jobs of a worker
_SETTINGS = {
    "poll": {"interval": "1h", "per_host_delay": f"{DELAY}s", "concurrency": _AT_ONCE},
    "http": {"timeout": "20s", "allow_networks": ["127.0.0.0/8"]},
}
_WRITES = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
_PATIENCE = 1800  # seconds until a measurement is given up


class DisagreementError(Exception):
    """Workers did something that they must not; their numbers would mean nothing."""


@dataclass(frozen=True)
class Pass:
    """All feeds polled once by so many workers; CPU in seconds, over the pass."""

    workers: int
    feeds: int
    seconds: float
    cpu_workers: float
    cpu_database: float
    cpu_origin: float
    cpu_others: float  # of all else on the machine
    writing: float  # the share of the time in which somebody had the one writer's place
    shares: tuple[int, ...]  # polls of each worker
    visits: int

    @property
    def rate(self) -> float:
        """Feeds a second."""
        return self.feeds / self.seconds


@dataclass(frozen=True)
class Death:
    """What came of a worker's death; seconds since then."""

    jobs: int  # that it had in hand
    rescued: float  # until the last of them was taken from it
    done: float  # until every feed was polled


def run(options: Options) -> Result:
    """Measure, and tell."""
    land = _QUICK if options.quick else _LAND
    if options.feeds:
        land = replace(land, feeds=options.feeds, hosts=max(options.feeds // 10, 1))
    counts = WORKERS[:2] if options.quick else WORKERS
    first: list[Pass] = []
    again: list[Pass] = []
    with hosts(land, latency=_LATENCY) as origin, cluster(durable=True) as server:
        for count in counts:
            with _fresh(server, origin) as many:
                first.append(_pass(many, server, count, begin=True))
                again.append(_pass(many, server, count, begin=False))
                _say(f"{count} workers: {first[-1].rate:.0f} and {again[-1].rate:.0f} feeds/s")
        death: Death | None = None
        if not options.quick:  # which waits for a while; the tests try it
            with _fresh(server, origin) as many:
                death = _death(many, counts[-1])
    return Result(
        title="Many machines: workers on PostgreSQL",
        measured=_measured(land, counts),
        tables=[_table(first, again)],
        reading=_reading(first, again, death, counts[-1]),
        versions=("aggregator", "procrastinate", "psycopg", "sqlalchemy"),
    )


# ------------------------------------------------------------------------------ measuring


@contextmanager
def _fresh(server: Cluster, origin: Hosts) -> Iterator[Machines]:
    """An empty database, and no worker on it yet."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS measured WITH (FORCE)")
        connection.execute("CREATE DATABASE measured")
    url = f"{server.url.rpartition('/')[0]}/measured"
    with (
        tempfile.TemporaryDirectory(prefix="aggregator-bench-") as folder,
        machines(Path(folder), url, origin, **_SETTINGS) as many,
    ):
        many.patience = _PATIENCE
        yield many


def _pass(many: Machines, server: Cluster, workers: int, *, begin: bool) -> Pass:
    """Poll all feeds, with workers that are all there before the first feed is due."""
    if begin:
        many.put_off()
        many.start(workers)
        for number in range(workers):
            many.until_ready(number)
        time.sleep(3)  # what they do at their start is over
    polls = [many.log(number).count('"polled"') for number in range(workers)]
    visited = len(many.origin.visits())
    trees = ([process.pid for process in many.processes], [server.pid], [many.origin.pid])
    before, busy = [sum(map(_cpu, pids)) for pids in trees], _cpu_of_all()
    moment = many.make_due()
    looks: list[bool] = []

    def done() -> bool:
        looks.append(_somebody_writes(many))
        return many.polled_since(moment) >= many.origin.land.feeds

    many.until(done, "all are polled")
    spent = [sum(map(_cpu, pids)) - was for pids, was in zip(trees, before, strict=True)]
    others = max(_cpu_of_all() - busy - sum(spent), 0.0)
    _check(many, many.origin.visits()[visited:])
    return Pass(
        workers,
        many.origin.land.feeds,
        (many.last_polled() - moment).total_seconds(),
        *spent,
        cpu_others=others,
        writing=sum(looks) / len(looks),
        shares=tuple(many.log(number).count('"polled"') - was for number, was in enumerate(polls)),
        visits=len(many.origin.visits()) - visited,
    )


def _somebody_writes(many: Machines) -> bool:
    with psycopg.connect(many.database) as connection:
        found = connection.execute(_WRITES, (_WRITER_LOCK,)).fetchone()
        return found is not None and bool(found[0])


def _death(many: Machines, workers: int) -> Death:
    """Kill one of the workers in the middle of the first poll."""
    visited = len(many.origin.visits())
    many.put_off()
    many.start(workers)
    for number in range(workers):
        many.until_ready(number)
    many.make_due()
    many.until_polled(many.origin.land.feeds // 5)
    killed = time.time()
    many.kill(0)
    many.until_polled()
    done = time.time() - killed
    _check(many, many.origin.visits()[visited:])
    rescued = {
        event["job"]: datetime.fromisoformat(event["timestamp"]).timestamp() - killed
        for number in range(1, workers)
        for event in many.events(number)
        if event["event"] == "job_rescued"
    }
    if not rescued:
        raise DisagreementError("The worker that was killed had nothing in hand.")
    return Death(len(rescued), max(rescued.values()), done)


def _check(many: Machines, visits: Sequence[object]) -> None:
    many.has_all_stories()
    rude = too_soon(visits, DELAY)  # type: ignore[arg-type]
    if rude:
        raise DisagreementError(f"{len(rude)} visits came too soon, the first: {rude[0]}")


def _cpu_of_all() -> float:
    """CPU seconds that the machine was busy."""
    fields = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()
    user, nice, system, _idle, _waiting, *interrupts = map(int, fields[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _cpu(pid: int) -> float:
    """CPU seconds of a process, of those that it has started, and of those that have ended."""
    parents: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        number = int(file.parent.name)
        parents.setdefault(int(fields[1]), []).append(number)
        spent[number] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    total, todo = 0.0, [pid]
    while todo:
        one = todo.pop()
        total += spent.get(one, 0.0)
        todo += parents.get(one, [])
    return total


# ------------------------------------------------------------------------------- telling it


def _measured(land: Land, counts: Sequence[int]) -> list[str]:
    return [
        f"{land.feeds:,} feeds on {land.hosts} hosts, {land.entries} entries each, every story "
        f"carried by three outlets under headlines of their own, one outlet in fifteen with "
        f"teasers whose pages stand at another host; {_LATENCY * 1000:.0f} ms until an answer, "
        f"{DELAY * 1000:.0f} ms between two requests to a host. `aggregator worker`, "
        f"{', '.join(map(str, counts))} of them, {_AT_ONCE} jobs each at once, one PostgreSQL with "
        "its usual settings (every commit on disk), and the origin, all on this one machine. "
        "*First poll*: an empty database. *Again*: all feeds once more, answered by 304.",
        "A pass counts only if every story has exactly its copies, and if in the origin's log no "
        "host was visited twice at once or sooner than the delay after the visit before.",
    ]


def _table(first: Sequence[Pass], again: Sequence[Pass]) -> Table:
    columns = ("", "feeds/s", "pass, s", "CPU: workers, s", "database, s", "origin, s")
    return Table(
        (*columns, "anybody else, s", "writing", "polls of each worker"),
        tuple(
            (
                f"{one.workers} worker{'s' * (one.workers > 1)}, {name}",
                f"**{one.rate:.0f}**",
                f"{one.seconds:.1f}",
                f"{one.cpu_workers:.1f}",
                f"{one.cpu_database:.1f}",
                f"{one.cpu_origin:.1f}",
                f"{one.cpu_others:.1f}",
                f"{one.writing * 100:.0f} %",
                ", ".join(map(str, one.shares)),
            )
            for name, passes in (("first poll", first), ("again", again))
            for one in passes
        ),
    )


def _reading(
    first: Sequence[Pass], again: Sequence[Pass], death: Death | None, workers: int
) -> list[str]:
    one, most = first[0], first[-1]
    work = (one.cpu_workers + one.cpu_database) / one.feeds * 1000
    ones = again[0]
    light = (ones.cpu_workers + ones.cpu_database) / ones.feeds * 1000
    told = [
        f"What limits it here is this machine's {os.cpu_count()} cores, which workers, database "
        f"and origin share: a first poll costs {work:.0f} ms of CPU a feed (workers and database), "
        f"one that is answered by 304 {light:.0f} ms. With {most.workers} workers the first poll "
        f"had {(most.cpu_workers + most.cpu_database + most.cpu_origin) / most.seconds:.1f} cores "
        f"for itself; {most.cpu_others / most.seconds:.1f} went to others on the machine. "
        "On machines of their own, fetching, parsing and reading divide among the workers; "
        "matching and writing do not, as one writer at a time holds the database's lock. "
        "*Writing* is the share of looks in which somebody held it: at 100 % no further worker "
        "makes a first poll faster.",
    ]
    if death is not None:
        told.append(
            f"Killed with SIGKILL in the first poll, one worker of {workers} left {death.jobs} "
            f"jobs; the last was taken from it {death.rescued:.0f} s later, and after "
            f"{death.done:.0f} s every feed was polled, every story had exactly its copies, and "
            "no host was visited too soon."
        )
    return told


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
