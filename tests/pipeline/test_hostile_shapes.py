"""Hostile documents cost their own feed an error, and nobody else anything."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from desk import FERRY, item, rss
from hostile_shapes import SHAPES

from aggregator.errors import ParseError
from aggregator.model import Outlet
from aggregator.reading import Task, parse, read
from aggregator.workers import Workers

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = rss(item("ferry", FERRY)).encode()


def parse_and_read(body: bytes) -> tuple[int, int]:
    """What a worker does to a document from its bytes on: how many entries, how many were read."""
    parsed, listed = parse(body, "http://127.0.0.1/feed", "application/rss+xml")
    tasks = [Task(found) for found in listed[:200]]
    return len(listed), len(read(Outlet("Trap"), parsed.language, tasks, NOW))


@pytest.fixture(scope="module")
def patient():
    pool = Workers(count=2, timeout=timedelta(seconds=20))
    yield pool
    pool.close()


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_hostile_document_is_read_or_refused_and_others_are_unharmed(patient, shape):
    hostile = asyncio.ensure_future(patient.run(parse_and_read, SHAPES[shape]().encode()))
    good = [await patient.run(parse_and_read, GOOD) for _ in range(3)]
    assert good == [(1, 1)] * 3
    (came,) = await asyncio.gather(hostile, return_exceptions=True)
    assert isinstance(came, ParseError) or came[0] <= 2000


async def test_a_document_that_does_not_end_is_ended_with_its_process():
    pool = Workers(count=2, timeout=timedelta(seconds=1))
    try:
        forever = [asyncio.ensure_future(pool.run(_for_ever)) for _ in range(2)]
        good = await pool.run(parse_and_read, GOOD)
        errors = await asyncio.gather(*forever, return_exceptions=True)
        assert good == (1, 1)
        assert [getattr(error, "reason", error) for error in errors] == ["too_slow"] * 2
    finally:
        pool.close()


async def test_a_document_that_fills_the_memory_is_ended():
    pool = Workers(count=1)
    try:
        with pytest.raises(ParseError) as refused:
            await pool.run(_all_memory)
        assert refused.value.reason in {"too_big", "worker_died"}
        assert await pool.run(parse_and_read, GOOD) == (1, 1)
    finally:
        pool.close()


def _for_ever() -> None:
    while True:
        pass


def _all_memory() -> int:
    return len([bytearray(50_000_000) for _ in range(1000)])
