"""Opening a database: SQLite in WAL mode or PostgreSQL, brought to today's schema."""

import contextlib
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from aggregator.errors import StoreError
from aggregator.store.refusals import refusals_told
from aggregator.store.sqlite import sqlite_engine

# One number for all writers of one database; PostgreSQL's advisory locks are per database.
_WRITER_LOCK = 0x61676772


def connect(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`, not yet migrated.

    SQLite's folder is made where it is missing. Raises StoreError for other databases.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return sqlite_engine(address)
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
    with refusals_told(engine):
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


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("aggregator_writes", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
