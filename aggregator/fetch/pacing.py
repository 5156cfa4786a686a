"""Pacing: one request at a time to a host, with a pause between one's end and the next's start."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx


def host_key(url: httpx.URL) -> str:
    """What counts as one host: the host name in lower case, or the address, whatever the port."""
    return url.host.rstrip(".").lower()


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

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._lanes)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for the host's turn, and hold it as long as the context lasts."""
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
                    lane.free_at = self._clock() + self._delay
                    self._lanes.move_to_end(key)
        finally:
            lane.users -= 1
            self._forget()

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
