"""Wires the parts together: scheduler jobs, signals, start and stop."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.agenda import Agenda
from aggregator.announce import Announcer
from aggregator.config import Config, feeds_from_opml
from aggregator.credit import Directory
from aggregator.errors import AggregatorError, ConfigError, StoreError
from aggregator.fetch import Bounds, Fetcher, Poster
from aggregator.metrics import Metrics
from aggregator.model import Feed, FeedSpec, PollOutcome
from aggregator.outlets import told_outlets
from aggregator.pipeline import Pipeline
from aggregator.push import Push, callback_base
from aggregator.reading import know_outlets, known_outlets
from aggregator.site import StoredSite
from aggregator.store import Store
from aggregator.turns import SharedTurns
from aggregator.web import create_app
from aggregator.workers import Workers
from aggregator.writer import Writer

_TICK = timedelta(seconds=1)
_MOST_WAITING = 10_000  # feeds that are due and not begun; the rest is found by later ticks
_READ_AT_ONCE = 64  # feeds
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
        shared: bool = False,
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
            shared=shared,
        )
        base = callback_base(config)
        self.push: Push | None = None  # where hubs can reach us
        if base:
            self.push = Push(
                base,
                store=store,
                fetcher=fetcher,
                pipeline=self._pipeline,
                clock=clock,
                seen=lambda outcome: self.metrics.polled(outcome, 0.0),
            )
        # Enough feeds in hand to keep every connection busy while others parse and match.
        self._agenda = Agenda(2 * config.poll.concurrency)
        self._enough = max(2 * config.poll.concurrency // 8, 1)
        self._polling: dict[int, asyncio.Task[PollOutcome | None]] = {}
        self._chores: set[asyncio.Future[None]] = set()
        self._filling = False
        self._moved = asyncio.Event()  # a poll has ended
        self._seen: Callable[[PollOutcome], None] | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, config: Config, *, shared: bool = False) -> AsyncIterator["Daemon"]:
        """A daemon with its database open; all is closed at the end.

        `shared`: it has the database in common with workers on other machines, if it is one for
        many, and takes turns at hosts with them.
        """
        store = await asyncio.to_thread(Store, config.database_url)
        turns = SharedTurns(store) if shared and store.for_many else None
        told = told_outlets(config, await asyncio.to_thread(store.added))
        workers = Workers(partial(know_outlets, *told))
        try:
            async with Fetcher(
                user_agent=config.http.user_agent,
                timeout=config.http.timeout,
                max_bytes=config.http.max_bytes,
                allow_networks=config.http.allow_networks,
                concurrency=config.poll.concurrency,
                per_host_delay=config.poll.per_host_delay,
                others=turns,
            ) as fetcher:
                daemon = cls(
                    config, store, fetcher, workers, known_outlets(*told), shared=turns is not None
                )
                writing = asyncio.create_task(daemon._writer.run())
                try:
                    yield daemon
                finally:
                    await daemon._stop_polling()
                    writing.cancel()
                    await asyncio.gather(writing, return_exceptions=True)
        finally:
            if turns is not None:
                await turns.close()
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
        """See which feeds are due, and begin as many of them as there is room for."""
        try:
            most = _MOST_WAITING - len(self._agenda)
            due = await asyncio.to_thread(
                self.store.waiting, self._clock(), most, frozenset(self._agenda.known)
            )
        except StoreError as error:
            log.error("database_failed", reason=error.reason, error=str(error))  # noqa: TRY400
            return
        self.started.set()
        self._agenda.add(due)
        await self._fill()

    async def poll_once(self, feeds: Sequence[Feed], seen: Callable[[PollOutcome], None]) -> None:
        """Poll each of these feeds once; `seen` is told of each as it ends."""
        self._seen = seen
        self._agenda.add((feed.id, feed.poll_url) for feed in feeds)
        await self._fill()
        while len(self._agenda):  # as polls end, others begin
            self._moved.clear()
            await self._moved.wait()

    async def keep_house(self) -> None:
        """Forget what is older than the configuration says."""
        # Copies are looked for among stored stories, so those are kept for the window at least.
        retention = max(self.config.retention, self.config.dedupe.window)
        gone = await self._pipeline.retire(retention)
        if any(gone.values()):
            log.info("retired", **gone)

    # -------------------------------------------------------------------------- small tools

    async def _fill(self) -> None:
        """Begin what may begin, in batches, so that reading them costs little."""
        if self._filling:
            return
        self._filling = True
        try:
            while numbers := self._agenda.take(_READ_AT_ONCE):
                begun: set[int] = set()
                try:
                    for feed in await asyncio.to_thread(self.store.numbered, numbers):
                        self._begin(feed)
                        begun.add(feed.id)
                except StoreError as error:
                    log.error(  # noqa: TRY400
                        "database_failed", reason=error.reason, error=str(error)
                    )
                    await asyncio.sleep(_DATABASE_PAUSE)
                finally:
                    for number in set(numbers) - begun:
                        self._agenda.done(number)
                        self._moved.set()
        finally:
            self._filling = False

    def _begin(self, feed: Feed) -> None:
        task = asyncio.create_task(self.poll(feed))
        self._polling[feed.id] = task
        self.metrics.polling(len(self._polling))
        task.add_done_callback(partial(self._ended, feed))

    def _ended(self, feed: Feed, task: "asyncio.Task[PollOutcome | None]") -> None:
        del self._polling[feed.id]
        self._agenda.done(feed.id)
        self._moved.set()
        if task.cancelled():
            return
        outcome = task.result()
        if outcome is not None and self._seen is not None:
            self._seen(outcome)
        # A few free places together, as each look into the database has its price.
        if not self._filling and (self._agenda.room >= self._enough or not self._polling):
            filling = asyncio.ensure_future(self._fill())
            self._chores.add(filling)
            filling.add_done_callback(self._chores.discard)

    async def poll(self, feed: Feed) -> PollOutcome | None:
        """Poll one feed, count it, tell the log. None where nothing was kept: it is still due."""
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
            if error.reason == "overtaken":
                log.info("poll_overtaken", feed=feed.spec.url)
                return None
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
        tasks: list[asyncio.Future[Any]] = [*self._chores, *self._polling.values()]
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
        async with (
            Daemon.opened(config, shared=not poll) as daemon,
            contextlib.AsyncExitStack() as stack,
        ):
            site = StoredSite(config, daemon.store, daemon.metrics, daemon.started.is_set)
            server = _server(config, daemon, site)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            scheduler = AsyncIOScheduler(timezone=UTC)
            if poll:
                await daemon.prepare()
                every = partial(scheduler.add_job, _job, trigger="interval", max_instances=1)
                every(args=[daemon.tick], seconds=_TICK.total_seconds(), next_run_time=utc_now())
                every(args=[daemon.keep_house], hours=1, next_run_time=utc_now())
                if daemon.push is not None:
                    every(args=[daemon.push.ask], minutes=1)
                every(args=[daemon.list_feeds], hours=1, next_run_time=utc_now())
                announcer = await stack.enter_async_context(
                    _announcing(config, site, daemon.metrics)
                )
                if announcer is not None:
                    every(args=[announcer.tick], seconds=_TICK.total_seconds())
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


async def _job(work: Callable[[], Awaitable[None]]) -> None:
    """Work of the scheduler, which cancels it at the end: no failure worth telling of."""
    with contextlib.suppress(asyncio.CancelledError):
        await work()


class _Server(uvicorn.Server):
    """Uvicorn without handlers of its own: the daemon hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextlib.asynccontextmanager
async def _announcing(
    config: Config, site: StoredSite, metrics: Metrics
) -> AsyncIterator[Announcer | None]:
    """Who tells the configured hubs of changes; nobody without them, or without an address."""
    if not (config.websub.hubs and config.server.base_url):
        yield None
        return
    async with Poster(
        user_agent=config.http.user_agent,
        timeout=config.http.timeout,
        allow_networks=config.http.allow_networks,
    ) as poster:
        yield Announcer(
            config.websub.hubs,
            version=site.version,
            heads=site.heads,
            post=poster.post,
            told=metrics.announced,
            clock=time.monotonic,
        )


def _server(config: Config, daemon: Daemon, site: StoredSite) -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            create_app(site, door=daemon.push, max_push=config.http.max_bytes),
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
