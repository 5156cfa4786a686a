"""A daemon in this process, on sites of its own on loopback, by clocks that are ours."""

import pytest
from nightly import Clocks, Sites, nights


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
async def sites():
    sites = Sites(4)
    await sites.open()
    yield sites
    await sites.close()


@pytest.fixture
async def night(sites, clocks, tmp_path):
    async with nights(sites, clocks, f"sqlite:///{tmp_path / 'aggregator.db'}") as one:
        yield one
