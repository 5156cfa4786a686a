"""Of several workers, one tells the hubs, and another when that one is gone."""

import asyncio

import pytest
from aiohttp import web

from aggregator.config import Config
from aggregator.daemon import Daemon
from aggregator.queue.announcing import announce_for_ever

PATIENCE = 60  # seconds


@pytest.fixture
async def hub():
    """A hub, with what it was told."""
    told = asyncio.Queue()

    async def answer(request: web.Request) -> web.Response:
        told.put_nowait((await request.post())["hub.url"])
        return web.Response(status=204)

    application = web.Application()
    application.router.add_post("/hub", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hub", told
    await runner.cleanup()


async def test_one_tells_the_hubs_and_another_when_that_one_is_gone(
    postgres_database, hub, monkeypatch
):
    monkeypatch.setattr("aggregator.announce._LONGEST", 0.1)
    monkeypatch.setattr("aggregator.queue.announcing._AGAIN", 0.2)
    url, told = hub
    config = Config.model_validate(
        {
            "database": postgres_database,
            "http": {"allow_networks": ["127.0.0.0/8"]},
            "server": {"base_url": "https://news.example.org"},
            "websub": {"hubs": [url]},
        }
    )
    async with Daemon.opened(config, shared=True) as daemon:
        tasks = [asyncio.create_task(announce_for_ever(daemon)) for _ in range(3)]
        first = {await asyncio.wait_for(told.get(), PATIENCE) for _ in range(3)}
        assert first == {
            f"https://news.example.org/feed.{form}" for form in ("rss", "atom", "json")
        }
        await asyncio.sleep(1)
        assert told.empty(), "the others keep quiet"
        for number, task in enumerate(tasks[:2]):  # whichever it was, and the next
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert not tasks[number + 1].done()
        again = {await asyncio.wait_for(told.get(), PATIENCE) for _ in range(3)}
        assert again == first, "who follows does not know what was told"
        tasks[2].cancel()
        await asyncio.gather(tasks[2], return_exceptions=True)
