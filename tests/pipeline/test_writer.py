"""Many polls to a transaction, each whole or not at all."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import FeedSpec, PollRecord
from aggregator.store import Store
from aggregator.writer import Writer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/t.db")
    store.list_feeds([FeedSpec(f"https://a.example/{n}") for n in range(100)], NOW)
    yield store
    store.close()


@contextlib.asynccontextmanager
async def working(store):
    writer = Writer(store, since=lambda: NOW - HOUR)
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def record(feed, title):
    return PollRecord(feed.id, NOW, NOW + HOUR, HOUR, 200, title=title)


async def test_a_job_that_raises_is_told_and_the_others_stand(store):
    def job(feed, number):
        def write(transaction):
            transaction.record(record(feed, f"t{number}"))
            if number % 7 == 0:
                raise RuntimeError(str(number))
            return number

        return write

    feeds = store.listed()
    async with working(store) as writer:
        jobs = [writer.write(job(feed, number)) for number, feed in enumerate(feeds)]
        results = await asyncio.gather(*jobs, return_exceptions=True)
    for number, (feed, result) in enumerate(zip(store.listed(), results, strict=True)):
        if number % 7 == 0:
            assert isinstance(result, RuntimeError)
            assert feed.title == ""
        else:
            assert result == number
            assert feed.title == f"t{number}"


async def test_what_was_begun_is_finished_before_the_writer_stops(store):
    feed = store.listed()[0]
    async with working(store) as writer:
        job = asyncio.create_task(writer.write(lambda tx: tx.record(record(feed, "begun"))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert store.listed()[0].title == "begun"
    await asyncio.gather(job, return_exceptions=True)


async def test_jobs_run_in_the_order_in_which_they_came(store):
    order = []
    async with working(store) as writer:
        await asyncio.gather(*(writer.write(lambda _, n=n: order.append(n)) for n in range(200)))
    assert order == list(range(200))
