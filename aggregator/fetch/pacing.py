"""Pacing: one request at a time to a host, with a pause between one's end and the next's start.

What one host is has two sides: the domain that somebody registered (`site_of`), and the address
that names lead to, which a hundred domains may share. A request takes its turn at both.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

import httpx
from publicsuffixlist import PublicSuffixList

_LONGEST_REST = timedelta(days=1)
_MOST_RESTING = 50_000  # hosts that are remembered


def host_key(url: httpx.URL) -> str:
    """The host name in lower case, or the address, whatever the port."""
    return url.host.rstrip(".").lower()


def site_of(url: str | httpx.URL) -> str:
    """Whose host it is: its registrable domain, by the public suffix list; or the address.

    "" for what is no address of the web.
    """
    if not isinstance(url, str):
        return _site(host_key(url))
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return _site(host.rstrip(".").lower())


@lru_cache(maxsize=16_384)
def _site(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return _suffixes().privatesuffix(host) or host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


class _Lane:
    """The queue in front of one host."""

    __slots__ = ("free_at", "lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0  # holding the lock or waiting for it
        self.free_at = float("-inf")


class Pacer:
    """Hands out turns at hosts: first come, first served, never two at once for one host.

    `delay` is the pause after each turn. `clock` gives seconds that only grow; `sleep` waits for
    seconds. What is remembered of a host is forgotten when its pause is over.
    """

    def __init__(
        self,
        delay: timedelta,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._delay = delay.total_seconds()
        self._clock = clock
        self._sleep = sleep
        # In the order of their last turns' ends, so the front is what may be forgotten first.
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()

    def pause(self, delay: timedelta) -> None:
        """Make so long a pause after each turn from now on."""
        self._delay = delay.total_seconds()

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._lanes)

    @asynccontextmanager
    async def turn(self, key: str, *, delay: float = 0.0) -> AsyncIterator[None]:
        """Wait for the host's turn, and hold it as long as the context lasts.

        `delay` is a longer pause that the host itself asks for, in seconds.
        """
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
        lane.users += 1
        try:
            async with lane.lock:
                pause = lane.free_at - self._clock()
                if pause > 0:
                    await self._sleep(pause)
                try:
                    yield
                finally:
                    lane.free_at = self._clock() + max(self._delay, delay)
                    self._lanes.move_to_end(key)
        finally:
            lane.users -= 1
            self._forget()

    @asynccontextmanager
    async def turns(self, keys: Iterable[str], *, delay: float = 0.0) -> AsyncIterator[None]:
        """A turn at each of these, taken in one order by all, so that nobody waits in a circle."""
        async with AsyncExitStack() as stack:
            for key in sorted(set(keys)):
                await stack.enter_async_context(self.turn(key, delay=delay))
            yield

    def _forget(self) -> None:
        now = self._clock()
        while self._lanes:
            key, lane = next(iter(self._lanes.items()))
            if lane.users:
                # Someone waits there; it must not hide the rest, and it moves back in its turn.
                self._lanes.move_to_end(key)
                break
            if lane.free_at > now:
                break
            del self._lanes[key]


class Others(Protocol):
    """Other processes that ask the same hosts, and take turns with us."""

    def turn(
        self, hosts: Collection[str], *, longest: float, pause: float, resting: str
    ) -> AbstractAsyncContextManager[timedelta]:
        """Wait until none of the others is at any of these hosts, and keep them away meanwhile.

        It lasts `longest` seconds at the most, and nobody has a turn for `pause` seconds after
        it. Where one of the others learned that `resting` is to be left alone, there is no turn,
        and the context gives how long that is to last; else zero.
        """
        ...

    def rest(self, key: str, left: timedelta) -> None:
        """Tell the others that this is to be left alone for so long."""
        ...


class Alone:
    """Nobody else."""

    @asynccontextmanager
    async def turn(
        self,
        hosts: Collection[str],  # noqa: ARG002
        *,
        longest: float,  # noqa: ARG002
        pause: float,  # noqa: ARG002
        resting: str,  # noqa: ARG002
    ) -> AsyncIterator[timedelta]:
        """Begin at once."""
        yield timedelta(0)

    def rest(self, key: str, left: timedelta) -> None:
        """Tell nobody."""


@dataclass(slots=True)
class _Rest:
    failures: int
    until: float
    asked: bool = False  # by the host itself


class Resting:
    """Hosts that are left alone for a while: after "too many requests", or when nobody answers.

    A host's rest begins with `first` and doubles with each failure in a row; it is never longer
    than the host itself asked for, and its next success ends it.
    """

    _UNANSWERED = 3  # failures in a row to connect before a host is left alone

    def __init__(self, first: timedelta, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._first = first.total_seconds()
        self._clock = clock
        self._hosts: OrderedDict[str, _Rest] = OrderedDict()

    def begin_with(self, first: timedelta) -> None:
        """Let rests begin so long from now on."""
        self._first = first.total_seconds()

    def left(self, key: str) -> timedelta:
        """How long the host is still to be left alone; zero where it may be asked."""
        rest = self._hosts.get(key)
        return timedelta(seconds=max(rest.until - self._clock(), 0)) if rest else timedelta(0)

    def failed(self, key: str, *, asked: bool, wait: timedelta | None = None) -> None:
        """Note a failure that speaks of the host as a whole.

        `asked`: the host itself asks to be left alone, for `wait` where it says how long.
        """
        rest = self._hosts.pop(key, None) or _Rest(0, float("-inf"))
        self._hosts[key] = rest
        rest.failures += 1
        rest.asked = rest.asked or asked
        so_far = rest.failures if asked else rest.failures - self._UNANSWERED + 1
        if so_far > 0:
            longest = _LONGEST_REST if wait is None else min(wait, _LONGEST_REST)
            seconds = min(self._first * 2 ** min(so_far - 1, 20), longest.total_seconds())
            rest.until = self._clock() + seconds
        while len(self._hosts) > _MOST_RESTING:
            self._hosts.popitem(last=False)

    def forget_silent(self) -> None:
        """Forget the hosts that rest because nobody answered there."""
        for key in [key for key, rest in self._hosts.items() if not rest.asked]:
            del self._hosts[key]

    def worked(self, key: str) -> None:
        """Note that the host answers."""
        if key in self._hosts:
            del self._hosts[key]
