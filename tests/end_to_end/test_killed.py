"""The daemon is ended at bad moments and started again: nothing is lost, doubled or asked twice."""

import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from killing import killed_round
from running import QUICK, RunningDaemon, on_the_air
from truth import truths

from aggregator.demo import Newsroom

RARE = QUICK | {"interval": "1h"}

# The awkward moments of a run: how many answers the daemon gets in each life, and how many
# seconds it may go on after that.
LIVES = {
    "between polls": [(1, 0.0), (4, 0.0), (7, 0.0)],
    "while filing": [(2, 0.05), (5, 0.02), (6, 0.1)],
}


def _sound(daemon: RunningDaemon) -> None:
    assert daemon.rows("PRAGMA integrity_check") == [("ok",)]
    assert daemon.rows("PRAGMA foreign_key_check") == []


def _ids(daemon: RunningDaemon) -> dict[tuple, str]:
    """The public id of each entry's story."""
    query = """
        SELECT entry.feed_id, entry.guid, story.public_id
        FROM entry JOIN copy ON copy.entry_id = entry.id JOIN story ON story.id = copy.story_id
    """
    return {(feed, guid): public_id for feed, guid, public_id in daemon.rows(query)}


def _asked(room: Newsroom) -> Counter[str]:
    """How often each feed was asked for."""
    feeds = {feed["url"] for feed in room.feeds()}
    asked = [f"http://{hit.address}:{room.port}{hit.path}" for hit in room.log]
    return Counter(url for url in asked if url in feeds)


@pytest.mark.parametrize("lives", LIVES.values(), ids=LIVES)
def test_killed_again_and_again_it_ends_with_the_same_stories(
    lives: list[tuple[int, float]], tmp_path: Path
) -> None:
    with on_the_air(unchanged=True) as room:
        room.advance(to=room.desk.last_tick)
        room.latency = 0.05
        feeds = {feed["url"] for feed in room.feeds()}
        daemon = RunningDaemon(room, tmp_path, poll=RARE | {"concurrency": 2})
        ids: dict[tuple, str] = {}
        polled: set[str] = set()
        try:
            for answers, pause in lives:
                asked, start = _asked(room), len(room.log)
                daemon.start()
                _until_answers(daemon, start + answers)
                time.sleep(pause)
                daemon.kill()
                _sound(daemon)
                assert not polled & set(_asked(room) - asked), "a feed was asked again too soon"
                assert polled <= daemon.polled()
                polled = daemon.polled()
                for entry, public_id in _ids(daemon).items():
                    assert ids.setdefault(entry, public_id) == public_id
            asked = _asked(room)
            daemon.start()
            daemon.until(lambda: daemon.polled() == feeds, "every feed was polled")
            daemon.until_served()
            told = daemon.by_story()
        finally:
            daemon.kill()
        _sound(daemon)
        assert _asked(room) - asked == Counter(feeds - polled), "each that was owed, and once"
        assert ids.items() <= _ids(daemon).items()
        wanted = truths(room.desk, tick=room.tick)
        assert sorted(told) == sorted(wanted)
        for name, truth in wanted.items():
            assert told[name].copies == {room.article(key).url for key in truth.carriers}
        entries = daemon.rows("SELECT feed_id, guid FROM entry")
        assert len(set(entries)) == len(entries)
        assert len(entries) == sum(len(room.listed(key)) for key in _with_feeds(room))


def test_sigterm_in_the_middle_of_polls_ends_it_within_ten_seconds(
    daemon: RunningDaemon, room: Newsroom
) -> None:
    room.latency = 0.5
    daemon.start()
    _until_answers(daemon, 12)
    daemon.until(lambda: any(hit.until is None for hit in room.log), "something is under way")
    assert daemon.stop(patience=10) == 0
    _sound(daemon)
    # What it began is finished by the next start.
    room.latency = 0
    daemon.start()
    daemon.settle()
    assert sorted(daemon.by_story()) == sorted(truths(room.desk, tick=0))
    assert daemon.stop(patience=10) == 0
    _sound(daemon)


def _until_answers(daemon: RunningDaemon, count: int) -> None:
    room, feeds = daemon.newsroom, {feed["url"] for feed in daemon.newsroom.feeds()}
    daemon.until(
        lambda: sum(hit.until is not None for hit in room.log) >= count or daemon.polled() == feeds,
        f"{count} answers were given",
    )


def _with_feeds(room: Newsroom) -> list[str]:
    return [outlet.key for outlet in room.desk.outlets.values() if outlet.feed]


def test_killed_at_random_moments_it_loses_nothing_and_promises_are_kept(tmp_path: Path) -> None:
    with on_the_air(unchanged=True) as room:
        tally = killed_round(room, tmp_path, kills=8, dice=Random(8))
    assert tally.violations == []
    assert tally.kills == 8
    assert tally.at_work >= 4, "it was hardly ever killed while it worked"
