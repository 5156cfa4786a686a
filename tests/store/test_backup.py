"""Backups are whole, carry ids from one kind of database to the other, and restore at once."""

import sqlite3
import threading
from datetime import timedelta

import pytest

from aggregator.errors import StoreError
from aggregator.model import Decision, Face, FeedSpec, Provenance, StoryQuery
from aggregator.store import Store
from aggregator.store.backup import backup, restore
from aggregator.store.tables import StoryRow
from tests.store.test_store import NOW, reading

LONG_AGO = NOW - timedelta(days=7)
FEED = "https://a.example/feed"


def filled(url, names=("one", "two", "three")):
    """A store of one feed in which each name is a story."""
    store = Store(url)
    store.list_feeds([FeedSpec(FEED, "A")], NOW)
    (feed,) = store.listed()
    add(store, feed.id, names)
    return store


def add(store, feed_id, names):
    with store.writing(LONG_AGO) as transaction:
        numbers = transaction.save(feed_id, [reading(name) for name in names], NOW)
        faces = {}
        for number, name in zip(numbers, names, strict=True):
            story = transaction.new_story(NOW)
            transaction.place(number, story, Decision(None))
            address = f"https://a.example/{name}"
            faces[story] = Face(number, f"Title of {name}", address, "en", Provenance(None), name)
        transaction.show(faces, NOW)
        transaction.published()


def rows(url):
    """All rows of all tables, by table."""

    store = Store(url)
    with store._reads() as session:
        found = {
            one.name: sorted(map(repr, session.connection().execute(one.select())))
            for one in StoryRow.metadata.sorted_tables
            if one.name not in {"alembic_version", "counters"}
        }
    store.close()
    return found


def test_a_backup_holds_all_rows_of_any_database(database_url, tmp_path):
    filled(database_url).close()
    counts = backup(database_url, tmp_path / "kept.db")
    assert counts == {"feed": 1, "entry": 3, "story": 3}
    assert rows(f"sqlite:///{tmp_path / 'kept.db'}") == rows(database_url)
    assert not list(tmp_path.glob("*unfinished*"))
    assert not list(tmp_path.glob("kept.db-*"))


def test_a_restored_database_goes_on_where_the_backup_was_made(database_url, tmp_path):
    store = filled(database_url)
    before = rows(database_url)
    version = store.version()
    backup(database_url, tmp_path / "kept.db")
    add(store, store.listed()[0].id, ["four", "five"])
    assert rows(database_url) != before

    assert restore(database_url, tmp_path / "kept.db")["story"] == 3
    assert rows(database_url) == before
    assert store.version() != version  # what was cached counts no more
    assert [story.title for story in store.stories(StoryQuery(words="two"))] == ["Title of two"]
    assert store.stories(StoryQuery(words="four")) == []
    add(store, store.listed()[0].id, ["six"])  # numbers go on
    assert store.counts()["entries"] == 4
    store.close()


def test_a_database_moves_from_sqlite_to_postgresql_with_its_ids(postgres_database, tmp_path):
    old = f"sqlite:///{tmp_path / 'old.db'}"
    filled(old).close()
    backup(old, tmp_path / "kept.db")
    restore(postgres_database, tmp_path / "kept.db")
    assert rows(postgres_database) == rows(old)
    store = Store(postgres_database)
    add(store, store.listed()[0].id, ["four"])
    assert store.counts()["stories"] == 4
    store.close()


def test_stories_that_lead_to_others_are_restored(tmp_path, database_url):
    store = filled(database_url)
    ids = [story.id for story in store.stories(StoryQuery())]
    with store.writing(LONG_AGO) as transaction:
        transaction.join(1, 2, [])
        transaction.join(1, 3, [])
    kept = {store.story(id_).id for id_ in ids}
    backup(database_url, tmp_path / "kept.db")
    restore(database_url, tmp_path / "kept.db")
    assert {store.story(id_).id for id_ in ids} == kept
    assert len(kept) == 1
    store.close()


def test_a_backup_made_while_others_write_is_of_one_moment(tmp_path):
    url = f"sqlite:///{tmp_path / 'busy.db'}"
    store = filled(url)
    feed, stop = store.listed()[0].id, threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            add(store, feed, [f"new-{number}-{part}" for part in range(5)])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            counts = backup(url, tmp_path / f"{number}.db")
            assert counts["entry"] == counts["story"]
            kept = Store(f"sqlite:///{tmp_path / f'{number}.db'}")
            assert kept.broken() == []
            kept.close()
    finally:
        stop.set()
        writer.join()
    store.close()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no SQLite file"),
        (b"PK\x03\x04 not a database", "no SQLite file"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "cannot be restored"),
    ],
)
def test_what_is_no_backup_changes_nothing(tmp_path, content, told):
    url = f"sqlite:///{tmp_path / 'mine.db'}"
    filled(url).close()
    before = rows(url)
    (tmp_path / "kept.db").write_bytes(content)
    with pytest.raises(StoreError, match=told):
        restore(url, tmp_path / "kept.db")
    assert rows(url) == before


def test_a_database_of_another_program_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'mine.db'}"
    filled(url).close()
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE story (id)")
    with pytest.raises(StoreError, match="another program"):
        restore(url, tmp_path / "other.db")


def test_a_backup_that_cannot_be_written_leaves_the_old_one(tmp_path):
    url = f"sqlite:///{tmp_path / 'mine.db'}"
    filled(url).close()
    with pytest.raises(StoreError, match="cannot be written"):
        backup(url, tmp_path / "nowhere" / "kept.db")


def test_a_sound_database_has_nothing_to_tell(database_url):
    store = filled(database_url)
    assert store.broken() == []
    store.close()


def test_what_does_not_hold_together_is_told(database_url):
    store = filled(database_url)
    with store._writes() as session:
        session.connection().exec_driver_sql("DELETE FROM copy WHERE story_id = 2")
        session.connection().exec_driver_sql("UPDATE story SET merged_into = 1 WHERE id = 3")
    told = " ".join(store.broken())
    assert "1 entries belong to no story" in told
    assert "1 stories have no copy" in told
    assert "1 copies are in a story that was joined to another" in told
    store.close()


def test_the_file_of_a_daemon_that_was_killed_is_restored_with_its_newest_rows(
    database_url, tmp_path
):
    there = tmp_path / "killed"
    there.mkdir()
    store = filled(f"sqlite:///{tmp_path / 'running.db'}")
    for file in tmp_path.glob("running.db*"):  # as a kill leaves them
        (there / file.name).write_bytes(file.read_bytes())
    wanted = rows(f"sqlite:///{tmp_path / 'running.db'}")
    assert (there / "running.db-wal").stat().st_size, "what is new stands in the log"
    assert restore(database_url, there / "running.db") == {"feed": 1, "entry": 3, "story": 3}
    assert rows(database_url) == wanted
    store.close()
