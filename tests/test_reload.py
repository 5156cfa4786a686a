"""Settings that change while the daemon runs."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.config import NEEDS_RESTART, Config, load
from aggregator.errors import StoreError
from aggregator.reload import FileWatch, Reloader, State, changes, without_restart

OPML = '<opml version="2.0"><body><outline text="B" xmlUrl="http://b.example/feed"/></body></opml>'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("feeds: [{url: http://a.example/feed}]\nretention: 30d\n")
    return path


class Taker:
    """Takes settings, or refuses them."""

    def __init__(self) -> None:
        self.taken: list[Config] = []
        self.states: list[State] = []
        self.error: Exception | None = None

    async def __call__(self, config: Config) -> None:
        if self.error is not None:
            raise self.error
        self.taken.append(config)


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def reloader(file: Path, taker: Taker) -> Reloader:
    return Reloader(
        load(file, {}), taker, clock=lambda: datetime.now(UTC), told=taker.states.append
    )


def rewrite(file: Path, text: str) -> None:
    """Replace it as editors do, by a file of another inode."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_a_file_that_only_looks_newer_has_not_changed(file: Path) -> None:
    watch = FileWatch([file])
    os.utime(file, (1, 1))
    assert [watch.changed() for _ in range(3)] == [False, False, False]


def test_a_file_that_is_still_being_written_is_waited_for(file: Path) -> None:
    watch = FileWatch([file])
    file.write_text("feeds: [")
    assert not watch.changed()
    file.write_text("feeds: []")
    assert not watch.changed()
    assert watch.changed()
    assert not watch.changed()


def test_a_file_that_goes_and_comes_back_is_seen(file: Path) -> None:
    watch = FileWatch([file])
    text = file.read_text()
    file.unlink()
    assert [watch.changed() for _ in range(3)] == [False, True, False]
    file.write_text(text)
    assert [watch.changed() for _ in range(3)] == [False, True, False]


def test_a_link_that_leads_elsewhere_is_a_change(tmp_path: Path) -> None:
    """As Kubernetes exchanges a ConfigMap."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "config.yaml"
    link.symlink_to(tmp_path / "one")
    watch = FileWatch([link])
    link.unlink()
    link.symlink_to(tmp_path / "two")
    assert [watch.changed() for _ in range(2)] == [False, True]


async def test_what_is_written_runs(file: Path, reloader: Reloader, taker: Taker) -> None:
    rewrite(file, "feeds: [{url: http://a.example/feed}]\nretention: 60d\n")
    await reloader.look()
    assert not taker.taken
    await reloader.look()
    assert [config.retention.days for config in taker.taken] == [60]
    assert reloader.state.well


async def test_a_broken_file_changes_nothing_and_is_told_of(
    file: Path, reloader: Reloader, taker: Taker
) -> None:
    rewrite(file, "feeds: [{url: http://a.example/feed}]\nretension: 60d\n")
    await reloader.reload("SIGHUP")
    assert not taker.taken
    assert reloader.state.result == "refused"
    assert 'config.yaml:2: retension: found an unknown key "retension"' in str(reloader.state)
    assert "The settings of before run on." in str(reloader.state)
    rewrite(file, "feeds: [{url: http://a.example/feed}]\nretention: 60d\n")
    await reloader.reload("SIGHUP")
    assert taker.taken
    assert [state.result for state in taker.states] == ["loaded", "refused", "loaded"]


async def test_a_changed_opml_file_brings_its_feeds(file: Path, taker: Taker) -> None:
    opml = file.with_name("more.opml")
    rewrite(opml, OPML)
    rewrite(file, "feeds: [{opml: more.opml}]\n")
    reloader = Reloader(load(file, {}), taker, clock=lambda: datetime.now(UTC))
    rewrite(opml, OPML.replace("b.example", "c.example"))
    for _ in range(2):
        await reloader.look()
    assert [spec.url for spec in taker.taken[0].feed_specs()] == ["http://c.example/feed"]


async def test_what_needs_a_restart_is_named_and_the_rest_is_taken(
    file: Path, reloader: Reloader, taker: Taker
) -> None:
    before = load(file, {})
    text = "database: sqlite:///other.db\npoll: {concurrency: 3, interval: 1h}\n"
    rewrite(file, f"{text}server: {{host: 127.0.0.1, port: 1, base_url: http://n.example}}\n")
    await reloader.reload("SIGHUP")
    taken = taker.taken[0]
    assert reloader.state.restart == NEEDS_RESTART
    assert "Restart the daemon to change database, poll.concurrency" in str(reloader.state)
    assert taken.database == before.database
    assert (taken.server.host, taken.server.port) == (before.server.host, before.server.port)
    assert taken.poll.concurrency == before.poll.concurrency
    assert taken.poll.interval.total_seconds() == 3600
    assert taken.server.base_url == "http://n.example"


async def test_a_restart_that_is_owed_stays_owed_until_the_file_is_as_it_was(
    file: Path, reloader: Reloader
) -> None:
    rewrite(file, "server: {port: 1}\n")
    await reloader.reload("SIGHUP")
    rewrite(file, "server: {port: 1}\nretention: 60d\n")
    await reloader.reload("SIGHUP")
    assert reloader.state.restart == ("server.port",)
    rewrite(file, "retention: 60d\n")
    await reloader.reload("SIGHUP")
    assert reloader.state.well


async def test_where_the_database_refuses_it_is_tried_again(
    file: Path, reloader: Reloader, taker: Taker
) -> None:
    taker.error = StoreError("The database does not answer.", reason="unreachable")
    rewrite(file, "retention: 60d\n")
    for _ in range(2):
        await reloader.look()
    assert reloader.state.result == "refused"
    taker.error = None
    await reloader.look()
    assert [config.retention.days for config in taker.taken] == [60]


async def test_two_reloads_come_one_after_the_other(file: Path) -> None:
    inside: list[str] = []

    async def slow(config: Config) -> None:
        inside.append("begin")
        await asyncio.sleep(0)
        inside.append("end")

    reloader = Reloader(load(file, {}), slow, clock=lambda: datetime.now(UTC))
    await asyncio.gather(reloader.reload("SIGHUP"), reloader.reload("SIGHUP"))
    assert inside == ["begin", "end"] * 2


async def test_without_a_file_nothing_happens(taker: Taker) -> None:
    reloader = Reloader(Config(), taker, clock=lambda: datetime.now(UTC))
    await reloader.look()
    await reloader.reload("SIGHUP")
    assert not taker.taken


@pytest.mark.parametrize(
    ("changed", "told"),
    [({}, []), ({"retention": "1d"}, ["retention"]), ({"poll": {"interval": "1h"}}, ["poll"])],
)
def test_what_changed_is_told_by_section(changed: dict[str, Any], told: list[str]) -> None:
    before, after = Config(), Config.model_validate(changed)
    assert changes(before, after) == told
    assert without_restart(before, after)[1] == ()
