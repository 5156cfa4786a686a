"""Procrastinate's own tables: made, and brought up to date, by the first worker that starts.

Procrastinate keeps no record of its schema's version, so we do: the name of its newest migration,
as a comment on its table of jobs.
"""

from importlib.metadata import version
from pathlib import Path

import psycopg
import structlog
from procrastinate.schema import SchemaManager
from psycopg.sql import SQL, Literal
from sqlalchemy.engine import make_url

_LOCK = 0x61676773
_SIGN = "made by aggregator: "

log = structlog.get_logger(__name__)


def address_of(database_url: str) -> str:
    """The database's address as PostgreSQL's own library reads it."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


async def make_tables(database_url: str) -> None:
    """Make the queue's tables, or bring them up to date; whole or not at all, by one at a time.

    Tables that somebody else made are left as they are. Raises psycopg.Error.
    """
    migrations = _migrations()
    newest = migrations[-1].name
    async with (
        await psycopg.AsyncConnection.connect(address_of(database_url)) as connection,
        connection.transaction(),
    ):
        await connection.execute(SQL("SELECT pg_advisory_xact_lock({})").format(Literal(_LOCK)))
        row = await (await connection.execute(_KNOWN)).fetchone()
        there, told = row or (False, None)
        known = (told or "").removeprefix(_SIGN)
        if there and known == (told or ""):
            log.info("queue_tables_not_ours", remedy="Their owner keeps them up to date.")
            return
        if there and known >= newest:
            return
        todo = [file.read_text("utf-8") for file in migrations if file.name > known]
        for statements in todo if there else [SchemaManager.get_schema()]:
            await connection.execute(statements.encode())
        sign = SQL("COMMENT ON TABLE procrastinate_jobs IS {}").format(Literal(_SIGN + newest))
        await connection.execute(sign)
        log.info("queue_tables_made", procrastinate=version("procrastinate"), schema=newest)


def _migrations() -> list[Path]:
    """Procrastinate's migrations, the oldest first, as their names say."""
    folder = Path(SchemaManager.get_migrations_path())
    return sorted(folder.glob("*.sql"), key=lambda file: file.name)


_KNOWN = (
    "SELECT to_regclass('procrastinate_jobs') IS NOT NULL, "
    "obj_description(to_regclass('procrastinate_jobs'))"
)
