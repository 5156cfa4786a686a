"""`run` and `serve`: the server and the daemon from the first signal to the last."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import structlog
import uvicorn

from aggregator import serving
from aggregator.announce import Announcer
from aggregator.config import Config
from aggregator.daemon import Daemon
from aggregator.errors import StoreError
from aggregator.fetch import Poster
from aggregator.jobs import Jobs
from aggregator.metrics import Metrics
from aggregator.serving import Entrance, address_of, listening
from aggregator.site import StoredSite
from aggregator.web import create_app

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_DATABASE_PAUSE = 5  # seconds between two tries to open the database

log = structlog.get_logger(__name__)


async def run(
    config: Config, *, poll: bool = True, ready: Callable[[str], object] | None = None
) -> None:
    """Run the daemon until SIGTERM or SIGINT: it polls (unless told not to), and serves.

    While the database cannot be opened, the server says so and it is tried again. `ready` is
    called once, with the address of the server, when it serves. Raises ConfigError when the
    address cannot be served at, StoreError when the database's address is none.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    entrance = Entrance()
    with listening(config) as listener:
        server = serving.server(entrance)
        answering = asyncio.create_task(server.serve(sockets=[listener]))
        ended = asyncio.create_task(stop.wait())
        try:
            async with contextlib.AsyncExitStack() as stack:
                daemon = await _opened(config, stack, entrance, ended, shared=not poll)
                if daemon is not None:
                    async with _at_work(daemon, entrance, poll=poll):
                        address = address_of(listener)
                        log.info("started", feeds=len(daemon.store.listed()), address=address)
                        if ready is not None:
                            ready(address)
                        both = {ended, answering}
                        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                        log.info("stopping")
                await _close(server, answering)  # before the database is
        finally:
            ended.cancel()
            await _close(server, answering)
    log.info("stopped")


async def _opened(
    config: Config,
    stack: contextlib.AsyncExitStack,
    entrance: Entrance,
    ended: "asyncio.Task[bool]",
    *,
    shared: bool,
) -> Daemon | None:
    """The daemon, as soon as its database can be opened; None when it is to end before.

    Only an address that is none is not waited for. Raises StoreError for that.
    """
    reason = ""
    while not ended.done():
        try:
            return await stack.enter_async_context(Daemon.opened(config, shared=shared))
        except StoreError as error:
            if error.reason == "bad_database_url":
                raise
            entrance.reason = str(error)
            if error.reason != reason:  # not again and again
                log.error("waiting_for_database", reason=error.reason, error=str(error))  # noqa: TRY400
            reason = error.reason
        await asyncio.wait({ended}, timeout=_DATABASE_PAUSE)
    return None


@contextlib.asynccontextmanager
async def _at_work(daemon: Daemon, entrance: Entrance, *, poll: bool) -> AsyncIterator[None]:
    """Serve what the daemon has, and let it poll, as long as the context lasts."""
    config = daemon.config
    conditions = daemon.conditions if poll else tuple
    site = StoredSite(
        config, daemon.store, daemon.metrics, daemon.started.is_set, conditions=conditions
    )
    entrance.app = create_app(site, door=daemon.push, max_push=config.http.max_bytes)
    if not poll:
        yield
        return
    await daemon.prepare()
    jobs = Jobs(daemon.refused)
    jobs.every(daemon.tick, _SECOND, at_once=True)
    jobs.every(daemon.keep_house, _HOUR, at_once=True)
    jobs.every(daemon.list_feeds, _HOUR, at_once=True)
    if daemon.push is not None:
        jobs.every(daemon.push.ask, _MINUTE)
    async with announcing(config, site, daemon.metrics) as announcer:
        if announcer is not None:
            jobs.every(announcer.tick, _SECOND)
        async with jobs.running():
            yield


async def _close(server: uvicorn.Server, answering: "asyncio.Task[None]") -> None:
    server.should_exit = True
    await answering


@contextlib.asynccontextmanager
async def announcing(
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
