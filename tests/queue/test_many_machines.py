"""Several workers on one database: what one process makes, and manners that hold over all."""

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.script import ScriptDirectory

from aggregator.store.database import alembic_config
from benchmarks.hosts import Land, hosts, too_soon
from benchmarks.machines import DELAY, PATIENCE, machines

if TYPE_CHECKING:
    from benchmarks.postgres import Cluster

pytestmark = pytest.mark.timeout(600)  # on a busy machine; each needs a fraction of it
ROOT = Path(__file__).parents[2]
LAND, SMALL = Land(feeds=60, hosts=20), Land(feeds=30, hosts=10)
NEWER = '''"""A newer schema"""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{newest}", None, None


def upgrade() -> None:
    op.add_column("feed", sa.Column("newer", sa.Text(), nullable=True))
    op.add_column("story", sa.Column("newer", sa.Integer(), nullable=False, server_default="0"))
    op.create_table("newer", sa.Column("id", sa.Integer(), primary_key=True))
'''


def test_three_workers_make_the_stories_of_one_process_and_visit_no_host_twice_at_once(
    tmp_path: Path, postgres_database: str
) -> None:
    with hosts(LAND, latency=0.02) as origin:
        alone = tmp_path / "alone"
        alone.mkdir()
        with machines(alone, f"sqlite:///{alone}/a.db", origin) as one:
            done = one.run("poll", "--all", "--json")
            assert done.returncode == 0, done.stderr
            one.has_all_stories()
        before = len(origin.visits())
        with machines(tmp_path, postgres_database, origin) as many:
            many.start_together(3)
            many.until_polled()
            many.has_all_stories()
            assert set(many.stories()) == set(one.stories())
            assert [many.stop(number) for number in range(3)] == [0, 0, 0]
            polls = [event for n in range(3) for event in many.events(n)]
        shares = [sum(e["event"] == "polled" for e in many.events(n)) for n in range(3)]
        assert sum(shares) == LAND.feeds
        assert all(shares), "each had some of the work"
        visits = origin.visits()[before:]
    assert too_soon(visits, DELAY) == []
    asked = Counter(visit.path for visit in visits)
    assert {path: n for path, n in asked.items() if n > 1 and path != "/robots.txt"} == {}
    assert not [event for event in polls if event["level"] == "error"]


def test_a_worker_that_is_killed_leaves_nothing_undone_and_nothing_done_twice(
    tmp_path: Path, postgres_database: str
) -> None:
    with (
        hosts(SMALL, latency=0.6) as origin,
        machines(tmp_path, postgres_database, origin) as many,
    ):
        many.start_together(3)
        many.until_polled(3)  # each has more in hand
        many.kill(0)
        many.until_polled()
        many.has_all_stories()
        assert too_soon(origin.visits(), DELAY) == []
        rescued = [e for n in (1, 2) for e in many.events(n) if e["event"] == "job_rescued"]
        assert rescued, "it was killed with jobs in hand"
        assert [many.stop(number) for number in (1, 2)] == [0, 0]


def test_workers_outlive_a_crash_of_the_database(
    tmp_path: Path, postgres_server: "Cluster"
) -> None:
    with (
        hosts(SMALL, latency=0.1) as origin,
        machines(tmp_path, postgres_server.url, origin) as many,
    ):
        many.start_together(2)
        many.until_polled(10)
        postgres_server.stop()
        many.until(lambda: "queue_failed" in many.log(0) + many.log(1), "a worker has noticed")
        postgres_server.start()
        many.until_polled()
        many.has_all_stories()
        assert too_soon(origin.visits(), DELAY) == []
        assert [many.stop(number) for number in (0, 1)] == [0, 0]


def test_an_old_and_a_new_worker_work_side_by_side(tmp_path: Path, postgres_database: str) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(ROOT / "aggregator", newer / "aggregator")
    versions = newer / "aggregator" / "store" / "migrations" / "versions"
    (versions / "9999_newer.py").write_text(NEWER.format(newest=_newest()), "utf-8")
    jobs = newer / "aggregator" / "queue" / "tasks.py"
    plain = "make_new_job(\n"
    text = jobs.read_text("utf-8")
    assert text.count(plain) == 1
    jobs.write_text(text.replace(plain, f"{plain}                why='something new',\n"), "utf-8")
    with (
        hosts(SMALL, latency=0.1) as origin,
        machines(tmp_path, postgres_database, origin) as many,
    ):
        many.put_off()
        many.start()
        many.until_ready(0)
        many.start(program=newer)
        many.until_ready(1)
        many.make_due()
        many.until_polled()
        many.has_all_stories()
        assert too_soon(origin.visits(), DELAY) == []
        assert all('"polled"' in many.log(number) for number in (0, 1)), "each had its share"
        assert not [e for n in (0, 1) for e in many.events(n) if e["level"] == "error"]
        assert [many.stop(number) for number in (0, 1)] == [0, 0]


def _newest() -> str:
    """The newest revision of the schema."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def test_a_worker_on_sqlite_says_what_to_do_instead(tmp_path: Path) -> None:
    with hosts(SMALL) as origin, machines(tmp_path, "sqlite:///a.db", origin) as many:
        many.start()
        assert many.processes[0].wait(timeout=PATIENCE) == 2
        assert "aggregator run" in many.log(0)
    assert not (tmp_path / "a.db").exists()
