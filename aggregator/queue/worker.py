"""A worker: takes jobs until it is told to stop, and goes on when the database comes back."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable

import psycopg
import structlog
from procrastinate import App
from procrastinate.exceptions import ProcrastinateException
from procrastinate.worker import Worker
from sqlalchemy.engine import make_url

from aggregator.config import Config
from aggregator.daemon import Daemon
from aggregator.errors import ConfigError, StoreError
from aggregator.queue.announcing import announce_for_ever
from aggregator.queue.rescue import HEARTBEAT, rescue_for_ever
from aggregator.queue.schema import make_tables
from aggregator.queue.tasks import Tasks
from aggregator.store.queue import QUEUE

_LOOK = 1.0  # seconds between two looks for jobs that nobody was told of
_GRACE = 5.0  # seconds that polls under way get at the end
_PAUSE = 2.0  # seconds before the queue is tried again

log = structlog.get_logger(__name__)


async def work(config: Config, *, ready: Callable[[], object] | None = None) -> None:
    """Work until SIGTERM or SIGINT. `ready` is called once, when jobs can be taken.

    Raises ConfigError where the database is none for many machines, and StoreError where it cannot
    be used at the start.
    """
    if make_url(config.database_url).get_backend_name() != "postgresql":
        raise ConfigError(
            "A worker shares its database with other machines, which a SQLite file cannot.",
            reason="not_for_many",
            remedy="On one machine, `aggregator run` does all. For many, set database: to "
            "postgresql://user:password@host/name; `aggregator backup FILE` before and "
            "`aggregator restore FILE` after take everything along.",
        )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, _told_to_reload)
    # It tells of each try to connect; we tell of the queue's failure.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    async with Daemon.opened(config, shared=True) as daemon:
        try:
            await make_tables(config.database_url)
        except psycopg.Error as error:
            raise StoreError(
                f"The queue's tables cannot be made: {error}.",
                reason="database",
                remedy="Does its user own the schema `public` of that database?",
            ) from error
        await daemon.prepare()
        tasks = Tasks(daemon, stopping)
        if ready is not None:
            ready()
        log.info("worker_started", feeds=len(daemon.store.listed()))
        announcing = asyncio.create_task(announce_for_ever(daemon))
        await _take_jobs_until(stopping, tasks, config.poll.concurrency)
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)
        log.info("worker_stopping")
    log.info("worker_stopped")


def _told_to_reload() -> None:
    """Without a handler, SIGHUP would end the process."""
    log.warning(
        "config_not_reloaded", reason="a worker reads its settings at the start: restart it"
    )


async def _take_jobs_until(stopping: asyncio.Event, tasks: Tasks, at_once: int) -> None:
    """Take jobs until it is time to stop, whatever becomes of the database meanwhile."""
    gone: int | None = None  # our name in the queue, where we could not take it back
    while not stopping.is_set():
        worker = Worker(
            tasks.app,
            queues=[QUEUE],
            name=f"{socket.gethostname()}-{os.getpid()}",
            concurrency=at_once,
            fetch_job_polling_interval=_LOOK,
            shutdown_graceful_timeout=_GRACE,
            delete_jobs="always",  # what a poll came to stands in its feed, and in the log
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
        )
        try:
            async with tasks.app.open_async():
                if gone is not None:  # so that nobody waits for what we had in hand then
                    await tasks.app.job_manager.unregister_worker(gone)
                    gone = None
                await tasks.begin()
                await _run(worker, tasks.app, stopping)
        except (psycopg.Error, ProcrastinateException, OSError) as error:
            log.warning("queue_failed", error=str(error.__cause__ or error))
            gone = worker.worker_id or gone
        if not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _PAUSE)


async def _run(worker: Worker, app: App, stopping: asyncio.Event) -> None:
    """Run a worker until it is time to stop, or until the queue fails, which raises."""
    working = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
    rescuing = asyncio.create_task(rescue_for_ever(app))
    stopped = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, rescuing, stopped):
            task.cancel()
        results = await asyncio.gather(working, rescuing, stopped, return_exceptions=True)
    failure = results[0]
    if isinstance(failure, Exception):
        raise failure
