"""What a database says when it refuses, put so that a person can act on it.

The reasons are a bounded set: `database_full`, `database_read_only`, `database_locked`,
`database_corrupt`, `database_io`, and `database` for all else (a server that is down, an address
that leads nowhere). `newer_database` and `bad_database_url` come from opening one.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError

from aggregator.errors import StoreError

# SQLite's primary result codes, and PostgreSQL's SQLSTATEs (their beginnings).
_SQLITE = {
    sqlite3.SQLITE_FULL: "database_full",
    sqlite3.SQLITE_READONLY: "database_read_only",
    sqlite3.SQLITE_BUSY: "database_locked",
    sqlite3.SQLITE_LOCKED: "database_locked",
    sqlite3.SQLITE_CORRUPT: "database_corrupt",
    sqlite3.SQLITE_NOTADB: "database_corrupt",
    sqlite3.SQLITE_IOERR: "database_io",
}
_POSTGRESQL = {
    "53100": "database_full",
    "25006": "database_read_only",
    "55P03": "database_locked",
    "40P01": "database_locked",
    "XX001": "database_corrupt",
    "XX002": "database_corrupt",
    "58": "database_io",
}
_REMEDIES = {
    "database_full": "Make room on its volume, or lower `retention:`; polling goes on by itself.",
    "database_read_only": "Mount its volume for writing, or give its user the right to write "
    "there; polling goes on by itself.",
    "database_locked": "Another program holds it; end that one, or wait. Polling goes on by "
    "itself.",
    "database_corrupt": "Stop aggregator, move the file away (with its -wal and -shm), and run "
    "`aggregator restore` with a backup. Then look at the disk.",
    "database_io": "Look at the volume: is it full, gone, or failing? Polling goes on by itself "
    "when it can be written to.",
    "database": "Is the server up, the address right, and the folder there and writable?",
}


def refusal(engine: Engine, error: BaseException | None) -> StoreError:
    """The driver's error as one of ours."""
    where = engine.url.render_as_string(hide_password=True)
    reason = _reason(error)
    return StoreError(
        f"The database {where} cannot be used: {error}.",
        reason=reason,
        remedy=_REMEDIES[reason],
    )


@contextmanager
def refusals_told(engine: Engine) -> Iterator[None]:
    """A block in which a refusal of the database becomes a StoreError.

    What is a fault of ours, like a row that breaks a rule of its table, stays what it is.
    """
    try:
        yield
    except DatabaseError as error:
        # A broken SQLite file has no class of its own.
        if isinstance(error, OperationalError | InternalError) or type(error) is DatabaseError:
            raise refusal(engine, _first(error)) from error
        raise
    except sqlite3.OperationalError as error:  # where SQLite is asked without SQLAlchemy
        raise refusal(engine, error) from error


def _first(error: DatabaseError) -> BaseException | None:
    """The driver's first word: SQLite takes a transaction back by itself, and misses it then."""
    found, before = error, error.__context__
    while before is not None:
        found = before if isinstance(before, DatabaseError) else found
        before = before.__context__
    return found.orig


def _reason(error: BaseException | None) -> str:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return _SQLITE.get(code & 0xFF, "database") if code is not None else "database"
    state = getattr(error, "sqlstate", None) or ""
    return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2]) or "database"
