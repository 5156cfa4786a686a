"""Work that comes again and again, by a clock that only grows.

The wall's clock may be set back by a day, or leap from 1970 to today when a small machine has
found the time; what is planned by it waits for a day then, or is made up for a million times.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import structlog

from aggregator.errors import StoreError

log = structlog.get_logger(__name__)


class Jobs:
    """A few jobs, each run every so often, and never twice at once."""

    def __init__(self, refused: Callable[[StoreError], None]) -> None:
        self._refused = refused  # is told of what the database says
        self._jobs: list[tuple[Callable[[], Awaitable[None]], float, float]] = []

    def every(
        self, work: Callable[[], Awaitable[None]], pause: timedelta, *, at_once: bool = False
    ) -> None:
        """Run `work` every so often; `at_once`: for the first time at the start."""
        seconds = pause.total_seconds()
        self._jobs.append((work, seconds, 0.0 if at_once else seconds))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let them run as long as the context lasts; what runs at its end is cancelled."""
        tasks = [asyncio.create_task(self._repeat(*job)) for job in self._jobs]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(
        self, work: Callable[[], Awaitable[None]], pause: float, first: float
    ) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + first
        while True:
            await asyncio.sleep(due - loop.time())
            try:
                await work()
            except StoreError as error:
                self._refused(error)
            except Exception:  # a surprise now must not be the end of it
                log.exception("job_failed", job=getattr(work, "__qualname__", ""))
            due = max(due + pause, loop.time())  # those that were missed are not made up for
