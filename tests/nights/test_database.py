"""The database takes nothing: polling waits, feeds are served, and all is made good later."""

import contextlib
import sqlite3
import subprocess
import sys
from datetime import timedelta

import pytest
from nightly import MINUTE, nights
from sqlalchemy import event

from aggregator.errors import StoreError
from aggregator.model import StoryQuery
from aggregator.site import StoredSite
from aggregator.store import Store


@pytest.fixture
async def night(sites, clocks, tmp_path):
    url = f"sqlite:///{tmp_path / 'aggregator.db'}?timeout=0.1"
    async with nights(sites, clocks, url) as one:
        yield one


def site_of(night) -> StoredSite:
    daemon = night.daemon
    started = daemon.started.is_set
    return StoredSite(
        daemon.config, daemon.store, daemon.metrics, started, conditions=daemon.conditions
    )


def told(night) -> tuple[dict, str]:
    """What /readyz and /metrics are made of."""
    site = site_of(night)
    return {check.name: check for check in site.readiness()}, site.metrics().decode()


async def waits_and_goes_on(night, reason: str, remedy: str, release) -> None:
    """After a first poll: the database refuses from here on, until `release` is called."""
    sites = night.sites
    stories = night.daemon.store.stories(StoryQuery())
    assert len(stories) == len(sites.hosts)
    polled, sites.edition = sites.asked.total(), 2
    await night.passes(timedelta(hours=2), step=MINUTE)

    asked = sites.asked.total() - polled
    assert asked <= 2 * len(sites.hosts), "publishers were asked for what nobody keeps"
    checks, metrics = told(night)
    assert not checks["writing"].ok
    assert not checks["writing"].vital
    assert checks["database"].ok
    assert remedy in checks["writing"].reason
    assert 'aggregator_degraded{what="writing"} 1.0' in metrics
    assert f'aggregator_database_refusals_total{{reason="{reason}"}}' in metrics
    served = night.daemon.store.stories(StoryQuery())
    assert {story.id for story in stories} <= {story.id for story in served}

    release()
    await night.passes(timedelta(hours=1), step=MINUTE)
    checks, metrics = told(night)
    assert all(check.ok for check in checks.values())
    assert 'aggregator_degraded{what="writing"} 0.0' in metrics
    assert night.daemon.store.counts()["entries"] == 2 * len(sites.hosts)
    assert night.daemon.store.broken() == []


async def test_a_full_disk(night):
    await night.tick()
    pool = night.daemon.store._engine
    limit = [True]

    @event.listens_for(pool, "checkout")
    def full(connection, _record, _proxy):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        most = pages if limit[0] else 2**30
        connection.execute(f"PRAGMA max_page_count={most}")

    def release():
        limit[0] = False

    night.sites.letters = 40_000  # more than half-filled pages have room for
    await waits_and_goes_on(night, "database_full", "Make room", release)


@contextlib.contextmanager
def _held(file):
    """Let another process hold the database; gives what ends that."""
    hold = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "d.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        try:
            yield holder.communicate
        finally:
            holder.kill()


async def test_another_process_that_holds_the_database(night, tmp_path):
    await night.tick()
    with _held(tmp_path / "aggregator.db") as release:
        await waits_and_goes_on(night, "database_locked", "Another program", release)


async def test_a_volume_that_became_read_only(night):
    await night.tick()
    read_only = ["ON"]

    @event.listens_for(night.daemon.store._engine, "checkout")
    def freeze(connection, _record, _proxy):
        connection.execute(f"PRAGMA query_only={read_only[0]}")

    await waits_and_goes_on(
        night, "database_read_only", "Mount its volume", lambda: read_only.__setitem__(0, "OFF")
    )


async def test_a_file_that_broke_is_read_as_far_as_possible_and_written_to_no_more(night, tmp_path):
    await night.tick()
    file, store = tmp_path / "aggregator.db", night.daemon.store
    with store._reads() as session:
        session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store._engine.dispose()
    _overwrite(file, "ix_entry_feed_guid")
    night.sites.edition, asked = 2, night.sites.asked.total()
    await night.passes(timedelta(hours=3))
    assert night.sites.asked.total() - asked <= 4
    checks, metrics = told(night)
    assert checks["database"].ok
    assert "aggregator restore" in checks["writing"].reason
    assert 'aggregator_database_refusals_total{reason="database_corrupt"}' in metrics
    assert len(store.stories(StoryQuery())) == 4
    assert any("SQLite says" in line for line in store.broken())


def _overwrite(file, tree: str) -> None:
    """Let the root page of a table or an index be noise."""
    with sqlite3.connect(file) as database:
        root, size = database.execute(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master "
            "WHERE name = ?",
            [tree],
        ).fetchone()
    with file.open("r+b") as opened:
        opened.seek((root - 1) * size)
        opened.write(b"\xa5" * size)


def test_one_pass_ends_with_the_databases_own_words(tmp_path, clocks):
    store = Store(f"sqlite:///{tmp_path / 'x.db'}?timeout=0.1")
    with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError) as refused:
            store.try_writing()
    assert refused.value.reason == "database_locked"
    store.try_writing()
    store.close()
