"""Two processes' fetchers, with turns that they share: domains, addresses, and rests."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from ipaddress import ip_network
from itertools import pairwise

import pytest
from aiohttp import web

from aggregator.errors import FetchError
from aggregator.fetch import Accept, Fetcher
from aggregator.store import Store
from aggregator.turns import SharedTurns

DELAY = 0.05


class Server:
    """A server on loopback, with a log of who was there when."""

    def __init__(self) -> None:
        self.visits: list[tuple[float, float, str]] = []
        self.refuses = False
        self.port = 0

    async def answer(self, request: web.Request) -> web.Response:
        begin = time.monotonic()
        await asyncio.sleep(0.02)
        self.visits.append((begin, time.monotonic(), request.path))
        if request.path == "/robots.txt":
            return web.Response(status=404)
        if self.refuses:
            return web.Response(status=429, headers={"Retry-After": "600"})
        return web.Response(text="<p>Hello</p>")


@pytest.fixture
async def server():
    server = Server()
    application = web.Application()
    application.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


@pytest.fixture
async def fetchers(postgres_database):
    """Two, each as it would be in a process of its own."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            store = Store(postgres_database)
            stack.callback(store.close)
            turns = SharedTurns(store)
            stack.push_async_callback(turns.close)
            fetcher = Fetcher(
                user_agent="aggregator-tests/1",
                timeout=timedelta(seconds=20),
                max_bytes=100_000,
                allow_networks=[ip_network("127.0.0.0/8"), ip_network("::1/128")],
                per_host_delay=timedelta(seconds=DELAY),
                trust_env=False,
                others=turns,
            )
            made.append(await stack.enter_async_context(fetcher))
        yield made


async def test_two_names_of_one_address_are_one_host_for_both(fetchers, server):
    urls = [
        f"http://{name}:{server.port}/{n}" for n in range(5) for name in ("localhost", "127.0.0.1")
    ]
    await asyncio.gather(
        *(fetchers[n % 2].get(url, accept=Accept.PAGE) for n, url in enumerate(urls)),
        *(fetchers[n % 2].get(f"{url}/feed") for n, url in enumerate(reversed(urls))),
    )
    visits = sorted(server.visits)
    assert len(visits) >= 2 * len(urls) + 2
    for (_, end, path), (begin, _, other) in pairwise(visits):
        assert begin >= end + DELAY, f"{other} came too soon after {path}"


async def test_what_one_was_told_to_leave_alone_the_other_leaves_alone(fetchers, server):
    here, there = fetchers
    url = f"http://127.0.0.1:{server.port}/feed"
    server.refuses = True
    with pytest.raises(FetchError) as refused:
        await here.get(url)
    assert refused.value.status == 429
    server.refuses = False
    asked = len(server.visits)
    with pytest.raises(FetchError) as left_alone:
        await there.get(url)
    assert left_alone.value.reason == "host_resting"
    assert left_alone.value.retry_after > timedelta(0)
    assert len(server.visits) == asked
