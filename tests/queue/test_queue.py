"""The queue itself: its tables, who does what, and what dead workers leave behind."""

import asyncio
import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from rich.console import Console

from aggregator.condition import for_people, status
from aggregator.config import Config
from aggregator.daemon import Daemon, utc_now
from aggregator.metrics import Metrics
from aggregator.model import FeedSpec, StoryQuery
from aggregator.queue import rescue as rescuing
from aggregator.queue.rescue import rescue
from aggregator.queue.schema import make_tables
from aggregator.queue.tasks import Tasks
from aggregator.site import StoredSite
from aggregator.store import Store
from aggregator.store.queue import QUEUE
from benchmarks.hosts import Land, hosts


def query(url, statement, *values):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
async def jobs(postgres_database):
    """A worker's jobs on ten feeds of three hosts; nobody runs them."""
    await make_tables(postgres_database)
    config = Config(database=postgres_database)
    async with Daemon.opened(config, shared=True) as daemon:
        daemon.store.list_feeds(
            [FeedSpec(f"http://feeds.{'abc'[n % 3]}.example/{n}.xml") for n in range(10)], utc_now()
        )
        jobs = Tasks(daemon, asyncio.Event())
        async with jobs.app.open_async():
            yield jobs


def waiting(url):
    rows = query(url, "SELECT lock, args->'feeds' FROM procrastinate_jobs WHERE status = 'todo'")
    return dict(rows)


async def test_a_tick_makes_one_job_of_each_host_and_none_of_what_has_one(jobs, postgres_database):
    await jobs.hand_out()
    found = waiting(postgres_database)
    assert found == {
        "a.example": [1, 4, 7, 10],
        "b.example": [2, 5, 8],
        "c.example": [3, 6, 9],
    }
    await jobs.hand_out()
    assert waiting(postgres_database) == found


async def test_what_a_worker_has_in_hand_is_not_handed_out_again(jobs, postgres_database):
    await jobs.hand_out()
    worker = await jobs.app.job_manager.register_worker()
    job = await jobs.app.job_manager.fetch_job([QUEUE], worker)
    assert job.lock == "a.example"
    await jobs.hand_out()
    assert set(waiting(postgres_database)) == {"b.example", "c.example"}


async def test_jobs_of_a_silent_worker_are_made_anew_even_when_it_had_the_tick(
    jobs, postgres_database
):
    manager = jobs.app.job_manager
    await jobs.app.tasks["tick"].defer_async(timestamp=1)
    await jobs.hand_out()
    worker = await manager.register_worker()
    held = [await manager.fetch_job([QUEUE], worker) for _ in range(3)]
    assert [job.task_name for job in held] == ["tick", "poll_host", "poll_host"]
    await jobs.app.tasks["tick"].defer_async(timestamp=2)
    alive = await manager.register_worker()
    assert await manager.fetch_job([QUEUE], alive), "a job that the dead one did not have"
    assert await manager.fetch_job([QUEUE], alive) is None, "the tick waits for the dead one's"

    assert await rescue(jobs.app) == 0, "nobody is thought dead too early"
    silence = timedelta(seconds=rescuing._SILENCE + 1)
    query(
        postgres_database,
        "UPDATE procrastinate_workers SET last_heartbeat = now() - %s WHERE id = %s",
        silence,
        worker,
    )
    assert await rescue(jobs.app) == 3
    assert await rescue(jobs.app) == 0
    assert (await manager.fetch_job([QUEUE], alive)).task_name == "tick"
    await jobs.hand_out()
    assert len(waiting(postgres_database)) == 2


async def test_workers_that_are_long_gone_are_forgotten(jobs, postgres_database):
    worker = await jobs.app.job_manager.register_worker()
    query(
        postgres_database,
        "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'",
    )
    await rescue(jobs.app)
    assert (worker,) not in query(postgres_database, "SELECT id FROM procrastinate_workers")


async def test_many_that_start_at_once_make_the_tables_once(postgres_database):
    await asyncio.gather(*(make_tables(postgres_database) for _ in range(4)))
    assert query(postgres_database, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]


