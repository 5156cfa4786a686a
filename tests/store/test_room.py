"""What retention forgets is given back to the disk."""

import sqlite3
from datetime import timedelta
from random import Random

from test_store import LONG_AGO, NOW, filed, listed, reading

from aggregator.store import Store

FEED = "https://a.example/feed"


def size(folder) -> int:
    return sum(file.stat().st_size for file in folder.glob("x.db*") if "shm" not in file.name)


def test_the_file_gets_smaller_when_entries_are_forgotten(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'x.db'}")
    feed, dice = listed(store, FEED)[FEED], Random(1)
    for n in range(60):
        noise = f"<p>{dice.randbytes(20_000).hex()}</p>"
        filed(store, feed, reading(f"item{n}", noise, content_html=noise))
    before = size(tmp_path)
    with store.writing(LONG_AGO) as transaction:
        transaction.drop(feed.id, [], NOW)
        gone, _ = transaction.retire(NOW + timedelta(days=100), timedelta(days=90))
    assert gone["entries"] == 60
    assert store.give_back() > 0
    assert size(tmp_path) < before / 4
    assert store.give_back() == 0
    assert store.broken() == []
    store.close()


def test_a_file_that_an_earlier_version_made_is_left_as_it_is(tmp_path):
    with sqlite3.connect(tmp_path / "x.db") as old:  # without auto_vacuum
        old.execute("CREATE TABLE mine (x)")
        old.execute("PRAGMA user_version=1")
    store = Store(f"sqlite:///{tmp_path / 'x.db'}")
    assert store.give_back() == 0
    store.close()


def test_postgresql_sees_to_this_itself(postgres_database):
    store = Store(postgres_database)
    assert store.give_back() == 0
    store.close()
