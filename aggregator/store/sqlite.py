"""SQLite as we use it: WAL, durable, space given back; and read where it cannot be written."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

from aggregator.errors import StoreError

_PATIENCE = 30.0  # seconds that are waited for another writer; `?timeout=` of the address says else
_PART = 2_000  # pages given back to the disk at a time
_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    # A story's id that a subscriber has seen must not be lost with the power.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-8192",
    # What a burst of writing made of the log goes back to the disk with the next checkpoint.
    "PRAGMA journal_size_limit=67108864",
)


class _Reader(sqlite3.Connection):
    """A connection to a file on a volume that cannot be written to."""


def sqlite_engine(address: URL) -> Engine:
    """An engine for a file, whose folder is made, or for memory. Raises StoreError.

    A file that is there and cannot be written to is opened for reading; as soon as it can be
    written to, connections are made anew.
    """
    name = address.database
    given = address.query.get("timeout")
    patience = float(given) if isinstance(given, str) else _PATIENCE
    if not name or name == ":memory:":
        engine = create_engine(address, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", lambda connection, _: _prepare(connection))
        return engine
    file = Path(name)
    _make_folder(file.parent)
    engine = create_engine(address, creator=lambda: _opened(file, patience))

    @event.listens_for(engine, "checkout")
    def anew(connection: Any, _record: Any, _proxy: Any) -> None:
        if isinstance(connection, _Reader) and _writable(file):
            raise DisconnectionError  # SQLAlchemy opens another

    return engine


def give_back(connection: sqlite3.Connection) -> int:
    """Give pages that nothing uses back to the disk, a part at a time; how many went.

    To be called outside of transactions.
    """
    before = _free(connection)
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA incremental_vacuum({_PART})").fetchall()
    return before - _free(connection)


def truncate_log(connection: sqlite3.Connection) -> None:
    """Move the write-ahead log into the file, and make it empty where nobody reads it."""
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _free(connection: sqlite3.Connection) -> int:
    with contextlib.closing(connection.cursor()) as cursor:
        return int(cursor.execute("PRAGMA freelist_count").fetchone()[0])


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {folder} for the database cannot be made: {error.strerror}.",
            reason="database",
            remedy="Make it yourself, or name another place under `database:`.",
        ) from error


def _opened(file: Path, patience: float) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(file, timeout=patience, check_same_thread=False)
        try:
            _prepare(connection)
        except sqlite3.Error:
            connection.close()
            raise
    except sqlite3.OperationalError:
        if not file.exists() or _writable(file):
            raise
        return _for_reading(file, patience)
    return connection


def _for_reading(file: Path, patience: float) -> sqlite3.Connection:
    log = Path(f"{file}-wal")
    # Without a log to follow, and on a volume where none can be made, the file is all there is.
    last = "" if log.exists() and log.stat().st_size else "&immutable=1"
    for how in dict.fromkeys(("mode=ro", f"mode=ro{last}")):
        connection = sqlite3.connect(
            f"file:{quote(str(file.absolute()))}?{how}",
            uri=True,
            timeout=patience,
            check_same_thread=False,
            factory=_Reader,
        )
        try:
            connection.isolation_level = None
            connection.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError:
            connection.close()
            if how.endswith(last):
                raise
        else:
            return connection
    raise AssertionError("one of the two ways ends it")


def _prepare(connection: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, and mean it
    with contextlib.closing(connection.cursor()) as cursor:
        # Counts for a file that holds nothing yet; for another it would be a write, and wait.
        if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
            cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
        for setting in _SETTINGS:
            cursor.execute(setting)


def _writable(file: Path) -> bool:
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)
