"""A value that lives elsewhere, looked at so seldom that it costs nothing."""

import asyncio
import time
from collections.abc import Callable

_LOOK = 0.25  # seconds; how stale what is served may be before the database is asked


class Watched:
    """A value that lives elsewhere and is looked at now and then, by one at a time."""

    def __init__(self, look: Callable[[], str]) -> None:
        self._look = look
        self._value = ""
        self._looked = float("-inf")
        self._lock = asyncio.Lock()

    @property
    def fresh(self) -> str | None:
        """The value, if it was looked at a moment ago."""
        return self._value if time.monotonic() - self._looked < _LOOK else None

    async def __call__(self) -> str:
        """The value as it was a moment ago at the most."""
        if self.fresh is not None:
            return self._value
        async with self._lock:
            if time.monotonic() - self._looked >= _LOOK:
                started = time.monotonic()
                self._value = await asyncio.to_thread(self._look)
                self._looked = started
        return self._value
