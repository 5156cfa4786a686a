"""Real feed readers on the merged feed: what each shows must agree."""

import calendar
import html
import json
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from reader import make_reader
from running import RunningDaemon

Shown = dict[str, tuple[str, str]]
"""Id to title and link."""


@pytest.fixture(scope="session")
def wanted(merged: RunningDaemon) -> Shown:
    """What the JSON Feed says."""
    items = json.loads(merged.feed("json"))["items"]
    return {item["id"]: (item["title"], item["url"]) for item in items}


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_feedparser_reads_the_same_stories(form: str, merged: RunningDaemon, wanted: Shown) -> None:
    feed = feedparser.parse(merged.feed(form).encode())
    assert not feed.bozo, feed.get("bozo_exception")
    shown = {entry.id: (html.unescape(entry.title), entry.link) for entry in feed.entries}
    assert shown == wanted


def test_rss_and_atom_agree_on_dates_and_sources(merged: RunningDaemon) -> None:
    def told(form: str) -> dict[str, tuple[datetime, str]]:
        entries = feedparser.parse(merged.feed(form).encode()).entries
        return {
            entry.id: (
                datetime.fromtimestamp(calendar.timegm(entry.published_parsed), UTC),
                entry.get("source", {}).get("title", ""),
            )
            for entry in entries
        }

    assert told("rss") == told("atom")


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_reader_subscribes_and_reads_the_same_stories(
    form: str, merged: RunningDaemon, wanted: Shown
) -> None:
    url = f"{merged.base}/feed.{form}?limit=200"
    with make_reader(":memory:") as reader:
        reader.add_feed(url)
        reader.update_feed(url)
        shown = {
            entry.id: (html.unescape(entry.title or ""), entry.link or "")
            for entry in reader.get_entries()
        }
        assert shown == wanted
        reader.update_feed(url)
        assert len(list(reader.get_entries())) == len(wanted)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_newsboat_reads_the_same_stories(
    form: str, merged: RunningDaemon, wanted: Shown, tmp_path: Path
) -> None:
    program = shutil.which("newsboat")
    assert program, "newsboat is not installed (Debian: apt-get install newsboat)"
    (tmp_path / "urls").write_text(f"{merged.base}/feed.{form}?limit=200\n")
    (tmp_path / "config").write_text("ignore-mode display\n")
    for _ in range(2):  # the second time, nothing must be new
        subprocess.run(
            [
                program,
                *("-u", tmp_path / "urls"),
                *("-c", tmp_path / "cache.db"),
                *("-C", tmp_path / "config"),
                *("-x", "reload"),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            env={"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "NO_PROXY": "*", "TERM": "dumb"},
            timeout=60,
        )
    with sqlite3.connect(tmp_path / "cache.db") as cache:
        rows = cache.execute("SELECT guid, title, url FROM rss_item").fetchall()
    assert len(rows) == len(wanted)
    assert {guid: (html.unescape(title), url) for guid, title, url in rows} == wanted
