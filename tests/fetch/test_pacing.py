"""One request at a time to a host, with a pause between."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.pacing import Pacer, host_key


class Time:
    """Time that passes when someone sleeps."""

    def __init__(self):
        self.now = 100.0

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        wake = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, wake)


def pacer(time, delay=1.0):
    return Pacer(timedelta(seconds=delay), clock=time.clock, sleep=time.sleep)


@given(st.lists(st.sampled_from("abc"), max_size=20), st.sampled_from([0.0, 0.5, 3.0]))
def test_turns_at_one_host_never_overlap_and_keep_their_distance(keys, delay):
    time, turns = Time(), []

    async def visit(pace, key):
        async with pace.turn(key):
            start = time.now
            await time.sleep(0.25)
            turns.append((key, start, time.now))

    async def visit_all():
        pace = pacer(time, delay)
        await asyncio.gather(*(visit(pace, key) for key in keys))

    asyncio.run(visit_all())
    assert sorted(key for key, _, _ in turns) == sorted(keys)
    for key in set(keys):
        mine = sorted((start, end) for k, start, end in turns if k == key)
        for (_, end), (start, _) in pairwise(mine):
            assert start >= end + delay


async def test_hosts_do_not_wait_for_each_other():
    pace = pacer(Time())
    async with pace.turn("a"), asyncio.timeout(5), pace.turn("b"):
        pass


async def test_the_pause_stands_after_a_turn_that_failed():
    time = Time()
    pace = pacer(time, 5)
    with pytest.raises(RuntimeError):
        async with pace.turn("a"):
            raise RuntimeError
    async with pace.turn("a"):
        assert time.now == 105


async def test_who_stops_waiting_does_not_keep_the_others_from_their_turn():
    pace = pacer(Time())
    async with pace.turn("a"):
        impatient = asyncio.create_task(pace.turn("a").__aenter__())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
    async with asyncio.timeout(5), pace.turn("a"):
        pass


async def test_hosts_are_forgotten_when_their_pause_is_over():
    time = Time()
    pace = pacer(time)
    for n in range(50):
        async with pace.turn(str(n)):
            pass
    assert len(pace) == 50
    time.now += 2
    async with pace.turn("last"):
        pass
    assert len(pace) == 1


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://EXAMPLE.org:8080/feed", "example.org"),
        ("https://example.org./", "example.org"),
        ("http://127.0.0.1:9/", "127.0.0.1"),
        ("http://[::1]/", "::1"),
        ("http://bücher.example/", "bücher.example"),
    ],
)
def test_a_host_is_one_whatever_its_port_scheme_or_spelling(url, key):
    assert host_key(httpx.URL(url)) == key
