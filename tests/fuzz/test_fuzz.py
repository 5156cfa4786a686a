"""What others write ends in a result or in an error of ours, never in one that nobody foresaw.

`FUZZ_EXAMPLES` is the number of inputs in all; `make fuzz` has a million.
"""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from mangled import FEEDS, PAGES, TEXTS, mangled, mangled_text

from aggregator.attribute import attribute_one, for_people
from aggregator.errors import AggregatorError
from aggregator.explain import explanation
from aggregator.model import (
    Agency,
    Channel,
    Copy,
    Credit,
    Extent,
    Feed,
    FeedSpec,
    Origin,
    Role,
    Story,
    Where,
)
from aggregator.outlets import outlet_of
from aggregator.parse import feeds_named, identify, parse_page
from aggregator.publish import FORMATS, story_json
from aggregator.reading import Task, known_outlets, parse, read

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10000"))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIRECTORY = known_outlets((), ())
URL = "https://harbour.example/feed"
TYPES = st.sampled_from(
    [
        "",
        "application/rss+xml",
        "text/html; charset=latin-1",
        "application/json",
        "text/xml;q",
        "\x00",
    ]
)
TEXT = mangled_text(TEXTS)
CHANNEL = Channel("News", "https://n.example/feed.rss", "https://n.example/", "All of it")


pytestmark = pytest.mark.timeout(0)  # it takes as long as it was told to


def _is_for_people(error: AggregatorError) -> None:
    assert error.reason
    assert error.message


def fuzzed(share: float):
    """So large a share of all inputs, whatever they take."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    count = max(round(EXAMPLES * share), 10)
    return settings(max_examples=count, deadline=None, suppress_health_check=slow, database=None)


@fuzzed(0.3)
@given(mangled(FEEDS), TYPES)
def test_any_feed_is_read_to_its_credits_or_refused(body, content_type):
    try:
        feed, listed = parse(body, URL, content_type)
    except AggregatorError as error:
        _is_for_people(error)
        return
    outlet = outlet_of(Feed(1, FeedSpec(URL), URL), feed, DIRECTORY)
    tasks = [Task(found) for found in identify(listed, [])]
    for reading in read(outlet, feed.language, tasks, NOW):
        assert "<script" not in reading.entry.html.lower()
        for credit in reading.credits:
            assert 0 <= credit.confidence <= 1


@fuzzed(0.15)
@given(mangled(PAGES), TYPES)
def test_any_page_is_read_or_refused(body, content_type):
    feeds_named(body, URL)
    try:
        page = parse_page(body, url=URL, content_type=content_type)
    except AggregatorError as error:
        _is_for_people(error)
        return
    assert "<script" not in page.html.lower()


@fuzzed(0.3)
@given(TEXT, st.sampled_from(["text", "html", "rss-item"]), TEXT)
def test_any_text_is_read_for_its_credits(text, form, publisher):
    try:
        for_people(attribute_one(text, form=form, publisher=publisher[:40]))
    except AggregatorError as error:
        _is_for_people(error)


@fuzzed(0.25)
@given(TEXT, TEXT, TEXT, st.sampled_from(list(FORMATS)))
def test_any_story_is_published_as_a_document_that_reads_well(title, name, quote, form):
    address = f"https://x.example/{name[:20]}"
    credit = Credit(
        name, name, "", address, Role.PUBLISHER, Extent.FULL, quote, Where.BODY, confidence=0.9
    )
    copy = Copy(name, name[:20], address, title, None, NOW, (credit,), entry=1)
    story = Story(
        "0b7b1a5e-0000-4000-8000-000000000001",
        title,
        address,
        NOW,
        NOW,
        origin=Origin(name, name[:20], address, Role.PUBLISHER, 0.9, quote),
        agency=Agency(name, ""),
        chain=(name, title),
        copies=(copy,),
        categories=(name,),
        content_html=quote,
    )
    data = FORMATS[form].write(replace(CHANNEL, title=title), [story])
    if form == "json":
        json.loads(data)
    else:
        etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    json.dumps(story_json(story))
    explanation(story)
