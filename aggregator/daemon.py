"""Wires the parts together: scheduler jobs, signals, start and stop."""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.agenda import Agenda
from aggregator.config import Config, feeds_from_opml
from aggregator.errors import AggregatorError, StoreError
from aggregator.fetch import Bounds, Fetcher
from aggregator.metrics import Metrics
from aggregator.model import Feed, FeedSpec, Outlet, PollOutcome
from aggregator.outlets import told_outlets
from aggregator.pipeline import Pipeline
from aggregator.publish import without_secrets
from aggregator.push import Push, callback_base
from aggregator.reading import know_outlets, known_outlets
from aggregator.running import Running
from aggregator.serving import address_of, listening, server
from aggregator.store import Store
from aggregator.tracing import tracing
from aggregator.workers import Workers
from aggregator.writer import Writer

_TICK = timedelta(seconds=1)
_MOST_WAITING = 10_000  # feeds that are due and not begun; the rest is found by later ticks
_READ_AT_ONCE = 64  # feeds
_DATABASE_PAUSE = 5  # seconds
_LOOK = 2  # seconds between two looks at the files of the configuration

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The clock of the wall, in UTC."""
    return datetime.now(UTC)


Told = tuple[tuple[Outlet, ...], tuple[Outlet, ...]]  # as `told_outlets` gives it


class Daemon:
    """The parts, joined, on one database. Use `opened`."""

    def __init__(
        self,
        config: Config,
        store: Store,
        fetcher: Fetcher,
        workers: Workers,
        told: Told,
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
        self._told = told
        self._clock = clock
        self._writer = Writer(store, since=lambda: clock() - self.config.dedupe.window)
        self._pipeline = Pipeline(
            fetcher=fetcher,
            workers=workers,
            store=store,
            writer=self._writer,
            directory=known_outlets(*told),
            bounds=_bounds(config),
            clock=clock,
            dice=dice or Random(),  # noqa: S311  (jitter is no secret)
        )
        self.push = self._push()  # where hubs can reach us
        # Enough feeds in hand to keep every connection busy while others parse and match.
        self._agenda = Agenda(2 * config.poll.concurrency)
        self._enough = max(2 * config.poll.concurrency // 8, 1)
        self._polling: dict[int, asyncio.Task[PollOutcome | None]] = {}
        self._chores: set[asyncio.Future[None]] = set()
        self._filling = False
        self._moved = asyncio.Event()  # a poll has ended
        self._seen: Callable[[PollOutcome], None] | None = None
        self.metrics.watch(
            waiting=lambda: len(self._agenda) - self._agenda.busy, writes=self._writer.__len__
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, config: Config) -> AsyncIterator["Daemon"]:
        """A daemon with its database open; all is closed at the end. Traces where it is asked to.

        Raises StoreError, and ConfigError where traces are asked for that cannot be had.
        """
        with tracing():
            async with cls._opened(config) as daemon:
                yield daemon

    @classmethod
    @contextlib.asynccontextmanager
    async def _opened(cls, config: Config) -> AsyncIterator["Daemon"]:
        store = await asyncio.to_thread(Store, config.database_url)
        told = told_outlets(config, await asyncio.to_thread(store.added))
        workers = Workers(partial(know_outlets, *told))
        try:
            async with Fetcher(concurrency=config.poll.concurrency, **_manners(config)) as fetcher:
                daemon = cls(config, store, fetcher, workers, told)
                writing = asyncio.create_task(daemon._writer.run())
                try:
                    yield daemon
                finally:
                    await daemon._stop_polling()
                    daemon._workers.close()
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

    async def change(self, config: Config, *, poll: bool = True) -> None:
        """Go on with other settings: all of them, or, where an error is raised, none.

        Raises StoreError. What `NEEDS_RESTART` names is the same in both.
        """
        if poll:
            await self.list_feeds(config)
        told = told_outlets(config, await asyncio.to_thread(self.store.added))
        workers, others = self._workers, told != self._told
        if others:
            workers = Workers(partial(know_outlets, *told))
            await workers.start()
        directory = await asyncio.to_thread(known_outlets, *told)
        before, self._workers, self._told, self.config = self._workers, workers, told, config
        self._fetcher.change(**_manners(config))
        self._pipeline.change(_bounds(config), directory, workers)
        self.push = self._push()
        if others:
            threading.Thread(target=before.drain, daemon=True).start()

    async def ask_hubs(self) -> None:
        """Subscribe where hubs can reach us."""
        if self.push is not None:
            await self.push.ask()

    async def list_feeds(self, config: Config | None = None, *, fetch: bool = True) -> None:
        """Make the configured feeds, and those of the OPML documents, the ones that are polled.

        Without `fetch`, or where a document cannot be had, the feeds that it listed last time go
        on being polled.
        """
        config = config or self.config
        found: list[FeedSpec] = []
        complete = fetch or not config.opml_urls
        for url in config.opml_urls if fetch else ():
            try:
                response = await self._fetcher.get(url)
                found += feeds_from_opml(response.body, url)
            except AggregatorError as error:
                complete = False
                log.warning("opml_failed", url=url, reason=error.reason, error=str(error))
        specs = config.feed_specs(found)
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

    def _push(self) -> Push | None:
        base = callback_base(self.config)
        if not base:
            return None
        return Push(
            base,
            store=self.store,
            fetcher=self._fetcher,
            pipeline=self._pipeline,
            clock=self._clock,
            seen=lambda outcome: self.metrics.polled(outcome, 0.0),
        )

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
        task = asyncio.create_task(self._poll(feed))
        self._polling[feed.id] = task
        if feed.next_poll_at is not None:
            self.metrics.begun((self._clock() - feed.next_poll_at).total_seconds())
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
            feed=without_secrets(outcome.feed_url),
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

    Settings are read again on SIGHUP, and when their file has changed. `ready` is called once,
    with the address of the server. Raises ConfigError when the address cannot be served at.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with listening(config) as listener:
        async with (
            Daemon.opened(config) as daemon,
            Running(daemon, poll=poll, clock=utc_now) as running,
        ):
            httpd = server(running.front)
            serving = asyncio.create_task(httpd.serve(sockets=[listener]))
            loop.add_signal_handler(signal.SIGHUP, running.reload)
            scheduler = AsyncIOScheduler(timezone=UTC)
            every = partial(scheduler.add_job, _job, trigger="interval", max_instances=1)
            every(args=[running.reloader.look], seconds=_LOOK)
            if poll:
                await daemon.prepare()
                every(args=[daemon.tick], seconds=_TICK.total_seconds(), next_run_time=utc_now())
                every(args=[daemon.keep_house], hours=1, next_run_time=utc_now())
                every(args=[daemon.ask_hubs], minutes=1)
                every(args=[daemon.list_feeds], hours=1, next_run_time=utc_now())
                every(args=[running.announce], seconds=_TICK.total_seconds())
            scheduler.start()
            address = address_of(listener)
            log.info("started", feeds=len(daemon.store.listed()), address=address)
            if ready is not None:
                ready(address)
            ended = asyncio.create_task(stop.wait())
            await asyncio.wait({ended, serving}, return_when=asyncio.FIRST_COMPLETED)
            log.info("stopping")
            loop.remove_signal_handler(signal.SIGHUP)
            scheduler.shutdown(wait=False)
            ended.cancel()
            httpd.should_exit = True
            await serving
    log.info("stopped")


async def _job(work: Callable[[], Awaitable[None]]) -> None:
    """Work of the scheduler, which cancels it at the end: no failure worth telling of."""
    with contextlib.suppress(asyncio.CancelledError):
        await work()


def _bounds(config: Config) -> Bounds:
    return Bounds(config.poll.interval, config.poll.min_interval, config.poll.max_interval)


def _manners(config: Config) -> dict[str, Any]:
    """How the fetcher behaves; all of it may change while it runs."""
    return {
        "user_agent": config.http.user_agent,
        "timeout": config.http.timeout,
        "max_bytes": config.http.max_bytes,
        "allow_networks": config.http.allow_networks,
        "per_host_delay": config.poll.per_host_delay,
    }
