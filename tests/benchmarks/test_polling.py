"""The benchmark of polling, as small as can be: both sides read the same, and it is told."""

import json
import sys
from pathlib import Path

import pytest

from aggregator.config import load
from benchmarks import polling
from benchmarks.__main__ import main
from benchmarks.farm import origin
from benchmarks.measuring import measure
from benchmarks.press import Press

PRESS = Press(feeds=12, entries=6, size=900)


def test_reader_reads_every_entry_and_then_what_is_new(tmp_path):
    with origin(PRESS, share=0.25) as server:
        command = polling.peer_command(server, tmp_path)
        first = json.loads(measure(command).stdout)
        changed = server.tick()
        second = json.loads(measure(command).stdout)
    assert (first["feeds"], first["fetched"], first["failed"]) == (12, 12, 0)
    assert first["entries_new"] == PRESS.feeds * PRESS.entries
    assert (second["fetched"], second["not_modified"]) == (len(changed), 12 - len(changed))
    assert second["entries_new"] == sum(changed.values())


def test_both_sides_read_the_same_entries_and_the_page_tells_of_it(tmp_path, monkeypatch):
    seen = []

    def rounds(press, runs, measure=polling.rounds):
        seen.append(measure(press, runs))
        return seen[-1]

    monkeypatch.setattr(polling, "rounds", rounds)
    page = tmp_path / "benchmarks.md"
    main(["--quick", "--only", "polling", "--page", str(page)])
    ((passes, told),) = seen
    for name in polling.PASSES:
        (ours,), (theirs,) = passes[polling.OURS, name], passes[polling.PEER, name]
        assert ours.told["entries_new"] == theirs.told["entries_new"] > 0
        assert ours.told["not_modified"] == theirs.told["not_modified"]
        assert min(ours.cost.cpu_seconds, theirs.cost.cpu_seconds, ours.rate, theirs.rate) > 0
    text = page.read_text("utf-8")
    assert told in text
    assert "| aggregator, first poll |" in text
    assert "| reader, poll with 95 % 304 |" in text


def test_a_side_that_misses_an_entry_is_no_result(tmp_path, monkeypatch):
    told = {"feeds": 12, "failed": 0, "entries_new": 71, "seconds": 1}
    lying = [sys.executable, "-c", f"print({json.dumps(json.dumps(told))})"]
    monkeypatch.setattr(polling, "our_command", lambda *_: lying)
    with pytest.raises(polling.DisagreementError, match="12 feeds and find 72 new entries"):
        polling.rounds(PRESS, 1)


def test_the_configuration_that_is_measured_is_right(tmp_path):
    with origin(Press(feeds=2, entries=1, size=300)) as server:
        command = polling.our_command(server, tmp_path)
    config = load(Path(command[-1]))
    assert [spec.url for spec in config.feed_specs()] == server.urls()
    assert config.poll.per_host_delay.total_seconds() == 0