async def test_a_newer_schema_of_procrastinate_is_applied_once(
    postgres_database, tmp_path, monkeypatch
):
    await make_tables(postgres_database)
    folder = tmp_path / "migrations"
    shutil.copytree(SchemaManager.get_migrations_path(), folder)
    (folder / "99.00.00_01_pre_more.sql").write_text("CREATE TABLE newer (id int);", "utf-8")
    (folder / "99.00.00_50_post_more.sql").write_text("INSERT INTO newer VALUES (1);", "utf-8")
    monkeypatch.setattr(SchemaManager, "get_migrations_path", staticmethod(lambda: str(folder)))
    for _ in range(2):
        await make_tables(postgres_database)
    assert query(postgres_database, "SELECT id FROM newer") == [(1,)]


async def test_tables_of_somebody_else_are_left_as_they_are(postgres_database, monkeypatch):
    schema = Path(SchemaManager.get_migrations_path()).parent / "schema.sql"
    query(postgres_database, schema.read_text("utf-8").encode())
    await make_tables(postgres_database)
    told = "SELECT obj_description('procrastinate_jobs'::regclass)"
    assert query(postgres_database, told) == [(None,)]


async def test_status_readiness_and_metrics_tell_of_the_queue(jobs, postgres_database):
    store = jobs._daemon.store
    site = StoredSite(Config(database=postgres_database), store, Metrics(), lambda: True)
    await jobs.hand_out()
    (check,) = [check for check in site.readiness() if check.name == "queue"]
    assert not check.ok, "nobody works on it"
    assert not check.vital, "which keeps nobody from being served"
    assert "3 jobs wait" in check.reason
    assert "aggregator worker" in check.reason

    worker = await jobs.app.job_manager.register_worker()
    assert await jobs.app.job_manager.fetch_job([QUEUE], worker)
    (check,) = [check for check in site.readiness() if check.name == "queue"]
    assert check.ok
    metrics = site.metrics().decode()
    assert 'aggregator_queue_jobs{state="waiting"} 2.0' in metrics
    assert 'aggregator_queue_jobs{state="running"} 1.0' in metrics
    assert "aggregator_queue_workers 1.0" in metrics
    assert "aggregator_queue_oldest_seconds " in metrics

    found = status(Config(database=postgres_database))
    assert found.as_json()["queue"]["waiting"] == 2
    console = Console(record=True, width=120)
    console.print(for_people(found))
    assert "2 jobs wait" in console.export_text()


def test_where_there_is_no_queue_nothing_is_told_of_one(database_url):
    store = Store(database_url)
    site = StoredSite(Config(database=database_url), store, Metrics(), lambda: True)
    assert [check for check in site.readiness() if check.name == "queue"] == []
    assert b"aggregator_queue" not in site.metrics()
    assert status(Config(database=database_url)).as_json()["queue"] is None
    store.close()


async def test_the_whole_of_it_moves_from_sqlite_to_postgresql_by_one_command(
    postgres_database, tmp_path
):
    with hosts(Land(feeds=6, hosts=2)) as origin:
        config = tmp_path / "config.yaml"
        settings = {
            "feeds": [{"url": url} for url in origin.urls()],
            "poll": {"per_host_delay": "10ms"},
            "http": {"allow_networks": ["127.0.0.0/8"]},
            "database": f"sqlite:///{tmp_path}/a.db",
        }
        config.write_text(json.dumps(settings), "utf-8")
        await asyncio.to_thread(command, "poll", "--all", "--config", config)
    before = contents(settings["database"])
    config.write_text(json.dumps(settings | {"database": postgres_database}), "utf-8")
    await asyncio.to_thread(command, "restore", tmp_path / "a.db", "--config", config)
    assert contents(postgres_database) == before
    assert len(before) > 5


def command(*arguments):
    program = [sys.executable, "-m", "aggregator.cli", *map(str, arguments)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def contents(url):
    store = Store(url)
    stories = store.stories(StoryQuery(limit=100))
    store.close()
    return {story.id: sorted(copy.url for copy in story.copies) for story in stories}
