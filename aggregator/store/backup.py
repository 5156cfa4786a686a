"""Copies of a database while it is in use, and databases made of copies.

A backup is one SQLite file, whatever it is a backup of; so it also carries a database from SQLite
to PostgreSQL, with all ids. Both ways run beside a daemon: a backup reads one moment's state, a
restored state appears in one transaction of the one writer.
"""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from aggregator.errors import StoreError
from aggregator.store.database import connect, migrate, writing
from aggregator.store.labels import find_again
from aggregator.store.refusals import refusals_told
from aggregator.store.tables import CountersRow, StoryRow, table

_ROWS = 1_000  # at a time
_NO_DATA = {"alembic_version", "turn"}
_SIGN = b"SQLite format 3\x00"


def backup(url: str, file: Path) -> dict[str, int]:
    """Copy the database at `url` into `file`, whole or not at all; how many rows of what it has.

    An older file of that name is replaced when the new one is complete. Raises StoreError.
    """
    engine = connect(url)
    migrate(engine)
    try:
        with refusals_told(engine), _made_whole(file) as unfinished:
            if engine.dialect.name == "sqlite":
                _copy_pages(engine, unfinished)
            else:
                _copy_rows_out(engine, unfinished)
            return _counted(unfinished)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(
            f"The backup {file} cannot be written: {why}.",
            reason="backup",
            remedy="Name a place that can be written to, with room enough.",
        ) from error
    finally:
        engine.dispose()


def restore(url: str, file: Path) -> dict[str, int]:
    """Make the database at `url` what `file` holds; how many rows of what it has then.

    What is in the database goes, all in one transaction. A backup that an older version made is
    brought to today's schema first. Raises StoreError, and then nothing was changed.
    """
    with tempfile.TemporaryDirectory(prefix="aggregator-restore-") as folder:
        copy = Path(folder) / "backup.db"
        _check(file)
        copy.write_bytes(file.read_bytes())  # so that the backup stays as it is
        log = file.with_name(f"{file.name}-wal")
        if log.exists():  # the file of a daemon that was killed: its newest rows stand there
            copy.with_name(f"{copy.name}-wal").write_bytes(log.read_bytes())
        source = connect(f"sqlite:///{copy}")
        engine = connect(url)
        try:
            migrate(source)
            migrate(engine)
            with (
                refusals_told(engine),
                source.connect() as old,
                writing(engine).begin() as new,
            ):
                counts = _replace(old, new)
                _let_search_find(new)
                return counts
        except IntegrityError as error:
            raise _damaged(file, str(error.orig)) from error
        finally:
            source.dispose()
            engine.dispose()


# ------------------------------------------------------------------------------------- backup


@contextlib.contextmanager
def _made_whole(file: Path) -> Iterator[Path]:
    """A name to write to, which becomes `file` at the end of a block that does not raise."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        yield unfinished
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _copy_pages(engine: Engine, file: Path) -> None:
    with engine.connect() as connection, contextlib.closing(sqlite3.connect(file)) as target:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, not three


def _copy_rows_out(engine: Engine, file: Path) -> None:
    target = connect(f"sqlite:///{file}")
    try:
        migrate(target)
        snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
        with snapshot.begin() as old, writing(target).begin() as new:
            _replace(old, new)
    finally:
        target.dispose()
    with contextlib.closing(sqlite3.connect(file)) as done:
        done.execute("PRAGMA journal_mode=DELETE")


def _counted(file: Path) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for name in ("feed", "entry", "story")
        }


# ------------------------------------------------------------------------------------ restore


def _check(file: Path) -> None:
    """Whether this is a backup at all, and a sound one."""
    try:
        with file.open("rb") as opened:
            sign = opened.read(len(_SIGN))
    except OSError as error:
        raise StoreError(
            f"The backup {file} cannot be read: {error.strerror or error}.",
            reason="restore",
            remedy="Name a file that `aggregator backup` wrote.",
        ) from error
    if sign != _SIGN:
        raise _damaged(file, "it is no SQLite file")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            said = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            names = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise _damaged(file, str(error)) from error
    if said != "ok":
        raise _damaged(file, said)
    if "alembic_version" not in names or "story" not in names:
        raise _damaged(file, "it is a database of another program")


def _damaged(file: Path, why: str) -> StoreError:
    return StoreError(
        f"{file} cannot be restored: {why}.",
        reason="restore",
        remedy="Nothing was changed. Try an older backup.",
    )


def _replace(old: Connection, new: Connection) -> dict[str, int]:
    """All rows of one database in place of all rows of another."""
    tables = [found for found in StoryRow.metadata.sorted_tables if found.name not in _NO_DATA]
    revision = _revision(new)
    for one in reversed(tables):
        new.execute(delete(one))
    counts = {one.name: _copy_table(one, old, new) for one in tables}
    _count_on(new, tables, max(revision, _revision(new)) + 1)
    return {name: counts[name] for name in ("feed", "entry", "story")}


def _let_search_find(connection: Connection) -> None:
    """Write anew what no table of ours holds: the words by which stories are searched."""
    connection.exec_driver_sql("DELETE FROM story_words")
    story = table(StoryRow)
    kept = select(story.c.id).where(story.c.merged_into.is_(None)).order_by(story.c.id)
    find_again(connection, connection.execute(kept).scalars().all(), words=True)


def _copy_table(one: Table, old: Connection, new: Connection) -> int:
    keys = list(one.primary_key.columns)
    itself = [
        column
        for column in one.columns
        if any(key.column.table is one for key in column.foreign_keys)
    ]
    # Rows that point at others of their table come after those.
    order = [column.is_not(None) for column in itself] + keys
    rows = old.execution_options(yield_per=_ROWS).execute(select(one).order_by(*order))
    count = 0
    for part in rows.mappings().partitions(_ROWS):
        new.execute(insert(one), [dict(row) for row in part])
        count += len(part)
    return count


def _revision(connection: Connection) -> int:
    counters = table(CountersRow)
    return int(connection.execute(select(counters.c.revision)).scalar() or 0)


def _count_on(connection: Connection, tables: list[Table], revision: int) -> None:
    """Let numbers go on where they are: what is cached by revision, and the next rows' ids."""
    connection.execute(update(table(CountersRow)).values(revision=revision))
    if connection.dialect.name != "postgresql":
        return
    for one in tables:
        if "id" not in one.columns:
            continue
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": one.name}
        ).scalar()
        if sequence is not None:
            last = connection.execute(select(func.max(one.c.id))).scalar() or 0
            connection.execute(
                text("SELECT setval(:sequence, :next, false)"),
                {"sequence": sequence, "next": last + 1},
            )
