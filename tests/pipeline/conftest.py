"""Real workers, a real database and real HTTP; only the clock is ours."""

import asyncio
import contextlib
from datetime import timedelta
from random import Random

import pytest
from desk import HOUR, SETTINGS, Clock, Desk

from aggregator.credit import load_directory
from aggregator.fetch import Bounds, Fetcher
from aggregator.pipeline import Pipeline
from aggregator.store import Store
from aggregator.workers import Workers
from aggregator.writer import Writer


@pytest.fixture(scope="module")
def workers():
    pool = Workers(count=1)
    yield pool
    pool.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/t.db")
    yield store
    store.close()


@pytest.fixture
async def make_fetcher(clock):
    """Makes fetchers by the clock, each with a pause of its own between two requests."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(delay: timedelta = timedelta(0)) -> Fetcher:
            async def sleep(seconds: float) -> None:
                clock.now += timedelta(seconds=seconds)

            settings = SETTINGS | {"per_host_delay": delay}
            fetcher = Fetcher(**settings, clock=clock.seconds, sleep=sleep, now=clock)
            return await stack.enter_async_context(fetcher)

        yield make


@pytest.fixture
async def make_patient(store, workers, clock, make_fetcher):
    """Makes pipelines on one store, each with a pause of its own between two requests."""
    writer = Writer(store, since=lambda: clock() - timedelta(days=7))
    writing = asyncio.create_task(writer.run())

    async def make(delay: timedelta = timedelta(0)) -> Pipeline:
        return Pipeline(
            fetcher=await make_fetcher(delay),
            workers=workers,
            store=store,
            writer=writer,
            directory=load_directory(),
            bounds=Bounds(HOUR, HOUR, 24 * HOUR),
            clock=clock,
            dice=Random(1),
        )

    yield make
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


@pytest.fixture
async def desk(store, make_patient, clock):
    return Desk(store, await make_patient(), clock)
