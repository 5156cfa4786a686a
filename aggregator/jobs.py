"""Work that comes again and again: APScheduler's, and what it does not see to itself.

APScheduler plans by the clock of the wall. When that is set back by a day, what was planned waits
for a day; so the clock is watched, and all is due anew when it was set back. When it leaps forward,
as on a small machine that has just found the time, each job is run once.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.errors import StoreError
from aggregator.setbacks import WallClock

_LOOK = 1.0  # seconds between two looks at the clock

log = structlog.get_logger(__name__)


class Jobs:
    """A few jobs, each run every so often, and never twice at once.

    `refused` is told of what the database says. `wall` is the time of day, which may be set, and
    `steady` gives seconds that only grow.
    """

    def __init__(
        self,
        refused: Callable[[StoreError], None],
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._refused = refused
        self._wall, self._steady = wall, steady
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            # One that was missed is made up for, once.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(
        self, work: Callable[[], Awaitable[None]], pause: timedelta, *, at_once: bool = False
    ) -> None:
        """Run `work` every so often; `at_once`: for the first time at the start."""
        begin = datetime.now(UTC) if at_once else datetime.now(UTC) + pause
        seconds = pause.total_seconds()
        self._scheduler.add_job(
            self._done, "interval", args=[work], seconds=seconds, next_run_time=begin
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let them run as long as the context lasts; what runs at its end is cancelled."""
        self._scheduler.start()
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            self._scheduler.shutdown(wait=False)
            await asyncio.gather(watching, return_exceptions=True)

    async def _done(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except StoreError as error:
            self._refused(error)
        except asyncio.CancelledError:  # at the end: no failure worth telling of
            return
        except Exception:  # a surprise now must not be the end of it
            log.exception("job_failed", job=getattr(work, "__qualname__", ""))

    async def _watch(self) -> None:
        """Make all due when the clock was set back."""
        clock = WallClock(self._steady)
        clock.went_back(self._wall())
        while True:
            await asyncio.sleep(_LOOK)
            if clock.went_back(self._wall()):
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))
