"""Processes for what cannot be trusted to end."""

import asyncio
import os
import time
from datetime import timedelta

import pytest

from aggregator.errors import ParseError
from aggregator.workers import Workers


@pytest.fixture
def workers():
    pool = Workers(count=2, timeout=timedelta(seconds=2))
    yield pool
    pool.close()


def double(number: int) -> int:
    return 2 * number


def refuse(body: bytes) -> None:
    raise ParseError(f"{body!r} is no feed.", reason="not_a_feed", remedy="Look at it.")


def never_end() -> None:
    while True:
        time.sleep(0.01)


def eat_memory() -> int:
    return len(bytearray(8 * 1024**3))


async def test_what_a_worker_returns_comes_back(workers):
    assert await asyncio.gather(*(workers.run(double, n) for n in range(20))) == [
        2 * n for n in range(20)
    ]


async def test_work_is_done_in_other_processes(workers):
    assert await workers.run(os.getpid) != os.getpid()


async def test_an_error_comes_back_whole(workers):
    with pytest.raises(ParseError) as error:
        await workers.run(refuse, b"x")
    assert (error.value.reason, error.value.remedy) == ("not_a_feed", "Look at it.")


async def test_a_task_that_never_ends_is_ended_and_the_others_go_on(workers):
    stuck = asyncio.gather(*(workers.run(never_end) for _ in range(3)), return_exceptions=True)
    assert await workers.run(double, 4) == 8
    assert {error.reason for error in await stuck} == {"too_slow"}
    assert await workers.run(double, 5) == 10


async def test_a_task_that_wants_too_much_memory_costs_only_itself(workers):
    with pytest.raises(ParseError) as error:
        await workers.run(eat_memory)
    assert error.value.reason == "too_big"
    assert await workers.run(double, 5) == 10


async def test_a_worker_that_dies_costs_only_its_task(workers):
    with pytest.raises(ParseError) as error:
        await workers.run(os._exit, 3)
    assert error.value.reason == "worker_died"
    assert await workers.run(double, 5) == 10
