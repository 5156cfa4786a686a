"""A day of many feeds, simulated: requests a second, pile-ups, how late polls are.

    python -m benchmarks.schedule_day [--feeds 1000000] [--plot FILE]

When a feed is polled next is decided by `aggregator.fetch.schedule` itself; only the feeds, their
hosts and the machines are made up. What a poll costs is what `docs/benchmarks.md` measured. The
day begins as any day does, with rhythms learned before; at noon all workers are down for an hour.
"""

import argparse
import math
import sys
import time
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from pathlib import Path
from random import Random

from aggregator.fetch import Bounds, after_failure, after_success, learn
from aggregator.model import Rhythm, Wishes
from benchmarks.plot import Line, chart

_DAY, _HOUR = 86_400, 3600
_START = datetime(2026, 3, 1, tzinfo=UTC)
_BOUNDS = Bounds(timedelta(minutes=30), timedelta(minutes=5), timedelta(hours=24))
_OUTAGE = (12 * _HOUR, 13 * _HOUR)
_PILE = 60.0  # seconds late, from which on a poll is not in time
_LATE = 360.0  # seconds late, from which on the daemon spreads the next poll
# Of machines with two cores, by docs/benchmarks.md: 285 polls a second where nearly all answer
# 304, 227 new entries a second.
_POLL, _ENTRY = 1 / 285, 1 / 227
_PAUSE = 1.3  # seconds for which a poll takes its host: poll.per_host_delay and the answer
_LOAD = 0.5  # of the machines, on average: what is left takes up piles
# A twentieth of the feeds is at a few hosts that carry many; the largest has one of two hundred.
_AT_LARGE_HOSTS, _LARGEST, _LARGE_HOSTS = 0.05, 0.005, 400
_WISHES = (
    (0.15, Wishes(ttl=timedelta(hours=1))),
    (0.10, Wishes(max_age=timedelta(minutes=15))),
    (0.05, Wishes(max_age=timedelta(hours=2))),
    (0.05, Wishes(every=timedelta(hours=1))),
    (0.02, Wishes(skip_hours=tuple(range(6)))),
)
_FAILING = 0.02


@dataclass
class Day:
    """What came of it. Lateness is in seconds, of feeds at hosts of their own and at large ones."""

    feeds: int
    machines: float
    # Requests in each second of the day.
    seconds: "array[int]" = field(default_factory=lambda: array("L", bytes(8 * _DAY)))
    late: "array[float]" = field(default_factory=lambda: array("f"))
    # Of those due in the hour that nobody worked, and in the next.
    late_outage: "array[float]" = field(default_factory=lambda: array("f"))
    late_large: "array[float]" = field(default_factory=lambda: array("f"))
    in_time_again: float = 0.0  # seconds after the outage

    def note(self, host: int, due: float, begin: float) -> None:
        """Note a poll of a host that was due, and began."""
        late = begin - due
        if begin < _DAY:
            self.seconds[int(begin)] += 1
        if host < _LARGE_HOSTS:
            self.late_large.append(late)
            return
        around = _OUTAGE[0] <= due < _OUTAGE[1] + _HOUR
        (self.late_outage if around else self.late).append(late)
        if late > _PILE and begin >= _OUTAGE[1]:
            self.in_time_again = max(self.in_time_again, begin - _OUTAGE[1])

    def rows(self) -> dict[str, str]:
        """For people."""
        usual = self.seconds[2 * _HOUR : _OUTAGE[0]]
        minutes = [sum(usual[n : n + 60]) / 60 for n in range(0, len(usual), 60)]
        mean, polls = sum(usual) / len(usual), sum(self.seconds)
        return {
            "feeds": f"{self.feeds:,}",
            "polls in the day, and of each feed": f"{polls:,}, {polls / self.feeds:.1f}",
            "requests a second: mean": f"{mean:,.1f}",
            "busiest second, busiest minute": f"{max(usual):,}, {max(minutes):,.1f}",
            "busiest minute ÷ mean": f"{max(minutes) / mean:.2f}",
            "machines of two cores, at half their load": f"{self.machines:.2f}",
            "lateness, s: median, 99th, worst": _spread(self.late),
            "the same around the outage": _spread(self.late_outage),
            "the same at large hosts": _spread(self.late_large),
            "all in time again after the outage, min": f"{self.in_time_again / 60:.0f}",
        }


def simulated(count: int, seed: int = 1) -> Day:
    """The day of so many feeds."""
    dice = Random(seed)
    feeds = _Feeds(count, dice)
    heap: list[tuple[float, float, int, bool]] = []
    for feed in range(count):
        due = dice.random() * min(feeds.next(feed, 0.0), _DAY)
        heap.append((due, due, feed, False))
    heapify(heap)
    day = Day(count, feeds.work() / _LOAD)
    free, free_at = 0.0, dict[int, float]()
    told = time.monotonic()
    while heap and heap[0][0] < _DAY:
        now, due, feed, has_turn = heappop(heap)
        if _OUTAGE[0] <= now < _OUTAGE[1]:  # the longest waiting first, when it is over
            heappush(heap, (_OUTAGE[1] + (due - _OUTAGE[0]) * 1e-6, due, feed, False))
            continue
        host = feeds.host[feed]
        if not has_turn:
            turn = max(now, free_at.get(host, 0.0))
            free_at[host] = turn + _PAUSE
            if turn > now:
                heappush(heap, (turn, due, feed, True))
                continue
        begin = max(now, free)
        found = feeds.polled(feed, begin)
        free = begin + (_POLL + found * _ENTRY) / day.machines
        day.note(host, due, begin)
        then = feeds.next(feed, begin, in_a_pile=begin - due > _LATE)
        heappush(heap, (then, then, feed, False))
        if time.monotonic() - told > 30:
            told = time.monotonic()
            print(f"{begin / _HOUR:.1f} h", file=sys.stderr)
    return day


