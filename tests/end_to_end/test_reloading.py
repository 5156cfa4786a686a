"""The running daemon follows its configuration."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import RunningDaemon, on_the_air

from aggregator.demo import Newsroom


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with on_the_air(unchanged=True) as newsroom:
        yield newsroom


@pytest.fixture(scope="module")
def daemon(room: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """A daemon that knows one of the newsroom's feeds. These tests change it, in turn."""
    folder = tmp_path_factory.mktemp("reload")
    with RunningDaemon(room, folder, feeds=room.feeds()[:1]) as running:
        running.until(lambda: polled(running), "it has polled")
        yield running


def polled(daemon: RunningDaemon) -> bool:
    return daemon.answers() and len(daemon.polled()) > 0


def write(daemon: RunningDaemon, **settings: Any) -> None:
    daemon.settings |= settings
    new = daemon.config.with_suffix(".new")
    new.write_text(json.dumps(daemon.settings), "utf-8")
    new.replace(daemon.config)


def hang_up(daemon: RunningDaemon) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)


def configuration(daemon: RunningDaemon) -> dict[str, Any]:
    answer = daemon.client.get("/readyz")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()["checks"]["configuration"]
    return told


def metric(daemon: RunningDaemon, name: str) -> float:
    lines = daemon.client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def listed(daemon: RunningDaemon) -> set[str]:
    answer = daemon.client.get("/api/v1/feeds", params={"limit": 200}).json()
    return {feed["url"] for feed in answer["items"]}


def test_each_poll_is_a_line_of_json_in_the_log(daemon: RunningDaemon, room: Newsroom) -> None:
    lines = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    poll = next(line for line in lines if line["event"] == "polled")
    assert poll["feed"] == room.feeds()[0]["url"]
    assert poll["status"] == 200
    assert poll["level"] == "info"
    assert min(poll["entries"], poll["bytes"], poll["ms"]) > 0
    assert poll["timestamp"].endswith("Z")


def test_a_feed_that_is_added_to_the_file_is_polled(daemon: RunningDaemon, room: Newsroom) -> None:
    assert configuration(daemon) == {"ok": True, "reason": "Well."}
    write(daemon, feeds=room.feeds()[:3])
    urls = {feed["url"] for feed in room.feeds()[:3]}
    daemon.until(lambda: daemon.polled() >= urls, "the new feeds are polled")
    assert listed(daemon) == urls


def test_a_feed_that_is_taken_out_is_polled_no_more(daemon: RunningDaemon, room: Newsroom) -> None:
    write(daemon, feeds=room.feeds()[1:3])
    hang_up(daemon)
    urls = {feed["url"] for feed in room.feeds()[1:3]}
    daemon.until(lambda: listed(daemon) == urls, "the feed has left the list")


def test_a_new_output_is_served_and_the_writer_gets_a_token(daemon: RunningDaemon) -> None:
    assert daemon.client.get("/feeds/new.rss").status_code == 404
    write(
        daemon,
        outputs=[{"name": "new", "title": "New here"}],
        server=daemon.settings["server"] | {"admin_token": "a token of some length"},
    )
    hang_up(daemon)
    daemon.until(lambda: daemon.client.get("/feeds/new.rss").is_success, "the output is there")
    assert "New here" in daemon.client.get("/feeds/new.rss").text
    sent = {"Authorization": "Bearer a token of some length"}
    assert daemon.client.post("/api/v1/feeds", headers=sent, json={}).status_code == 422


def test_other_outlets_are_known_to_the_workers_that_read(daemon: RunningDaemon) -> None:
    write(daemon, outlets=[{"name": "A Paper Nobody Knows", "domain": "paper.example"}])
    before = metric(daemon, "aggregator_config_last_reload_success_timestamp_seconds")
    hang_up(daemon)
    daemon.until(
        lambda: metric(daemon, "aggregator_config_last_reload_success_timestamp_seconds") > before,
        "the settings are taken",
    )
    polls = 'aggregator_polls_total{result="not_modified"}'
    count = metric(daemon, polls)
    daemon.until(lambda: metric(daemon, polls) > count, "polls go on")


def test_a_broken_file_leaves_the_old_settings_running(daemon: RunningDaemon) -> None:
    feeds = listed(daemon)
    good = daemon.config.read_bytes()
    daemon.config.write_text("feeds: [\n  {url: nowhere}]\n")
    daemon.until(lambda: not configuration(daemon)["ok"], "the mistake is told")
    told = configuration(daemon)["reason"]
    assert "config.yaml:2: feeds[0].url" in told
    assert "The settings of before run on." in told
    assert metric(daemon, "aggregator_config_last_reload_successful") == 0
    assert "config_refused" in daemon.log.read_text()
    assert listed(daemon) == feeds
    daemon.config.write_bytes(good)
    daemon.until(lambda: configuration(daemon)["ok"], "the mended file is taken")
    assert metric(daemon, "aggregator_config_last_reload_successful") == 1


def test_what_only_a_restart_can_change_is_named(daemon: RunningDaemon, tmp_path: Path) -> None:
    write(daemon, database=f"sqlite:///{tmp_path}/elsewhere.db")
    hang_up(daemon)
    daemon.until(lambda: not configuration(daemon)["ok"], "the restart is asked for")
    assert configuration(daemon)["reason"] == "Restart the daemon to change database."
    assert metric(daemon, "aggregator_config_restart_needed") == 1
    assert not (tmp_path / "elsewhere.db").exists()
    assert daemon.stop() == 0
