"""What comes out of the worst stories is a feed that reads well everywhere."""

import io
import json
import os
import sys
from importlib import import_module
from pathlib import Path

import feedparser
import pytest
from hostile_stories import story
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lxml import etree

from aggregator.model import Channel, Content, FeedHealth
from aggregator.publish import FORMATS, atom, inert, opml, rss, title, uri
from aggregator.publish.item import item_id, link

HOME = "https://news.example.org/"
NUMBERS = st.lists(st.integers(0, 10**9), max_size=6, unique=True)
VALIDATOR = os.environ.get("FEEDVALIDATOR", "")
# Enough for a run that people wait for; the environment can ask for more.
JSON_STORIES = 200
STORIES = int(os.environ.get("FEEDVALIDATOR_STORIES", "500"))


def channel(form: str, content: Content = Content.FEED, **more) -> Channel:
    url = f"{HOME}feed.{form}"
    return Channel("News & <b>more</b>", url, HOME, "&copy; \x00", content, **more)


PAGE = {
    "next_url": f"{HOME}feed?before=1",
    "previous_url": f"{HOME}feed?after=1",
    "last_url": f"{HOME}feed?after=0",
    "prev_archive_url": f"{HOME}feed?archive=7",
    "hubs": ("https://hub.example.org/", "https://other.example.org/?a=1&b=2"),
    "style_url": f"{HOME}static/feed.css?a=1&b=2",
}
ARCHIVE = {
    "current_url": f"{HOME}feed",
    "archived": True,
    "prev_archive_url": f"{HOME}feed?archive=6",
    "next_archive_url": f"{HOME}feed?archive=8",
}


@settings(max_examples=60, deadline=None)
@given(NUMBERS, st.sampled_from(Content))
def test_every_feed_is_well_formed_and_comes_back_as_it_was_told(numbers, content):
    stories = [story(number) for number in numbers]
    wanted = [(item_id(s), title(s), link(s, channel("rss"))) for s in stories]
    for form in ("rss", "atom"):
        data = FORMATS[form].write(channel(form, content), stories)
        etree.fromstring(data, etree.XMLParser(resolve_entities=False))
        read = feedparser.parse(data)
        assert read.bozo == 0
        assert [(e.id, e.title, e.link) for e in read.entries] == wanted
    items = json.loads(FORMATS["json"].write(channel("json", content), stories))["items"]
    assert [(i["id"], i["title"], i["url"]) for i in items] == wanted


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_readers_see_the_same_time_source_and_author_in_rss_and_atom(numbers):
    stories = [story(number) for number in numbers]
    read = [feedparser.parse(write(channel("x"), stories)).entries for write in (rss, atom)]
    for one, other in zip(*read, strict=True):
        assert one.published_parsed == other.published_parsed
        assert one.get("source", {}).get("title") == other.get("source", {}).get("title")
        assert one.author == other.author


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_addresses_in_feeds_are_whole_uris_of_the_web(number):
    told = story(number)
    for element in etree.fromstring(atom(channel("atom"), [told])).iter("{*}link"):
        assert uri(element.get("href")) == element.get("href")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=4, max_size=4))
def test_opml_holds_any_feed_without_its_secrets(texts):
    name, domain, category, rest = texts
    health = FeedHealth(
        f"https://user:secret@a.example/{rest}", name, domain, category, "ok", *[None] * 5, None
    )
    tree = etree.fromstring(opml("Feeds", [health]))
    (outline,) = tree.iterfind(".//outline[@xmlUrl]")
    assert outline.get("xmlUrl").startswith("https://a.example/")
    assert outline.get("text") == (inert(name) or outline.get("xmlUrl"))


@pytest.mark.parametrize("content", Content)
@pytest.mark.parametrize("more", [{}, PAGE, ARCHIVE])
def test_json_feed_is_valid_by_the_schema_of_the_format(content, more):
    schema = json.loads((Path(__file__).parent / "json_feed_schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    for start in range(0, JSON_STORIES, 50):
        stories = [story(number) for number in range(start, start + 50)]
        document = json.loads(FORMATS["json"].write(channel("json", content, **more), stories))
        assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.skipif(not VALIDATOR, reason="FEEDVALIDATOR names no folder with the W3C's validator")
@pytest.mark.parametrize(
    ("content", "more"),
    [*((content, {}) for content in Content), (Content.FEED, PAGE), (Content.FEED, ARCHIVE)],
)
@pytest.mark.parametrize("form", ["rss", "atom"])
def test_the_w3c_validator_says_nothing(form, content, more, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(Path(VALIDATOR) / "src"), *sys.path])
    feedvalidator = import_module("feedvalidator")
    shown_online = import_module("feedvalidator.compatibility").AA  # errors and warnings
    said = []
    for start in range(0, STORIES, 50):
        stories = [story(number) for number in range(start, start + 50)]
        told = channel(form, content, **more)
        result = feedvalidator.validateStream(
            io.BytesIO(FORMATS[form].write(told, stories)),
            contentType=FORMATS[form].media_type,
            base=told.url,
        )
        events = shown_online(result["loggedEvents"])
        said += [f"{type(event).__name__} {event.params}" for event in events]
    assert said == []
