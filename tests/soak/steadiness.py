"""Hours of polls by a fast clock: what grows, and how late polls are."""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import linear_regression, median, quantiles
from typing import IO

from origin import host_of

from aggregator.config import Config
from aggregator.daemon import Daemon
from aggregator.logs import set_up

_HOSTS_FOR = 5  # feeds to a host
_PAGE = os.sysconf("SC_PAGE_SIZE")
_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_WARM = 0.5  # of the time; caches fill until then
# What a slope may be, for an hour of the fast clock, before it counts as growth.
_MOST = {"memory, MB": 6.0, "workers, MB": 6.0, "handles": 2.0, "tasks": 2.0, "threads": 2.0}
_LATEST = 60.0  # seconds, for 99 of 100 polls


class FastClock:
    """A clock as fast as any other at first, and `factor` times as fast from a moment on."""

    def __init__(self) -> None:
        self._factor, self._since, self._before = 1.0, time.monotonic(), 0.0

    def __call__(self) -> float:
        """Seconds since its start, by itself."""
        return self.at(time.monotonic())

    def at(self, moment: float) -> float:
        """The same at a moment of the machine's clock."""
        factor = self._factor if moment >= self._since else 1.0
        return self._before + (moment - self._since) * factor

    def run(self, factor: float) -> None:
        """Be so many times as fast from now on. Once only."""
        now = time.monotonic()
        self._before, self._since, self._factor = self.at(now), now, factor

    async def sleep(self, seconds: float) -> None:
        """Wait for seconds of this clock."""
        await asyncio.sleep(seconds / self._factor)


@dataclass
class Steadiness:
    """What was measured: samples by what they are of, and lateness in seconds of the clock."""

    hours: float
    samples: dict[str, list[tuple[float, float]]]  # hour and value
    first: list[float]  # lateness of feeds' first polls, which are all due at once
    lateness: list[float]  # of all others
    feeds: int
    entries: int
    database: int  # bytes

    def slope(self, name: str) -> float:
        """By how much it grows in an hour, once it is warm."""
        warm = [(x, y) for x, y in self.samples[name] if x >= _WARM * self.hours]
        return linear_regression([x for x, _ in warm], [y for _, y in warm]).slope

    def rows(self) -> dict[str, object]:
        """For people."""
        late = quantiles(self.lateness, n=100)
        rows: dict[str, object] = {
            "polls": len(self.first) + len(self.lateness),
            "feeds polled": f"{len(self.first):,} of {self.feeds:,}",
            "all polled once after, s": f"{max(self.first):.0f}",
            "entries": self.entries,
            "database, MB": f"{self.database / 1e6:.1f}",
            "lateness, s: median": f"{median(self.lateness):.2f}",
            "lateness, s: 99th": f"{late[98]:.2f}",
            "lateness, s: worst": f"{max(self.lateness):.2f}",
        }
        for name, samples in self.samples.items():
            middle = next(y for x, y in samples if x >= _WARM * self.hours)
            told = f"{middle:,.1f} → {samples[-1][1]:,.1f}, {self.slope(name):+.2f} an hour"
            rows[f"{name}, second half"] = told
        return rows

    def violations(self) -> list[str]:
        """What must not be."""
        found = [
            f"{name} grows by {self.slope(name):.2f} an hour"
            for name, most in _MOST.items()
            if self.slope(name) > most
        ]
        if len(self.first) < self.feeds:
            found.append(f"{self.feeds - len(self.first)} feeds were never polled")
        if quantiles(self.lateness, n=100)[98] > _LATEST:
            found.append("a poll in a hundred is late")
        return found


def measured(feeds: int, hours: float, factor: float) -> Steadiness:
    """Poll so many feeds for so long by a clock that is `factor` times as fast."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    set_up(level=40)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(feeds, hours, factor, Path(folder)))


async def _measured(feeds: int, hours: float, factor: float, folder: Path) -> Steadiness:
    hosts = max(feeds // _HOSTS_FOR, 1)
    samples: dict[str, list[tuple[float, float]]] = defaultdict(list)
    due: dict[int, list[float]] = defaultdict(list)  # by feed: the moments that were promised
    with _origin(feeds, hosts, factor) as (port, ended):
        steady = FastClock()

        def clock() -> datetime:
            return _START + timedelta(seconds=steady())

        def at(n: int) -> str:
            return f"http://{host_of(n, hosts)}:{port}/{n}"

        config = Config.model_validate(
            {
                "feeds": [{"url": at(n), "full_text": "never"} for n in range(feeds)],
                "http": {"allow_networks": ["127.0.0.0/8"]},
                "database": f"sqlite:///{folder / 'soak.db'}",
            }
        )
        opened = Daemon.opened(config, clock=clock, steady=steady, sleep=steady.sleep)
        async with opened as daemon:
            await daemon.prepare()
            begin = daemon.begun

            def begun(feed, lateness):
                number = int(feed.spec.url.rpartition("/")[2])
                due[number].append(steady() - lateness)
                begin(feed, lateness)

            daemon.begun = begun
            await daemon.tick()
            while daemon.waiting:  # the first polls of all, which are due at once
                await asyncio.sleep(1)
                await daemon.tick()
            begin_at = sampled = steady()
            steady.run(factor)
            while (passed := steady() - begin_at) < hours * 3600:
                await daemon.tick()
                if steady() - sampled >= 60:
                    sampled = steady()
                    for name, value in _sample().items():
                        samples[name].append((passed / 3600, value))
                await steady.sleep(1)
            while daemon.in_hand:  # noqa: ASYNC110  (there is nothing to wait for)
                await asyncio.sleep(0.05)
            entries = daemon.store.counts()["entries"]
        asked = ended()
    first: list[float] = []
    lateness: list[float] = []
    for number, moments in asked.items():
        pairs = zip(due[number], moments, strict=False)
        late = [max(steady.at(moment) - then, 0.0) for then, moment in pairs]
        first += late[:1]
        lateness += late[1:]
    size = await asyncio.to_thread(_size, folder)
    return Steadiness(hours, samples, first, lateness, feeds, entries, size)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("soak.db*"))


def _sample() -> dict[str, float]:
    children = [
        int(child)
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    children += [
        int(grandchild)
        for child in children
        for grandchild in _text(Path(f"/proc/{child}/task/{child}/children")).split()
    ]
    return {
        "memory, MB": _resident(os.getpid()),
        "workers, MB": sum(_resident(child) for child in children if not _is_origin(child)),
        "handles": len(list(Path("/proc/self/fd").iterdir())),
        "tasks": len(asyncio.all_tasks()),
        "threads": len(list(Path("/proc/self/task").iterdir())),
    }


def _resident(process: int) -> float:
    told = _text(Path(f"/proc/{process}/statm")).split()
    return int(told[1]) * _PAGE / 1e6 if told else 0.0


def _is_origin(process: int) -> bool:
    return "origin.py" in _text(Path(f"/proc/{process}/cmdline"))


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return ""


@contextmanager
def _origin(feeds: int, hosts: int, factor: float) -> Iterator[tuple[int, object]]:
    arguments = [str(number) for number in (feeds, hosts, factor)]
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "origin.py"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        out: IO[str] | None = process.stdout
        assert out is not None

        def ended() -> dict[int, list[float]]:
            asked: dict[int, list[float]] = defaultdict(list)
            for line in process.communicate()[0].splitlines():
                feed, moment = line.split()
                asked[int(feed)].append(float(moment))
            return asked

        try:
            yield int(out.readline()), ended
        finally:
            process.kill()
