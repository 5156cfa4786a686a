"""Opening a database: SQLite in WAL mode or PostgreSQL, brought to today's schema."""

import contextlib
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from aggregator.errors import StoreError

# One number for all writers of one database; PostgreSQL's advisory locks are per database.
_WRITER_LOCK = 0x61676772


def connect(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`, not yet migrated.

    SQLite's folder is made where it is missing. Raises StoreError for other databases.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    return create_engine(address, pool_pre_ping=True, pool_size=8)


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the one writer's place when they begin.

    Two writers that match two copies at the same moment must see each other's story, so
    matching is serial: BEGIN IMMEDIATE on SQLite, a transaction's advisory lock on PostgreSQL.
    """
    return engine.execution_options(aggregator_writes=True)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`, forward or back.

    Raises StoreError when it is of a newer version.
    """
    config = alembic_config()
    scripts = ScriptDirectory.from_config(config)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in scripts.walk_revisions()}
        if current is not None and current not in known:
            raise StoreError(
                f"The database {engine.url.render_as_string()} has schema {current}, "
                "which this version does not know: a newer version of aggregator has used it.",
                reason="newer_database",
                remedy="Run that version again, or restore a backup made by this one.",
            )
        if current == scripts.get_current_head() and revision == "head":
            return
        before = {script.revision for script in scripts.iterate_revisions(current, "base")}
        move = command.downgrade if revision in before | {"base"} else command.upgrade
        with (
            writing(engine).connect() as connection,
            _without_cascades(connection),
            connection.begin(),
        ):
            config.attributes["connection"] = connection
            move(config, revision)
    except OperationalError as error:
        raise unusable(engine, error) from error


@contextlib.contextmanager
def _without_cascades(connection: Connection) -> Iterator[None]:
    """SQLite makes a table anew to alter it; what hangs on the old one's rows must not go then."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.execute("PRAGMA foreign_keys=OFF")  # which counts outside of transactions only
    try:
        yield
    finally:
        if isinstance(driver, sqlite3.Connection):
            driver.execute("PRAGMA foreign_keys=ON")


def alembic_config() -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(files("aggregator.store") / "migrations"))
    return config


def unusable(engine: Engine, error: OperationalError) -> StoreError:
    """The database's refusal, said so that a person can act on it."""
    where = engine.url.render_as_string(hide_password=True)
    return StoreError(
        f"The database {where} cannot be used: {error.orig}.",
        reason="database",
        remedy="Is the server up, the address right, and the folder there and writable?",
    )


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "The database's address cannot be read.",
            reason="bad_database_url",
            remedy="Write sqlite:///data/aggregator.db or postgresql://user:password@host/name.",
        ) from error
    backend = address.get_backend_name()
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(
            f"{backend} is no database that aggregator can use.",
            reason="bad_database_url",
            remedy="SQLite (sqlite:///...) and PostgreSQL (postgresql://...) are.",
        )
    return address


def _sqlite(address: URL) -> Engine:
    if address.database and address.database != ":memory:":
        folder = Path(address.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {folder} for the database cannot be made: {error.strerror}.",
                reason="database",
                remedy="Make it yourself, or name another place under `database:`.",
            ) from error
    engine = create_engine(address, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, and mean it
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
            # A story's id that a subscriber has seen must not be lost with the power.
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA cache_size=-8192")

    return engine


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("aggregator_writes", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
