"""Telling hubs of changes: when, how often, and what becomes of failures."""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest

from aggregator.announce import Announcer
from aggregator.errors import FetchError, StoreError

HUB, OTHER = "https://hub.example.org/", "https://other.example.org/"
FEED, WORLD = "https://news.example.org/feed.rss", "https://news.example.org/feeds/world.rss"


class Scene:
    """An announcer on a clock, with a site and hubs that do as they are told."""

    def __init__(self, *hubs: str) -> None:
        self.now = 0.0
        self.number = "1"
        self.heads = {FEED: "a", WORLD: "a"}
        self.posts: list[tuple[float, str, str]] = []
        self.broken: set[str] = set()
        self.away = False
        self.counted: Counter[str] = Counter()
        self.announcer = Announcer(
            hubs or (HUB,),
            version=self.version,
            heads=lambda: dict(self.heads),
            post=self.post,
            told=lambda result: self.counted.update([result]),
            clock=lambda: self.now,
        )

    def version(self) -> str:
        if self.away:
            raise StoreError("The database is away.", reason="database")
        return self.number

    async def post(self, hub: str, form: dict[str, str]) -> None:
        assert form["hub.mode"] == "publish"
        await asyncio.sleep(0)
        self.posts.append((self.now, hub, form["hub.url"]))
        if hub in self.broken:
            raise FetchError("It says 503.", reason="http_503")

    async def until(self, end: float) -> None:
        while self.now < end:
            await self.announcer.tick()
            self.now += 1

    def change(self, *topics: str) -> None:
        self.number = str(int(self.number) + 1)
        for topic in topics:
            self.heads[topic] += "b"


@pytest.fixture
async def settled() -> Scene:
    scene = Scene()
    await scene.until(5)
    scene.posts.clear()
    scene.counted.clear()
    return scene


async def test_a_start_counts_as_a_change_of_everything():
    scene = Scene(HUB, OTHER)
    await scene.until(60)
    told = {(hub, topic) for _, hub, topic in scene.posts}
    assert told == {(hub, topic) for hub in (HUB, OTHER) for topic in (FEED, WORLD)}
    assert len(scene.posts) == 4


async def test_each_hub_is_told_once_of_each_feed_that_changed_and_of_no_other(settled):
    settled.change(WORLD)
    await settled.until(60)
    assert [(hub, topic) for _, hub, topic in settled.posts] == [(HUB, WORLD)]
    assert settled.counted == {"told": 1}


async def test_a_change_that_no_feed_shows_is_not_told(settled):
    settled.change()
    await settled.until(60)
    assert settled.posts == []


async def test_changes_that_come_together_are_told_together_but_not_put_off_for_ever(settled):
    start = settled.now
    for _ in range(30):  # one each second
        settled.change(FEED)
        await settled.until(settled.now + 1)
    await settled.until(settled.now + 30)
    at = [when - start for when, _, _ in settled.posts]
    assert len(at) in {3, 4}
    assert at[0] <= 11
    settled.posts.clear()
    settled.change(FEED)
    start = settled.now
    await settled.until(start + 30)
    ((when, _, _),) = settled.posts
    assert when - start <= 1  # a change by itself is told at once


async def test_a_hub_that_fails_is_tried_again_less_and_less_often_and_the_others_are_not(settled):
    settled.announcer._hubs = (HUB, OTHER)
    settled.broken = {HUB}
    settled.change(FEED)
    await settled.until(200)
    assert [hub for _, hub, _ in settled.posts].count(OTHER) == 1
    at = [when for when, hub, _ in settled.posts if hub == HUB]
    pauses = [later - when for when, later in pairwise(at)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 6 < 70 <= pauses[-1]
    settled.broken.clear()
    await settled.until(400)
    assert settled.counted["told"] == 2
    tries = len(settled.posts)
    await settled.until(4000)
    assert len(settled.posts) == tries


async def test_a_hub_that_never_answers_is_given_up_until_the_next_change(settled):
    settled.broken = {HUB}
    settled.change(FEED)
    await settled.until(20_000)
    assert settled.counted == {"failed": 9, "given_up": 1}
    settled.broken.clear()
    settled.change(FEED)
    await settled.until(20_060)
    assert settled.counted["told"] == 1


async def test_a_database_that_is_away_loses_no_change(settled):
    settled.change(FEED)
    settled.away = True
    await settled.until(30)
    settled.away = False
    await settled.until(60)
    assert settled.counted == {"told": 1}
