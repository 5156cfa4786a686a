"""A value that lives elsewhere, looked at so seldom that it costs nothing."""

import asyncio
import time
from collections.abc import Callable

import structlog

from aggregator.errors import StoreError

_LOOK = 0.25  # seconds; how stale what is served may be before the database is asked
_LAST = 0.5  # seconds; how stale it may be while the database is being asked

log = structlog.get_logger(__name__)


class Watched:
    """A value that lives elsewhere and is looked at now and then, by one at a time."""

    def __init__(
        self, look: Callable[[], str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._clock = clock
        self._value = ""
        self._looked = float("-inf")
        self._lock = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None

    def at_hand(self) -> str | None:
        """The value, if it was looked at a moment ago; before that moment is over, it is again.

        So that those who ask often never wait for the database.
        """
        age = self._clock() - self._looked
        if age < _LOOK:
            return self._value
        if age >= _LAST:
            return None
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_again())
        return self._value

    async def _look_again(self) -> None:
        try:
            await self()
        except StoreError as error:  # the next who asks is told, or served from memory
            log.debug("not_looked_at", reason=error.reason)
        finally:
            self._looking = None

    async def __call__(self) -> str:
        """The value as it was a moment ago at the most. Raises what the look raises."""
        if self._clock() - self._looked < _LOOK:
            return self._value
        async with self._lock:
            if self._clock() - self._looked >= _LOOK:
                started = self._clock()
                self._value = await asyncio.to_thread(self._look)
                self._looked = started
        return self._value
