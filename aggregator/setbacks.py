"""What keeps the daemon from polling for a while: since when, why, and when to try again.

A database that takes nothing, a network that reaches nobody, a clock that was set back. Pages and
feeds are served meanwhile, and nobody is asked for what could not be kept. Pure: the clocks are
given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.errors import StoreError
from aggregator.model import PollOutcome

UNREACHED = frozenset({"dns", "connect", "timeout", "proxy"})  # reasons that may be our network's

_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds until writing is tried again, at least doubled
_TOLERANCE = timedelta(seconds=2)  # by which clocks are put right all the time
_TOLD_FOR = 600.0  # seconds that a clock that was set back is told of
# So many hosts in a row, and none that answered: that is no coincidence.
_FEWEST_HOSTS, _MOST_HOSTS = 3, 20
_SHARE_OF_FEEDS = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that polling needs, and what is wrong with it; "" for nothing."""

    name: str
    trouble: str = ""


class Storage:
    """Whether the database takes what is written. `clock` gives seconds that only grow.

    After a failure nothing is written but a trial, ever more seldom while what follows a trial
    that went well fails again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.trouble: StoreError | None = None
        self._pause = _PAUSE
        self._next = 0.0

    def failed(self, error: StoreError) -> bool:
        """Note a refusal. Whether it is news."""
        news = self.trouble is None or self.trouble.reason != error.reason
        now = self._clock()
        if self.trouble is None or now >= self._next:  # else it is of what was under way
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._next = now + self._pause
        self.trouble = error
        return news

    def may_try(self) -> bool:
        """Whether it is time for a trial. A broken file is not written to until a restart."""
        broken = self.trouble is not None and self.trouble.reason == "database_corrupt"
        return not broken and self._clock() >= self._next

    def tried(self) -> None:
        """Note that a trial went well: polling may go on."""
        self.trouble = None

    def worked(self) -> None:
        """Note that a poll was kept."""
        self.trouble = None
        self._pause = _PAUSE

    @property
    def condition(self) -> Condition:
        """For health checks."""
        return Condition("writing", str(self.trouble or ""))


class Network:
    """Whether anybody can be reached. Down is what no host of many answers through."""

    def __init__(self) -> None:
        self.down_since: datetime | None = None
        self.was_down_since: datetime | None = None  # the last time
        self.last_feed = 0  # that was not reached
        self._enough = _FEWEST_HOSTS
        self._silent: dict[str, datetime] = {}  # hosts since the last answer, with the first time
        self._reason = ""

    def of_feeds(self, count: int) -> None:
        """Say how many feeds there are: the more, the more silent hosts may be chance."""
        self._enough = min(max(_FEWEST_HOSTS, count // _SHARE_OF_FEEDS), _MOST_HOSTS)

    def seen(self, feed: int, host: str, outcome: PollOutcome, now: datetime) -> bool:
        """Note how a poll ended. Whether the network is found to be down, or up again, by that."""
        was = self.down_since
        if outcome.result != "failed" or outcome.status is not None:
            self._silent.clear()
            self.down_since = None
            self.was_down_since = was or self.was_down_since
            return was is not None
        if outcome.error_reason not in UNREACHED:
            return False
        self.last_feed, self._reason = feed, outcome.error_reason
        self._silent.setdefault(host, now)
        if was is None and len(self._silent) >= self._enough:
            self.down_since = min(self._silent.values())
        return was is None and self.down_since is not None

    @property
    def condition(self) -> Condition:
        """For health checks."""
        if self.down_since is None:
            return Condition("network")
        since = self.down_since.isoformat(timespec="seconds")
        return Condition(
            "network",
            f"No server answers since {since} ({self._reason}). Is the network up, and can names "
            "be looked up from here? Polling goes on by itself.",
        )


class WallClock:
    """Whether the clock goes forward. `steady` gives seconds that only grow."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._latest: tuple[datetime, float] | None = None
        self._by = timedelta(0)
        self._at = float("-inf")

    def went_back(self, now: datetime) -> bool:
        """Look at it. True where it went back; and at the first look, where nobody can tell."""
        before, self._latest = self._latest, (now, self._steady())
        if before is None:
            return True
        then, at = before
        by = then + timedelta(seconds=self._steady() - at) - now
        if by <= _TOLERANCE:
            return False
        self._by, self._at = by, self._steady()
        return True

    @property
    def condition(self) -> Condition:
        """For health checks."""
        if self._steady() - self._at > _TOLD_FOR:
            return Condition("clock")
        by = timedelta(seconds=round(self._by.total_seconds()))
        return Condition(
            "clock", f"The clock was set back by {by} a while ago; polls were planned anew."
        )
