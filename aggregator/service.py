"""`run` and `serve`: the server and the daemon from the first signal to the last."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import structlog
import uvicorn

from aggregator import serving
from aggregator.config import Config
from aggregator.daemon import Daemon
from aggregator.errors import StoreError
from aggregator.jobs import Jobs
from aggregator.running import Running
from aggregator.serving import Entrance, address_of, listening

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_LOOK = timedelta(seconds=2)  # between two looks at the files of the configuration
_DATABASE_PAUSE = 5  # seconds between two tries to open the database

log = structlog.get_logger(__name__)


async def run(
    config: Config, *, poll: bool = True, ready: Callable[[str], object] | None = None
) -> None:
    """Run the daemon until SIGTERM or SIGINT: it polls (unless told not to), and serves.

    Settings are read again on SIGHUP, and when their file has changed. While the database cannot
    be opened, the server says so and it is tried again. `ready` is called once, with the address
    of the server, when it serves. Raises ConfigError when the address cannot be served at,
    StoreError when the database's address is none.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _nothing)  # nothing runs yet that could reload
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
    async with Running(daemon, entrance, poll=poll) as running:
        jobs = Jobs(daemon.refused)
        jobs.every(running.reloader.look, _LOOK)
        if poll:
            await daemon.prepare()
            jobs.every(daemon.tick, _SECOND, at_once=True)
            jobs.every(daemon.keep_house, _HOUR, at_once=True)
            jobs.every(daemon.list_feeds, _HOUR, at_once=True)
            jobs.every(daemon.ask_hubs, _MINUTE)
            jobs.every(running.announce, _SECOND)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, running.reload)
        async with jobs.running():
            yield
        loop.add_signal_handler(signal.SIGHUP, _nothing)


def _nothing() -> None:
    """Do nothing: without a handler, SIGHUP would end the process."""


async def _close(server: uvicorn.Server, answering: "asyncio.Task[None]") -> None:
    server.should_exit = True
    await answering
