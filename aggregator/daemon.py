"""Wires the parts of polling together: what is due, what is in hand, and what hinders it."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import structlog

from aggregator.agenda import Agenda, host_of
from aggregator.config import Config, feeds_from_opml
from aggregator.errors import AggregatorError, OvertakenError, StoreError
from aggregator.fetch import Bounds, Fetcher
from aggregator.metrics import Metrics
from aggregator.model import Feed, FeedSpec, Outlet, PollOutcome
from aggregator.outlets import told_outlets
from aggregator.pipeline import Pipeline
from aggregator.publish import without_secrets
from aggregator.push import Push, callback_base
from aggregator.reading import know_outlets, known_outlets
from aggregator.setbacks import UNREACHED, Condition, Network, Storage, WallClock
from aggregator.store import Store
from aggregator.tracing import tracing
from aggregator.turns import SharedTurns
from aggregator.workers import Workers
from aggregator.writer import Writer

_TICK = timedelta(seconds=1)
_MOST_WAITING = 10_000  # feeds that are due and not begun; the rest is found by later ticks
_READ_AT_ONCE = 64  # feeds
_SPREAD = 60  # moments that feeds are spread over when the network is up again

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
        shared: bool = False,
        clock: Callable[[], datetime] = utc_now,
        dice: Random | None = None,
        steady: Callable[[], float] = time.monotonic,
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
            shared=shared,
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
        self._steady = steady
        self._storage, self._network = Storage(steady), Network()
        self._wall = WallClock(steady)
        self._listed = False
        self._held: dict[int, float] = {}  # feeds whose poll was not kept, until when
        self._probed = float("-inf")
        self.metrics.watch(
            waiting=lambda: len(self._agenda) - self._agenda.busy, writes=self._writer.__len__
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(
        cls,
        config: Config,
        *,
        shared: bool = False,
        clock: Callable[[], datetime] = utc_now,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> AsyncIterator["Daemon"]:
        """A daemon with its database open; all is closed at the end. Traces where it is asked to.

        `shared`: it has the database in common with workers on other machines, if it is one for
        many, and takes turns at hosts with them. `clock` is the time of day, `steady` gives
        seconds that only grow, `sleep` waits for them. Raises StoreError, and ConfigError where
        traces are asked for that cannot be had.
        """
        with tracing():
            store = await asyncio.to_thread(Store, config.database_url)
            turns = SharedTurns(store) if shared and store.for_many else None
            told = told_outlets(config, await asyncio.to_thread(store.added))
            workers = Workers(partial(know_outlets, *told))
            try:
                async with Fetcher(
                    **_manners(config),
                    concurrency=config.poll.concurrency,
                    others=turns,
                    clock=steady,
                    sleep=sleep,
                    now=clock,
                ) as fetcher:
                    daemon = cls(
                        *(config, store, fetcher, workers, told),
                        shared=turns is not None,
                        clock=clock,
                        steady=steady,
                    )
                    writing = asyncio.create_task(daemon._writer.run())
                    try:
                        yield daemon
                    finally:
                        await daemon._stop_polling()
                        daemon._workers.close()
                        writing.cancel()
                        await asyncio.gather(writing, return_exceptions=True)
            finally:
                if turns is not None:
                    await turns.close()
                workers.close()
                store.close()

    # ------------------------------------------------------------------------------- jobs

    async def prepare(self) -> None:
        """Make ready to poll: the configured feeds listed, the workers started.

        Where the database takes nothing, the feeds are listed when it does.
        """
        try:
            await asyncio.to_thread(self.store.try_writing)
            await self.list_feeds(fetch=False)
        except StoreError as error:
            self.refused(error)
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
        self._listed = True
        self._network.of_feeds(len(specs))

    async def tick(self) -> None:
        """See which feeds are due, and begin as many of them as there is room for.

        Where nothing can be kept, nobody is asked: it is tried now and then whether it can.
        """
        try:
            if self._storage.trouble is not None and not await self._writable_again():
                return
            now = self._clock()
            if self._wall.went_back(now):
                await self._set_back(now)
            if self._network.down_since is not None:
                await self._probe(now)
            most = _MOST_WAITING - len(self._agenda)
            due = await asyncio.to_thread(self.store.waiting, now, most, self._besides())
        except StoreError as error:
            self.refused(error)
            return
        self.started.set()
        self._agenda.add(due)
        await self._fill()

    def refused(self, error: StoreError) -> None:
        """Note that the database refused something: polling waits until it works again."""
        self.metrics.refused(error.reason)
        if self._storage.failed(error):
            log.error("database_failed", reason=error.reason, error=str(error))

    def conditions(self) -> Sequence[Condition]:
        """What polling needs, and what is wrong with it."""
        return (self._storage.condition, self._network.condition, self._wall.condition)

    async def poll_once(self, feeds: Sequence[Feed], seen: Callable[[PollOutcome], None]) -> None:
        """Poll each of these feeds once; `seen` is told of each as it ends.

        Raises StoreError when the database takes nothing.
        """
        self._seen = seen
        self._agenda.add((feed.id, feed.poll_url) for feed in feeds)
        await self._fill()
        while len(self._agenda):  # as polls end, others begin
            if self._storage.trouble is not None:
                raise self._storage.trouble
            self._moved.clear()
            await self._moved.wait()

    @property
    def waiting(self) -> int:
        """How many feeds wait for their poll or are being polled."""
        return len(self._agenda)

    @property
    def in_hand(self) -> int:
        """How many feeds are being polled."""
        return len(self._polling)

    async def keep_house(self) -> None:
        """Forget what is older than the configuration says, and give its room back."""
        # Copies are looked for among stored stories, so those are kept for the window at least.
        retention = max(self.config.retention, self.config.dedupe.window)
        gone = await self._pipeline.retire(retention)
        if any(gone.values()):
            log.info("retired", **gone)
        # What was filed while the clock was put right may have a date of the wrong day.
        await asyncio.to_thread(self.store.set_back, self._clock())
        pages = await asyncio.to_thread(self.store.give_back)
        if pages:
            log.info("room_given_back", pages=pages)

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
        if self._filling or self._storage.trouble is not None:
            return
        self._filling = True
        try:
            while self._storage.trouble is None and (numbers := self._agenda.take(_READ_AT_ONCE)):
                begun: set[int] = set()
                try:
                    for feed in await asyncio.to_thread(self.store.numbered, numbers):
                        self._begin(feed)
                        begun.add(feed.id)
                except StoreError as error:
                    self.refused(error)
                finally:
                    for number in set(numbers) - begun:
                        self._agenda.done(number)
                        self._moved.set()
        finally:
            self._filling = False

    def begun(self, feed: Feed, lateness: float) -> None:
        """Note that a poll begins, so many seconds after it was due."""
        del feed
        self.metrics.begun(lateness)

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
        """Poll one feed, count it, tell the log. None where nothing was kept: it is due still."""
        if feed.next_poll_at is not None:
            late = (self._clock() - feed.next_poll_at).total_seconds()
            self.begun(feed, max(late, 0.0))
        start = time.perf_counter()
        try:
            try:
                outcome = await self._pipeline.poll(feed)
            except StoreError:
                raise
            except OvertakenError:
                log.info("poll_overtaken", feed=feed.spec.url)
                return None
            except Exception as error:  # one feed's surprise must not stop the others
                log.exception("poll_crashed", feed=feed.spec.url)
                outcome = await self._pipeline.crashed(feed, error)
        except StoreError as error:
            # Nothing was kept, so the feed is due still; its publisher is not to pay for that.
            self.refused(error)
            self._held[feed.id] = self._steady() + self.config.poll.interval.total_seconds()
            return None
        self._storage.worked()
        if self._network.seen(feed.id, host_of(feed.poll_url), outcome, self._clock()):
            await self._network_changed()
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

    def _besides(self) -> Collection[int]:
        """The feeds that are not to be begun: in hand already, or asked for a moment ago."""
        now = self._steady()
        self._held = {feed: until for feed, until in self._held.items() if until > now}
        return self._held.keys() | self._agenda.known

    async def _writable_again(self) -> bool:
        if not self._storage.may_try():
            return False
        await asyncio.to_thread(self.store.try_writing)
        self._storage.tried()
        log.info("database_recovered")
        if not self._listed:
            await self.list_feeds(fetch=False)
        return True

    async def _set_back(self, now: datetime) -> None:
        """Plan anew what was planned by a clock that was ahead."""
        feeds = await asyncio.to_thread(self.store.set_back, now)
        if feeds:
            log.warning("clock_set_back", feeds=feeds)

    async def _probe(self, now: datetime) -> None:
        """Ask for one feed, now and then, to see whether the network is up again."""
        if self._steady() - self._probed < self.config.poll.min_interval.total_seconds():
            return
        self._probed = self._steady()
        self._fetcher.wake()
        await asyncio.to_thread(self.store.poll_now, self._network.last_feed, now)

    async def _network_changed(self) -> None:
        """Tell of it; ask again soon for what was not reached, when it is up again."""
        if self._network.down_since is not None:
            log.error("network_down", error=self._network.condition.trouble)
            return
        self._fetcher.wake()
        step = self.config.poll.min_interval / _SPREAD
        moments = [self._clock() + n * step for n in range(_SPREAD)]
        since = self._network.was_down_since or self._clock()
        feeds = await asyncio.to_thread(self.store.hasten, since, UNREACHED, moments)
        log.info("network_up", feeds=feeds)

    async def _stop_polling(self) -> None:
        tasks: list[asyncio.Future[Any]] = [*self._chores, *self._polling.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
