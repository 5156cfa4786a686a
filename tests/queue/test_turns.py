"""Turns at hosts that processes take together, on a real PostgreSQL."""

import asyncio
import time
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator.errors import StoreError
from aggregator.store import Store, TurnEnd, TurnWish
from aggregator.turns import SharedTurns

ZERO = timedelta(0)


@pytest.fixture
def store(postgres_database):
    store = Store(postgres_database)
    yield store
    store.close()


@pytest.fixture
def other_store(postgres_database):
    store = Store(postgres_database)
    yield store
    store.close()


def wish(*hosts, holder="me", seconds=60.0, resting=""):
    return TurnWish(frozenset(hosts), holder, seconds, resting)


async def test_two_processes_are_never_at_one_host_at_once_nor_too_soon(store, other_store):
    visits = []
    both = [SharedTurns(store), SharedTurns(other_store)]
    hosts = ["a.example", "b.example", "c.example"]

    async def visit(turns, wanted):
        async with turns.turn(wanted, longest=5, pause=0.05, resting=""):
            begin = time.monotonic()
            await asyncio.sleep(0.01)
            visits.extend((host, begin, time.monotonic()) for host in wanted)

    await asyncio.gather(
        *(visit(both[n % 2], {hosts[n % 3], hosts[(n + n // 3) % 3]}) for n in range(24))
    )
    for turns in both:
        await turns.close()
    for host in hosts:
        there = sorted(visit[1:] for visit in visits if visit[0] == host)
        assert len(there) > 8
        for (_, end), (begin, _) in pairwise(there):
            assert begin >= end + 0.05


def test_a_turn_is_taken_at_all_hosts_or_at_none(store):
    (first,) = store.turns([wish("a.example", "10.0.0.1")], [], {})
    assert first.taken
    other, third = store.turns(
        [
            wish("b.example", "10.0.0.1", holder="another"),
            wish("b.example", "10.0.0.2", holder="third"),
        ],
        [],
        {},
    )
    assert not other.taken
    assert other.held
    assert third.taken, "what was refused took nothing"


def test_a_turn_that_nobody_ends_is_over_when_its_time_is(store):
    store.turns([wish("a.example", seconds=0.2)], [], {})
    (soon,) = store.turns([wish("a.example", holder="another")], [], {})
    assert not soon.taken
    time.sleep(soon.wait)
    (later,) = store.turns([wish("a.example", holder="another")], [], {})
    assert later.taken


def test_who_was_too_slow_does_not_end_the_turn_of_another(store):
    store.turns([wish("a.example", holder="slow", seconds=0.0)], [], {})
    store.turns([wish("a.example", holder="another")], [], {})
    (third,) = store.turns(
        [wish("a.example", holder="third")], [TurnEnd(frozenset({"a.example"}), "slow", 0.0)], {}
    )
    assert not third.taken


async def test_a_host_that_asked_one_to_be_left_alone_is_left_alone_by_all(store, other_store):
    here, there = SharedTurns(store), SharedTurns(other_store)
    here.rest("a.example", timedelta(minutes=10))
    await here.close()
    async with there.turn({"a.example"}, longest=1, pause=0, resting="a.example") as left:
        assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    async with there.turn({"b.example"}, longest=1, pause=0, resting="b.example") as left:
        assert left == ZERO
    await there.close()


async def test_who_is_cancelled_while_waiting_leaves_the_host_to_others(store, other_store):
    here, there = SharedTurns(store), SharedTurns(other_store)

    async def visit(turns):
        async with turns.turn({"a.example"}, longest=60, pause=0, resting=""):
            await asyncio.sleep(0.1)

    first = asyncio.create_task(visit(here))
    waiting = [asyncio.create_task(visit(there)) for _ in range(5)]
    await asyncio.sleep(0.03)
    for task in waiting:
        task.cancel()
    await asyncio.gather(first, *waiting, return_exceptions=True)
    await asyncio.wait_for(visit(here), 10)
    for turns in (here, there):
        await turns.close()


async def test_without_a_database_nobody_is_asked(postgres_server):
    store = Store(postgres_server.url)
    turns = SharedTurns(store)
    postgres_server.stop()
    with pytest.raises(StoreError):
        async with turns.turn({"a.example"}, longest=1, pause=0, resting=""):
            raise AssertionError("a turn was given")
    postgres_server.start()
    async with turns.turn({"a.example"}, longest=1, pause=0, resting="") as left:
        assert left == ZERO
    await turns.close()
    store.close()


def test_hosts_that_nobody_asks_are_forgotten(store):
    store.turns([wish("a.example", seconds=-4000.0), wish("b.example", holder="b")], [], {})
    assert store.forget_turns() == 1
    assert store.forget_turns() == 0