class _Feeds:
    """The feeds, with what was learned of them."""

    def __init__(self, count: int, dice: Random) -> None:
        self._dice = dice
        weights = [1 / (n + 1) for n in range(_LARGE_HOSTS)]
        weights[0] = sum(weights[1:]) * _LARGEST / (_AT_LARGE_HOSTS - _LARGEST)
        large = dice.choices(range(_LARGE_HOSTS), weights, k=count)
        self.host = array("l", large)
        self.gap = array("d", bytes(8 * count))  # usual seconds between two news
        self.news_at = array("d", bytes(8 * count))
        self.failures = array("L", bytes(8 * count))
        self.wishes = [Wishes()] * count
        self.rhythm: list[Rhythm] = []
        for feed in range(count):
            if dice.random() >= _AT_LARGE_HOSTS:
                self.host[feed] = _LARGE_HOSTS + feed // 2  # two feeds to a small host
            # Half of all feeds have news less than once in two days; a tenth, more than hourly.
            gap = self.gap[feed] = math.exp(dice.gauss(math.log(2 * _DAY), 3.0))
            self.news_at[feed] = dice.random() * gap
            self.failures[feed] = dice.randrange(1, 8) if dice.random() < _FAILING else 0
            self.rhythm.append(_learned(gap, dice))
            lot = dice.random()
            for share, wish in _WISHES:
                if lot < share:
                    self.wishes[feed] = wish
                    break
                lot -= share

    def next(self, feed: int, now: float, *, in_a_pile: bool = False) -> float:
        """The second at which a feed that is polled `now` is polled next."""
        moment = _START + timedelta(seconds=now)
        if self.failures[feed]:
            self.failures[feed] += now > 0
            count = self.failures[feed]
            then = after_failure(moment, _BOUNDS, self._dice, failures=count)
        else:
            then = after_success(
                moment,
                _BOUNDS,
                self._dice,
                rhythm=self.rhythm[feed],
                wishes=self.wishes[feed],
                in_a_pile=in_a_pile,
            )
        return (then.at - _START).total_seconds()

    def polled(self, feed: int, now: float) -> int:
        """Poll it, and learn; how many entries are new."""
        if self.failures[feed]:
            return 0
        found, gap = 0, self.gap[feed]
        if self.news_at[feed] <= now:
            found = min(1 + int((now - self.news_at[feed]) / gap), 30)
            self.news_at[feed] = now + self._dice.expovariate(1 / gap)
        moment = _START + timedelta(seconds=now)
        self.rhythm[feed] = learn(self.rhythm[feed], moment, found=found > 0)
        return found

    def work(self) -> float:
        """Seconds of one machine that a second of the day takes, by a sample."""
        sample = range(0, len(self.gap), max(len(self.gap) // 5000, 1))
        total = 0.0
        for feed in sample:
            interval = self.next(feed, 0.0)
            total += (_POLL + min(interval / self.gap[feed], 30) * _ENTRY) / interval
        return total / len(sample) * len(self.gap)


def _learned(gap: float, dice: Random) -> Rhythm:
    """The rhythm of a feed that was polled for a month."""
    quiet = min(dice.expovariate(1 / gap), 30 * _DAY)
    return Rhythm(
        since=_START - timedelta(days=30),
        news_at=_START - timedelta(seconds=quiet),
        gap=timedelta(seconds=min(gap, 366 * _DAY)),
        share=1 - math.exp(-1800 / gap),
        polls=100,
    )


def _spread(late: "array[float]") -> str:
    if not late:
        return "none"
    ordered = sorted(late)
    last = len(ordered) - 1
    return f"{ordered[last // 2]:,.2f}, {ordered[last * 99 // 100]:,.1f}, {ordered[last]:,.0f}"


def plotted(day: Day) -> str:
    """Requests a second over the day, as SVG."""
    step = 600
    points = [
        ((start + step / 2) / _HOUR, sum(day.seconds[start : start + step]) / step)
        for start in range(0, _DAY, step)
    ]
    return chart(
        [Line("requests", points)],
        title=f"A day of {day.feeds:,} feeds; at noon nobody works for an hour",
        x="hour",
        y="requests a second",
        powers=False,
    )


def main() -> None:
    """Simulate, print, plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1_000_000)
    parser.add_argument("--plot", type=Path, default=Path("docs/schedule-day.svg"))
    given = parser.parse_args()
    day = simulated(given.feeds)
    for name, value in day.rows().items():
        print(f"| {name} | {value} |")
    given.plot.write_text(plotted(day), "utf-8")


if __name__ == "__main__":
    main()
