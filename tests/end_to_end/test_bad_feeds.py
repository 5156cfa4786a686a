"""Feeds that are broken or hostile cost themselves an error, and the others nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from running import QUICK, RunningDaemon, on_the_air
from truth import truths

from aggregator.demo import BAD_FEEDS, Newsroom

REASONS = {
    "not-found": "http_404",
    "ten-gigabytes": "too_large",
    "byte-a-second": "timeout",
    "redirects": "too_many_redirects",
}


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with on_the_air(bad_feeds=list(BAD_FEEDS)) as newsroom:
        yield newsroom


@pytest.fixture(scope="module")
def daemon(room: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """A daemon that has polled every feed, the bad ones first."""
    good = [feed for feed in room.feeds() if feed["name"] not in BAD_FEEDS]
    bad = [feed for feed in room.feeds() if feed["name"] in BAD_FEEDS]
    running = RunningDaemon(
        room,
        tmp_path_factory.mktemp("bad"),
        feeds=bad + good,
        poll=QUICK | {"interval": "2s"},
        http={"timeout": "5s", "allow_networks": ["127.0.0.0/8"]},
    )
    with running:
        urls = {feed["url"] for feed in bad + good}
        running.until(lambda: running.polled() == urls, "every feed was polled")
        yield running


@pytest.fixture(scope="module")
def health(daemon: RunningDaemon) -> dict[str, dict[str, Any]]:
    """What `aggregator feeds list --json` says of each feed."""
    listed = json.loads(daemon.command("feeds", "list", "--json"))
    return {feed["name"]: feed for feed in listed}


@pytest.mark.parametrize("name", REASONS)
def test_a_feed_that_cannot_be_had_has_an_error_with_its_reason(
    name: str, health: dict[str, dict[str, Any]]
) -> None:
    feed = health[name]
    assert feed["state"] == "failing"
    assert feed["error_reason"] == REASONS[name]
    assert feed["error"]
    assert feed["entries"] == 0


@pytest.mark.parametrize("name", REASONS)
def test_the_log_tells_the_reason(name: str, daemon: RunningDaemon, room: Newsroom) -> None:
    lines = map(json.loads, daemon.log.read_text("utf-8").splitlines())
    polls = [line for line in lines if line.get("feed") == room.bad_url(name)]
    assert polls
    assert {poll["reason"] for poll in polls} == {REASONS[name]}


def test_what_is_no_feed_has_an_error_with_a_reason(health: dict[str, dict[str, Any]]) -> None:
    feed = health["not-xml"]
    assert (feed["state"], feed["entries"]) == ("failing", 0)
    assert feed["error"]
    assert feed["error_reason"]


@pytest.mark.parametrize("name", ["two-encodings", "no-dates", "one-guid", "hundred-thousand"])
def test_what_is_odd_in_a_feed_that_can_be_read_is_told(
    name: str, health: dict[str, dict[str, Any]]
) -> None:
    assert health[name]["error"] or health[name]["note"]


@pytest.mark.parametrize("name", ["no-dates", "one-guid"])
def test_a_feed_without_dates_or_with_one_guid_for_all_keeps_all_its_entries(
    name: str, health: dict[str, dict[str, Any]]
) -> None:
    assert health[name]["entries"] == 6


def test_the_errors_stand_on_the_page_of_sources(
    daemon: RunningDaemon, health: dict[str, dict[str, Any]]
) -> None:
    page = daemon.client.get("/sources").text
    for name in ("not-xml", *REASONS):
        assert name in page
        assert health[name]["error_reason"] in page or health[name]["error"][:40] in page


def test_the_good_feeds_suffer_nothing(
    daemon: RunningDaemon, room: Newsroom, health: dict[str, dict[str, Any]]
) -> None:
    good = {name: feed for name, feed in health.items() if name not in BAD_FEEDS}
    assert {feed["state"] for feed in good.values()} == {"ok"}
    told = daemon.by_story(without_bad=True)
    assert sorted(told) == sorted(truths(room.desk, tick=0))
    room.edit("courier/library-cards", title="A card for all")
    daemon.settle()
    assert daemon.by_story(without_bad=True)["library-cards"].title == "A card for all"


def test_a_failing_feed_is_asked_more_and_more_rarely(
    daemon: RunningDaemon, room: Newsroom
) -> None:
    def hits() -> list[Any]:
        return [hit for hit in room.log if hit.outlet == "not-found"]

    daemon.until(lambda: len(hits()) >= 3, "the missing feed was asked for three times")
    first, second, third = (hit.at for hit in hits()[:3])
    assert third - second > second - first
