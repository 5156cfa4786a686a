"""Several workers on one database: what one process makes, and manners that hold over all."""

from collections import Counter
from pathlib import Path

from machines import DELAY, machines

from benchmarks.hosts import Land, hosts, too_soon

LAND = Land(feeds=60, hosts=20)


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
            many.start(3)
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
        hosts(LAND, latency=0.3) as origin,
        machines(tmp_path, postgres_database, origin) as many,
    ):
        many.start(3)
        many.until_polled(20)
        many.kill(0)
        many.until_polled()
        many.has_all_stories()
        assert too_soon(origin.visits(), DELAY) == []
        rescued = [e for n in (1, 2) for e in many.events(n) if e["event"] == "job_rescued"]
        assert rescued, "it was killed with jobs in hand"
        assert [many.stop(number) for number in (1, 2)] == [0, 0]
