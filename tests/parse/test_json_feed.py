import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import Enclosure, MarkKind, ParsedFeed
from aggregator.parse import parse_feed
from aggregator.parse.feed import MOST_ENTRIES

VERSION = "https://jsonfeed.org/version/1.1"


def parsed(**members: Any) -> ParsedFeed:
    document = {"version": VERSION, "title": "Bay", "items": [], **members}
    return parse_feed(json.dumps(document).encode(), url="https://bay.example/f", content_type="")


def test_a_json_feed_is_read_whole() -> None:
    feed = parsed(
        home_page_url="https://bay.example/",
        language="en_gb",
        items=[
            {
                "id": 7,
                "url": "/7",
                "external_url": "https://quay.example/x",
                "title": "A <i>ferry</i>",
                "content_html": "<p>Text <script>x</script></p>",
                "content_text": "Text",
                "summary": "s",
                "authors": [{"name": "Ann", "url": "https://ann.example"}, {"name": "Bob"}],
                "tags": ["bay", 5],
                "date_published": "2031-06-05T10:00:00+02:00",
                "date_modified": "2031-06-05T11:00:00Z",
                "image": "https://bay.example/i.png",
                "attachments": [
                    {
                        "url": "https://bay.example/a.mp3",
                        "mime_type": "audio/mpeg",
                        "size_in_bytes": 3,
                    }
                ],
            }
        ],
    )
    assert (feed.format, feed.title, feed.url) == ("json11", "Bay", "https://bay.example/")
    assert (feed.language, feed.problems) == ("en-GB", ())
    (one,) = feed.entries
    assert (one.guid, one.url, one.title) == ("7", "https://bay.example/7", "A <i>ferry</i>")
    assert (one.content_html, one.summary_html) == ("<p>Text </p>", "s")
    assert (one.author, one.categories) == ("Ann, Bob", ("bay", "5"))
    assert one.published == datetime(2031, 6, 5, 8, tzinfo=UTC)
    assert one.enclosures == (
        Enclosure("https://bay.example/a.mp3", "audio/mpeg", 3),
        Enclosure("https://bay.example/i.png", "image/png"),
    )
    assert (one.marks[0].kind, one.marks[0].url) == (
        MarkKind.EXTERNAL_URL,
        "https://quay.example/x",
    )
    assert one.marks[0].quote == '"external_url": "https://quay.example/x"'


def test_version_1_has_one_author_and_may_have_plain_text() -> None:
    feed = parsed(
        version="https://jsonfeed.org/version/1",
        items=[{"id": "1", "content_text": "One <b>.\n\nTwo.", "author": {"name": "Ann"}}],
    )
    assert feed.format == "json10"
    assert feed.entries[0].author == "Ann"
    assert feed.entries[0].content_html == "One &lt;b&gt;.<br><br>Two."


def test_a_feed_without_its_version_is_known_by_its_shape() -> None:
    feed = parsed(version=None, feed_url="https://bay.example/f", items=[{"id": "1", "title": "x"}])
    assert len(feed.entries) == 1
    assert feed.problems == ("its version of JSON Feed is not known",)


def test_items_that_are_none_are_counted() -> None:
    feed = parsed(items=[{"id": "1", "title": "x"}, 3, None, "a", {}, {"id": None}])
    assert (len(feed.entries), feed.skipped) == (1, 5)


def test_only_so_many_items_are_read() -> None:
    feed = parsed(items=[{"id": str(n)} for n in range(MOST_ENTRIES + 5)])
    assert (len(feed.entries), feed.skipped) == (MOST_ENTRIES, 5)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a": ' + b"9" * 5_000 + b"}", b'{"a": nul}'])
def test_json_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_feed(body, url="https://bay.example/f", content_type="application/feed+json")
    assert caught.value.reason == "bad_json"


def test_halves_of_characters_are_replaced() -> None:
    body = f'{{"version": "{VERSION}", "items": [{{"id": "1", "title": "x\\ud800"}}]}}'
    feed = parse_feed(body.encode(), url="https://bay.example/f", content_type="")
    feed.entries[0].title.encode()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
names = st.sampled_from(
    [
        "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image",
        "date_published", "date_modified", "author", "authors", "tags", "language", "attachments",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.dictionaries(names, anything, max_size=6), max_size=4), anything, anything)
def test_values_of_any_type_break_nothing(items: list[Any], title: Any, url: Any) -> None:
    feed = parsed(items=items, title=title, home_page_url=url, language=title)
    assert len(feed.entries) + feed.skipped == len(items)
    for told in (feed.title, feed.url, feed.language, *map(repr, feed.entries)):
        assert "\x00" not in told.encode().decode()
        assert "\\x00" not in told
