"""In whatever order feeds are polled and items appear, the same stories come of it."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from running import QUICK, RunningDaemon, Told, on_the_air
from truth import truths

from aggregator.demo import Newsroom, load_desk

Result = dict[str, tuple[frozenset[str], str, str, tuple[str, ...]]]


def _result(told: dict[str, Told], room: Newsroom) -> Result:
    """What must not depend on the order; addresses without the port of this newsroom."""

    def plain(url: str) -> str:
        return url.replace(f":{room.port}", "")

    return {
        name: (
            frozenset(plain(copy) for copy in story.copies),
            plain(story.url),
            story.origin,
            story.chain,
        )
        for name, story in told.items()
    }


def _all_at_once(room: Newsroom, daemon: RunningDaemon, dice: Random) -> None:
    room.shuffle(dice.randrange(1000))
    daemon.start()
    daemon.settle()


def _in_three_parts(room: Newsroom, daemon: RunningDaemon, dice: Random) -> None:
    keys = list(room.desk.items)
    dice.shuffle(keys)
    third = len(keys) // 3
    room.hold(*keys[third:])
    daemon.start()
    daemon.settle()
    room.release(*keys[third : 2 * third])
    daemon.settle()
    room.release()
    daemon.settle()


@pytest.mark.parametrize(
    ("seed", "appear"), [(1, _all_at_once), (2, _in_three_parts), (3, _in_three_parts)]
)
def test_the_order_of_polls_decides_nothing(
    seed: int,
    appear: Callable[[Newsroom, RunningDaemon, Random], None],
    merged: RunningDaemon,
    evening: Newsroom,
    tmp_path: Path,
) -> None:
    dice = Random(seed)
    with on_the_air(unchanged=True) as room:
        room.advance(to=room.desk.last_tick)
        feeds = room.feeds()
        dice.shuffle(feeds)
        one_by_one = QUICK | {"concurrency": 1}
        daemon = RunningDaemon(room, tmp_path, feeds=feeds, poll=one_by_one)
        try:
            appear(room, daemon, dice)
            told = daemon.by_story()
        finally:
            daemon.kill()
        assert sorted(told) == sorted(truths(load_desk(), tick=room.tick))
        assert _result(told, room) == _result(merged.by_story(), evening)
