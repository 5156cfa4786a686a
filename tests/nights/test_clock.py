"""The wall's clock is set back by a day: polls are not put off by a day."""

import asyncio
from datetime import UTC, datetime, timedelta

from nightly import DAY, HOUR, nights

from aggregator import jobs as jobs_module
from aggregator.errors import StoreError
from aggregator.jobs import Jobs
from aggregator.setbacks import WallClock


async def test_set_back_by_a_day_while_it_runs(night):
    await night.tick()
    promised = {feed.url: feed.next_poll_at - night.clocks.wall for feed in night.feeds()}
    night.clocks.go_on(timedelta(seconds=10))
    night.clocks.wall -= DAY
    await night.tick()
    left = {feed.url: feed.next_poll_at - night.clocks.wall for feed in night.feeds()}
    assert left == promised, "as long as was promised to each publisher"
    assert "set back by 1 day" in night.troubles()["clock"]
    polled = night.sites.asked.total()
    await night.passes(HOUR)
    assert night.sites.asked.total() >= polled + len(night.sites.hosts)
    assert night.troubles() == {}


async def test_set_back_by_a_day_while_it_was_down(sites, clocks, tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    async with nights(sites, clocks, url) as night:
        await night.tick()
    clocks.wall -= DAY
    async with nights(sites, clocks, url) as night:
        polled = sites.asked.total()
        await night.passes(HOUR)
        assert sites.asked.total() >= polled + len(sites.hosts)


async def test_set_forward_by_a_day_all_is_polled_once(night):
    await night.tick()
    polled = night.sites.asked.total()
    night.clocks.wall += DAY
    await night.passes(timedelta(minutes=2))
    assert night.sites.asked.total() == polled + len(night.sites.hosts)
    assert night.troubles() == {}


def test_clocks_that_are_put_right_by_a_moment_went_back_for_nobody(clocks):
    wall = WallClock(clocks.steady)
    assert wall.went_back(clocks.wall)  # who knows, after a start
    assert not wall.went_back(clocks.wall - timedelta(seconds=1))
    assert wall.went_back(clocks.wall - timedelta(seconds=10))
    assert wall.condition.trouble


async def test_jobs_go_on_after_any_surprise_and_one_at_a_time():
    runs, refusals, ended = [], [], asyncio.Event()

    async def work():
        runs.append(len(runs))
        if len(runs) == 1:
            raise ZeroDivisionError
        if len(runs) == 2:
            raise StoreError("no", reason="database_full")
        if len(runs) == 5:
            ended.set()

    jobs = Jobs(refusals.append)
    jobs.every(work, timedelta(milliseconds=1), at_once=True)
    async with jobs.running():
        await asyncio.wait_for(ended.wait(), 30)
    assert [error.reason for error in refusals] == ["database_full"]


async def test_jobs_are_due_anew_when_the_clock_was_set_back(monkeypatch):
    monkeypatch.setattr(jobs_module, "_LOOK", 0.01)
    wall, ran = [datetime(2026, 3, 1, tzinfo=UTC)], asyncio.Event()

    async def work():
        ran.set()

    jobs = Jobs(lambda _: None, wall=lambda: wall[0], steady=lambda: 0.0)
    jobs.every(work, timedelta(hours=1))
    async with jobs.running():
        await asyncio.sleep(0.05)
        assert not ran.is_set()
        wall[0] -= DAY
        await asyncio.wait_for(ran.wait(), 30)
