"""What stays as it is when feeds change: a subscriber never sees an item again for nothing."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import pytest
from running import RunningDaemon, Told, on_the_air
from truth import truths

from aggregator.demo import Hit, Newsroom


def _moved(before: dict[str, Told], after: dict[str, Told]) -> set[str]:
    """The stories that are new again to a subscriber."""
    return {name for name in before if before[name].updated != after[name].updated}


def test_a_day_of_news_keeps_every_id_and_moves_only_what_changed(
    daemon: RunningDaemon, room: Newsroom
) -> None:
    daemon.start()
    daemon.settle()
    morning = daemon.by_story()
    assert sorted(morning) == sorted(truths(room.desk, tick=0))

    while room.advance():
        if room.tick % 3 == 0:
            daemon.settle()
    daemon.settle()
    evening = daemon.by_story()

    assert sorted(evening) == sorted(truths(room.desk, tick=room.tick))
    for name, told in morning.items():
        assert evening[name].id == told.id
    # The accord's and the oysters' originals came, the library's title was edited, the quake's
    # text was corrected.
    assert _moved(morning, evening) == {
        *("herring-accord", "oyster-return", "library-cards", "osterfell-quake")
    }


def test_an_origin_that_comes_after_its_copies_takes_the_link_and_the_id_stays(
    daemon: RunningDaemon, room: Newsroom
) -> None:
    room.hold("norvane/ferry-night", "courier/ferry-night")
    daemon.start()
    daemon.settle()
    alone = daemon.by_story()["ferry-night"]
    assert alone.origin == "Sarnholm Courier"
    assert alone.chain[:2] == ("Global Ledger Group", "Sarnholm Courier")

    room.release("courier/ferry-night")
    daemon.settle()
    two = daemon.by_story()["ferry-night"]
    assert (two.id, two.origin) == (alone.id, "Sarnholm Courier")
    assert two.agency == "Norvane News Agency"
    assert two.url == room.page_url("courier/ferry-night")

    room.release()
    daemon.settle()
    three = daemon.by_story()["ferry-night"]
    assert (three.id, three.origin) == (alone.id, "Norvane News Agency")
    assert three.url == room.page_url("norvane/ferry-night")
    assert three.title == room.article("norvane/ferry-night").title


def test_a_further_copy_does_not_make_an_item_new_again(
    daemon: RunningDaemon, room: Newsroom
) -> None:
    late = ("ledger/osterfell-quake", "digest/lighthouse-logs", "sahel/night-market")
    room.hold(*late)
    daemon.start()
    daemon.settle()
    before = daemon.by_story()
    room.release()
    daemon.settle()
    after = daemon.by_story()
    assert _moved(before, after) == set()
    assert {name: told.id for name, told in after.items()} == {
        name: told.id for name, told in before.items()
    }
    for key in late:
        assert room.page_url(key) in after[key.partition("/")[2]].copies


def test_an_edited_title_or_text_moves_its_item_and_no_other(
    daemon: RunningDaemon, room: Newsroom
) -> None:
    daemon.start()
    daemon.settle()
    before = daemon.by_story()
    room.edit("notebook/tide-mill", title="The mill at Brackenmouth is grinding by the moon")
    room.edit(
        "observer/canneries-restart",
        add="Hobday’s has since said that its first tins will go to the hospital, free of charge.",
    )
    room.shuffle(7)
    daemon.settle()
    after = daemon.by_story()
    assert _moved(before, after) == {"tide-mill", "canneries-restart"}
    assert after["tide-mill"].title == "The mill at Brackenmouth is grinding by the moon"
    assert {told.id for told in before.values()} == {told.id for told in after.values()}


@pytest.fixture(scope="module")
def calm() -> Iterator[Newsroom]:
    """A newsroom in which nothing happens, and which takes its time."""
    with on_the_air(unchanged=True) as newsroom:
        newsroom.latency = 0.05
        yield newsroom


@pytest.fixture(scope="module")
def reading(calm: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """A daemon that has read all of it."""
    with RunningDaemon(calm, tmp_path_factory.mktemp("calm")) as running:
        running.settle()
        yield running


def test_feeds_in_another_order_change_nothing(reading: RunningDaemon, calm: Newsroom) -> None:
    before = reading.stories()
    calm.shuffle(1)
    reading.settle()
    assert sorted(map(str, reading.stories())) == sorted(map(str, before))


def test_unchanged_feeds_are_asked_with_validators_and_answer_304(
    reading: RunningDaemon, calm: Newsroom
) -> None:
    start = len(calm.log)
    reading.settle()
    later = [hit for hit in calm.log[start:] if hit.status]
    assert later
    assert {hit.status for hit in later} == {304}
    assert all(hit.conditional for hit in later)
    assert all(hit.user_agent.startswith("aggregator/") for hit in calm.log)


def test_no_page_is_asked_for_twice(reading: RunningDaemon, calm: Newsroom) -> None:
    feeds = {feed["url"] for feed in calm.feeds()}
    asked = [
        f"http://{hit.address}:{calm.port}{hit.path}"
        for hit in calm.log
        if hit.path != "/robots.txt"
    ]
    pages = [url for url in asked if url not in feeds]
    assert pages
    assert len(pages) == len(set(pages))


def test_no_host_is_asked_twice_at_once(reading: RunningDaemon, calm: Newsroom) -> None:
    by_host: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in list(calm.log):
        by_host[hit.address].append(hit)
    for hits in by_host.values():
        for one, other in pairwise(hits):
            assert one.until is not None
            assert one.until <= other.at
