"""Hubs are told of changes by one worker alone, whichever has the database's lock for it."""

import asyncio

import psycopg
import structlog
from psycopg.sql import SQL, Literal

from aggregator.daemon import Daemon
from aggregator.queue.schema import address_of
from aggregator.running import announcing
from aggregator.site import StoredSite

_LOCK = 0x61676868
_TICK = 1.0  # seconds between two looks for changes
_AGAIN = 5.0  # seconds until somebody else's lock is tried again

log = structlog.get_logger(__name__)


async def announce_for_ever(daemon: Daemon) -> None:
    """Tell the configured hubs of changes whenever nobody else does, until cancelled.

    The lock goes with its connection, so whoever dies is followed by another within seconds; a
    change may be told of twice then, and none is missed.
    """
    config = daemon.config
    if not (config.websub.hubs and config.server.base_url):
        return
    address = address_of(config.database_url)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                address, autocommit=True
            ) as connection:
                if await _is_ours(connection):
                    await _announce(daemon, connection)
        except psycopg.Error as error:
            log.info("announcing_interrupted", error=str(error))
        await asyncio.sleep(_AGAIN)


async def _is_ours(connection: psycopg.AsyncConnection[tuple[bool]]) -> bool:
    lock = SQL("SELECT pg_try_advisory_lock({})").format(Literal(_LOCK))
    row = await (await connection.execute(lock)).fetchone()
    return row is not None and row[0]


async def _announce(daemon: Daemon, connection: psycopg.AsyncConnection[tuple[bool]]) -> None:
    """Announce as long as the connection holds, and with it the lock. Raises psycopg.Error."""
    site = StoredSite(daemon.config, daemon.store, daemon.metrics, daemon.started.is_set)
    async with announcing(daemon, site.version, site.heads) as announcer:
        while announcer is not None:
            await announcer.tick()
            await asyncio.sleep(_TICK)
            await connection.execute("SELECT 1")
