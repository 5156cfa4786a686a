"""Real feed readers on the merged feed: what each shows must agree."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from feed_readers import (
    Items,
    Newsboat,
    Shown,
    by_feedparser,
    by_javascript,
    by_reader,
    subscribed,
)
from running import RunningDaemon


@pytest.fixture(scope="session")
def wanted(merged: RunningDaemon) -> Items:
    """What the JSON Feed says."""
    items = json.loads(merged.feed("json"))["items"]
    return {
        item["id"]: Shown(
            item["title"],
            item["url"],
            datetime.fromisoformat(item["date_published"]),
            _source(item["_aggregator"]),
        )
        for item in items
    }


def _source(story: dict[str, Any]) -> str:
    """The origin; without one, who was first seen to carry it."""
    return str(story["origin"]["name"] if story["origin"] else story["copies"][0]["outlet"])


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_feedparser_reads_the_same_stories(form: str, merged: RunningDaemon, wanted: Items) -> None:
    assert by_feedparser(merged.feed(form).encode()) == wanted


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_reader_subscribes_and_reads_the_same_stories(
    form: str, merged: RunningDaemon, wanted: Items
) -> None:
    url = f"{merged.base}/feed.{form}?limit=200"
    with subscribed(url) as reader:
        shown = by_reader(reader)
        if form == "json":  # which has no place for a source but our own
            shown = {key: replace(item, source=wanted[key].source) for key, item in shown.items()}
        assert shown == wanted
        reader.update_feed(url)
        assert len(list(reader.get_entries())) == len(wanted)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_newsboat_reads_the_same_stories(
    form: str, merged: RunningDaemon, wanted: Items, tmp_path: Path
) -> None:
    newsboat = Newsboat(f"{merged.base}/feed.{form}?limit=200", tmp_path)
    newsboat.reload()
    assert newsboat.items() == {key: replace(item, source=None) for key, item in wanted.items()}
    for key, body in newsboat.bodies().items():  # it keeps no sources, so the text must name them
        assert f">{wanted[key].source}<" in body
    newsboat.reload()  # nothing must be new
    assert len(newsboat.items()) == len(wanted)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_javascript_parser_reads_the_same_stories(
    form: str, merged: RunningDaemon, wanted: Items, pytestconfig: pytest.Config
) -> None:
    document = merged.feed(form).encode()
    assert by_javascript(document, pytestconfig.cache.mkdir) == wanted
