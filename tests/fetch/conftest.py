import contextlib
from datetime import timedelta
from ipaddress import ip_network

import pytest
from hostile_origin import serving

from aggregator.fetch import Fetcher

LOOPBACK = ip_network("127.0.0.0/8")


@pytest.fixture
async def origin():
    async with serving() as origin:
        yield origin


@pytest.fixture
async def elsewhere():
    async with serving("127.0.0.2") as origin:
        yield origin


@pytest.fixture
async def make_fetcher():
    """Makes fetchers with small limits, and closes them."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(**changes) -> Fetcher:
            settings = {
                "user_agent": "aggregator-tests/1 (+https://example.org/)",
                "timeout": timedelta(seconds=20),
                "max_bytes": 1_000_000,
                "allow_networks": [LOOPBACK],
                "concurrency": 8,
                "per_host_delay": timedelta(0),
                "trust_env": False,
            }
            return await stack.enter_async_context(Fetcher(**(settings | changes)))

        yield make


@pytest.fixture
async def fetcher(make_fetcher):
    return await make_fetcher()
