import asyncio
import time

import pytest

from aggregator.errors import StoreError
from aggregator.web.watched import Watched


def test_who_asks_often_never_waits_and_sees_a_change_all_the_same() -> None:
    told = ["one"]

    now = [1000.0]

    async def ask() -> None:
        value = Watched(lambda: told[0], clock=lambda: now[0])
        assert value.at_hand() is None  # nobody has looked yet
        assert await value() == "one"
        told[0] = "two"
        now[0] += 0.2
        assert value.at_hand() == "one"
        now[0] += 0.2
        assert value.at_hand() == "one"  # and somebody looks meanwhile
        deadline = time.perf_counter() + 30
        while value.at_hand() != "two":
            assert time.perf_counter() < deadline
            await asyncio.sleep(0.001)

    asyncio.run(ask())


def test_an_old_value_is_not_at_hand() -> None:
    now = [1000.0]

    async def ask() -> None:
        value = Watched(lambda: "one", clock=lambda: now[0])
        await value()
        now[0] += 0.5
        assert value.at_hand() is None

    asyncio.run(ask())


def test_a_database_that_fails_is_told_to_who_waits_for_it() -> None:
    answers = ["one"]

    def look() -> str:
        if not answers:
            raise StoreError("It is gone.", reason="gone")
        return answers.pop()

    now = [1000.0]

    async def ask() -> None:
        value = Watched(look, clock=lambda: now[0])
        assert await value() == "one"
        now[0] += 0.3
        assert value.at_hand() == "one"
        await asyncio.sleep(0.05)  # the look in the background fails without a word
        now[0] += 0.3
        assert value.at_hand() is None
        with pytest.raises(StoreError):
            await value()

    asyncio.run(ask())
