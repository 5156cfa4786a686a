"""Two processes poll one feed at the same moment, as one of them was thought dead."""

import asyncio

import pytest
from aiohttp import web

from aggregator.config import Config
from aggregator.daemon import Daemon, utc_now
from aggregator.fetch.pacing import Alone
from aggregator.model import FeedSpec, StoryQuery
from aggregator.store import Store
from benchmarks.hosts import Land

LAND = Land(feeds=1, hosts=1, entries=6)


@pytest.fixture
async def feed_url():
    """A feed whose answer waits until two have asked."""
    both = asyncio.Barrier(2)

    async def answer(_: web.Request) -> web.Response:
        await both.wait()
        return web.Response(body=LAND.document(0, 80), content_type="application/rss+xml")

    application = web.Application()
    application.router.add_get("/feed.xml", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/feed.xml"
    await runner.cleanup()


async def test_only_one_of_them_files_it(postgres_database, feed_url):
    config = Config.model_validate(
        {"database": postgres_database, "http": {"allow_networks": ["127.0.0.0/8"]}}
    )
    Store(postgres_database).list_feeds([FeedSpec(feed_url)], utc_now())
    async with (
        Daemon.opened(config, shared=True) as one,
        Daemon.opened(config, shared=True) as other,
    ):
        for daemon in (one, other):  # whose turn at the host is long over
            daemon._fetcher._others = Alone()
        (feed,) = one.store.listed()
        outcomes = await asyncio.gather(one.poll(feed), other.poll(feed))
        filed = [outcome for outcome in outcomes if outcome is not None]
        assert sum(outcome.entries_new for outcome in filed) == LAND.entries
        stories = one.store.stories(StoryQuery(limit=100))
        assert len(stories) == LAND.entries
        assert [len(story.copies) for story in stories] == [1] * LAND.entries
        assert one.store.broken() == []
