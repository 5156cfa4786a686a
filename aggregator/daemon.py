"""Wires the parts together: scheduler jobs, signals, start and stop."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.config import Config, feeds_from_opml
from aggregator.credit import load_directory
from aggregator.errors import AggregatorError, StoreError
from aggregator.fetch import Bounds, Fetcher
from aggregator.metrics import Metrics
from aggregator.model import Feed, FeedSpec, Outlet, PollOutcome
from aggregator.pipeline import Pipeline, know_outlets
from aggregator.site import StoredSite
from aggregator.store import Store
from aggregator.web import create_app
from aggregator.workers import Workers
from aggregator.writer import Writer

_TICK = timedelta(seconds=1)
_DATABASE_PAUSE = 5  # seconds
_GRACE = 3  # seconds that open requests get at the end

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The clock of the wall, in UTC."""
    return datetime.now(UTC)


class Daemon:
    """The parts, joined, on one database. Use `opened`."""

    def __init__(
        self,
        config: Config,
        store: Store,
        fetcher: Fetcher,
        workers: Workers,
        *,
        clock: Callable[[], datetime] = utc_now,
        dice: Random | None = None,
    ) -> None:
        self.config = config
        self.store = store
        self.metrics = Metrics()
        self.started = asyncio.Event()  # a first poll is under way
        self._fetcher = fetcher
        self._clock = clock
        self._writer = Writer(store, since=lambda: clock() - config.dedupe.window)
        self._pipeline = Pipeline(
            fetcher=fetcher,
            workers=workers,
            store=store,
            writer=self._writer,
            directory=load_directory().with_outlets(_outlets(config)),
            bounds=Bounds(config.poll.interval, config.poll.min_interval, config.poll.max_interval),
            clock=clock,
            dice=dice or Random(),  # noqa: S311  (jitter is no secret)
        )
        # Enough feeds in hand to keep every connection busy while others parse and match.
        self._most = 4 * config.poll.concurrency
        self._polling: dict[int, asyncio.Task[PollOutcome | None]] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, config: Config) -> AsyncIterator["Daemon"]:
        """A daemon with its database open; all is closed at the end."""
        store = await asyncio.to_thread(Store, config.database_url)
        workers = Workers(partial(know_outlets, _outlets(config)))
        try:
            async with Fetcher(
                user_agent=config.http.user_agent,
                timeout=config.http.timeout,
                max_bytes=config.http.max_bytes,
                allow_networks=config.http.allow_networks,
                concurrency=config.poll.concurrency,
                per_host_delay=config.poll.per_host_delay,
            ) as fetcher:
                daemon = cls(config, store, fetcher, workers)
                writing = asyncio.create_task(daemon._writer.run())
                try:
                    yield daemon
                finally:
                    await daemon._stop_polling()
                    writing.cancel()
                    await asyncio.gather(writing, return_exceptions=True)
        finally:
            workers.close()
            store.close()

    # ------------------------------------------------------------------------------- jobs

    async def list_feeds(self) -> None:
        """Read the subscription lists and make their feeds, and the configured, the polled ones."""
        specs = {spec.url: spec for spec in self.config.feed_specs()}
        complete = True
        for url in self.config.opml_urls:
            try:
                response = await self._fetcher.get(url)
                for spec in feeds_from_opml(response.body, url):
                    specs.setdefault(spec.url, spec)
            except AggregatorError as error:
                complete = False  # what it listed last time goes on being polled
                log.warning("opml_failed", url=url, reason=error.reason, error=str(error))
        await asyncio.to_thread(
            self.store.list_feeds, list(specs.values()), self._clock(), keep_others=not complete
        )

    async def tick(self) -> None:
        """Poll every feed that is due, as many at once as there is room for."""
        while True:
            await self._room()
            feeds = await asyncio.to_thread(
                self.store.due, self._clock(), self._most - len(self._polling), set(self._polling)
            )
            self.started.set()
            if not feeds:
                return
            for feed in feeds:
                self._begin(feed)

    async def poll_once(self, feeds: Sequence[Feed], seen: Callable[[PollOutcome], None]) -> None:
        """Poll each of these feeds once; `seen` is told of each as it ends."""
        for feed in feeds:
            await self._room()
            task = self._begin(feed)
            task.add_done_callback(lambda done: seen(result) if (result := done.result()) else None)
        await asyncio.gather(*self._polling.values())

    async def keep_house(self) -> None:
        """Forget what is older than the configuration says."""
        now = self._clock()
        gone = await asyncio.to_thread(
            self.store.retire, now - self.config.retention, now - self.config.dedupe.window
        )
        if any(gone.values()):
            log.info("retired", **gone)

    # -------------------------------------------------------------------------- small tools

    def _begin(self, feed: Feed) -> "asyncio.Task[PollOutcome | None]":
        task = asyncio.create_task(self._poll(feed))
        self._polling[feed.id] = task
        self.metrics.polling(len(self._polling))
        task.add_done_callback(lambda _: self._polling.pop(feed.id, None))
        return task

    async def _room(self) -> None:
        while len(self._polling) >= self._most:
            await asyncio.wait(self._polling.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _poll(self, feed: Feed) -> PollOutcome | None:
        start = time.perf_counter()
        try:
            try:
                outcome = await self._pipeline.poll(feed)
            except StoreError:
                raise
            except Exception as error:  # one feed's surprise must not stop the others
                log.exception("poll_crashed", feed=feed.spec.url)
                outcome = await self._pipeline.crashed(feed, error)
        except StoreError as error:
            # Nothing was kept, so the feed is still due; give the database time to recover.
            log.exception("database_failed", feed=feed.spec.url, reason=error.reason)
            await asyncio.sleep(_DATABASE_PAUSE)
            return None
        seconds = time.perf_counter() - start
        self.metrics.polled(outcome, seconds)
        log.info(
            "polled",
            feed=outcome.feed_url,
            result=outcome.result,
            status=outcome.status,
            entries=outcome.entries,
            new=outcome.entries_new,
            merged=outcome.merged,
            bytes=outcome.body_bytes,
            ms=round(seconds * 1000),
            **({"reason": outcome.error_reason, "error": outcome.error} if outcome.error else {}),
        )
        return outcome

    async def _stop_polling(self) -> None:
        tasks = list(self._polling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run(config: Config, *, poll: bool = True) -> None:
    """Run the daemon until SIGTERM or SIGINT: it polls (unless told not to), and serves."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Daemon.opened(config) as daemon:
        if poll:
            await daemon.list_feeds()
        server = _server(config, daemon)
        serving = asyncio.create_task(server.serve())
        scheduler = AsyncIOScheduler(timezone=UTC)
        if poll:
            every = partial(scheduler.add_job, trigger="interval", max_instances=1, coalesce=True)
            every(daemon.tick, seconds=_TICK.total_seconds(), next_run_time=utc_now())
            every(daemon.keep_house, hours=1, next_run_time=utc_now())
            every(daemon.list_feeds, hours=1)
            scheduler.start()
        log.info(
            "started",
            feeds=len(daemon.store.listed()),
            address=f"http://{config.server.host}:{config.server.port}/",
        )
        ended = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, serving}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        if scheduler.running:
            scheduler.shutdown(wait=False)
        ended.cancel()
        server.should_exit = True
        await serving
    log.info("stopped")


class _Server(uvicorn.Server):
    """Uvicorn without handlers of its own: the daemon hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def _server(config: Config, daemon: Daemon) -> uvicorn.Server:
    site = StoredSite(config, daemon.store, daemon.metrics, daemon.started.is_set)
    return _Server(
        uvicorn.Config(
            create_app(site),
            host=config.server.host,
            port=config.server.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )


def _outlets(config: Config) -> tuple[Outlet, ...]:
    """The outlets that the configuration names."""
    return tuple(_outlet(spec) for spec in config.feed_specs() if spec.name and spec.domain)


def _outlet(spec: FeedSpec) -> Outlet:
    return Outlet(spec.name or "", (spec.domain,) if spec.domain else ())
