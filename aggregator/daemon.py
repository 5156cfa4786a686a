"""Wires the parts together: scheduler jobs, signals, start and stop."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.config import Config, feeds_from_opml
from aggregator.credit import Directory, load_directory
from aggregator.errors import AggregatorError, ConfigError, StoreError
from aggregator.fetch import Bounds, Fetcher
from aggregator.metrics import Metrics
from aggregator.model import Feed, FeedSpec, PollOutcome
from aggregator.outlets import outlets_of
from aggregator.pipeline import Pipeline
from aggregator.reading import know_outlets, known_outlets
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
        directory: Directory,
        *,
        clock: Callable[[], datetime] = utc_now,
        dice: Random | None = None,
    ) -> None:
        self.config = config
        self.store = store
        self.metrics = Metrics()
        self.started = asyncio.Event()  # a first poll is under way
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._writer = Writer(store, since=lambda: clock() - config.dedupe.window)
        self._pipeline = Pipeline(
            fetcher=fetcher,
            workers=workers,
            store=store,
            writer=self._writer,
            directory=directory,
            bounds=Bounds(config.poll.interval, config.poll.min_interval, config.poll.max_interval),
            clock=clock,
            dice=dice or Random(),  # noqa: S311  (jitter is no secret)
        )
        # Enough feeds in hand to keep every connection busy while others parse and match.
        self._most = 2 * config.poll.concurrency
        self._polling: dict[int, asyncio.Task[PollOutcome | None]] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, config: Config) -> AsyncIterator["Daemon"]:
        """A daemon with its database open; all is closed at the end."""
        store = await asyncio.to_thread(Store, config.database_url)
        directory = load_directory()
        outlets = outlets_of(config.feed_specs(), directory)
        corrections = tuple(o.outlet(directory.by_name(o.name)) for o in config.outlets)
        workers = Workers(partial(know_outlets, outlets, corrections))
        try:
            async with Fetcher(
                user_agent=config.http.user_agent,
                timeout=config.http.timeout,
                max_bytes=config.http.max_bytes,
                allow_networks=config.http.allow_networks,
                concurrency=config.poll.concurrency,
                per_host_delay=config.poll.per_host_delay,
            ) as fetcher:
                known = known_outlets(outlets, corrections)
                daemon = cls(config, store, fetcher, workers, known)
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

    async def prepare(self) -> None:
        """Make ready to poll: the configured feeds listed, the workers started."""
        await self.list_feeds(fetch=False)
        await self._workers.start()

    async def list_feeds(self, *, fetch: bool = True) -> None:
        """Make the configured feeds, and those of the OPML documents, the ones that are polled.

        Without `fetch`, or where a document cannot be had, the feeds that it listed last time go
        on being polled.
        """
        found: list[FeedSpec] = []
        complete = fetch or not self.config.opml_urls
        for url in self.config.opml_urls if fetch else ():
            try:
                response = await self._fetcher.get(url)
                found += feeds_from_opml(response.body, url)
            except AggregatorError as error:
                complete = False
                log.warning("opml_failed", url=url, reason=error.reason, error=str(error))
        specs = self.config.feed_specs(found)
        await asyncio.to_thread(
            self.store.list_feeds, specs, self._clock(), keep_others=not complete
        )

    async def tick(self) -> None:
        """Poll every feed that is due, as many at once as there is room for."""
        while True:
            await self._room()
            room, busy = self._most - len(self._polling), set(self._polling)
            try:
                feeds = await asyncio.to_thread(self.store.due, self._clock(), room, busy)
            except StoreError as error:
                log.error("database_failed", reason=error.reason, error=str(error))  # noqa: TRY400
                return
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
        # Copies are looked for among stored stories, so those are kept for the window at least.
        retention = max(self.config.retention, self.config.dedupe.window)
        gone = await self._pipeline.retire(retention)
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
            **({"note": outcome.note} if outcome.note else {}),
        )
        return outcome

    async def _stop_polling(self) -> None:
        tasks = list(self._polling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run(
    config: Config, *, poll: bool = True, ready: Callable[[str], object] | None = None
) -> None:
    """Run the daemon until SIGTERM or SIGINT: it polls (unless told not to), and serves.

    `ready` is called once, with the address of the server. Raises ConfigError when the address
    cannot be served at.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with _listening(config) as listener:
        async with Daemon.opened(config) as daemon:
            server = _server(config, daemon)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            scheduler = AsyncIOScheduler(timezone=UTC)
            if poll:
                await daemon.prepare()
                every = partial(scheduler.add_job, trigger="interval", max_instances=1)
                every(daemon.tick, seconds=_TICK.total_seconds(), next_run_time=utc_now())
                every(daemon.keep_house, hours=1, next_run_time=utc_now())
                every(daemon.list_feeds, hours=1, next_run_time=utc_now())
                scheduler.start()
            host, port = listener.getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
            log.info("started", feeds=len(daemon.store.listed()), address=address)
            if ready is not None:
                ready(address)
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
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )


def _listening(config: Config) -> socket.socket:
    host, port = config.server.host, config.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"Nothing can be served at {host} port {port}: {error.strerror or error}.",
            reason="cannot_listen",
            remedy="Is another program there? Set server.host and server.port "
            "(or AGGREGATOR_SERVER__PORT).",
        ) from error
