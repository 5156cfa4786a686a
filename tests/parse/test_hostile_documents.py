"""Documents made to be slow or big. None may take more than a bounded time and memory.

Each is read in this process; a superlinear reader would exceed the time limit of the test run by
far, so that no test has to assert on seconds.
"""

from collections.abc import Callable
from html import escape

import pytest

from aggregator.errors import ParseError
from aggregator.parse import blocks, clean, parse_feed, parse_page, told_apart
from aggregator.parse.sanitise import plain, sanitise
from tests.parse.feeds import item, rss

SIZE = 200_000


def repeated(text: str) -> Callable[[], str]:
    return lambda: text * (SIZE // len(text))


MARKUP: dict[str, Callable[[], str]] = {
    "comments that never end": repeated("<!--"),
    "elements in elements": repeated("<div>"),
    "lists in lists": repeated("<ul><li>"),
    "tables in tables": repeated("<table><tr><td>"),
    "formatting that never ends": lambda: "".join(f"<font id={n}>x" for n in range(SIZE // 14)),
    "formatting that is taken up again": lambda: (
        "<p>" + "".join(f"<b id={n}>" for n in range(150)) + "</p>" + "<p>x</p>" * (SIZE // 8)
    ),
    "formatting around blocks": repeated("<b><div></b>"),
    "end tags of others": lambda: "<i>" * (SIZE // 14) + "</b></p>" * (SIZE // 14),
    "elements that are never closed": repeated("<div></span>"),
    "attributes": lambda: "<a " + " ".join(f"a{n}=1" for n in range(SIZE // 8)) + ">x",
    "attributes with tags in them": lambda: (
        "<a " + " ".join(f'a{n}="<"' for n in range(SIZE // 10)) + ">x"
    ),
    "attributes of the root": lambda: "".join(f"<html a{n}=1>" for n in range(SIZE // 14)),
    "options": lambda: "<select>" + "<option>" * (SIZE // 8),
    "paragraphs": repeated("<p>x"),
    "line breaks": repeated("aaa<br>"),
    "line breaks that join": repeated("aaa bbb<br>ccc, "),
    "links in one paragraph": lambda: "<p>" + "<a href='z'>q</a> " * (SIZE // 18),
    "one link around everything": lambda: "<a href='https://x.example/'>" + "q<br>" * (SIZE // 5),
    "accents on one letter": lambda: "<p>e" + "\u0301\u0327" * (SIZE // 2),
    "accents after links": repeated("<a href='https://x.example/'>e</a>\u0301"),
    "ampersands": repeated("&"),
    "ampersands and letters": repeated("&a"),
    "characters by number": repeated("&#1234;"),
    "quotes that never end": repeated('<a href="'),
    "less-than signs": repeated("<"),
    "white space": repeated(" \n"),
    "one word": repeated("x"),
    "dots": lambda: "." * SIZE + "a!",
    "digits": repeated("1"),
    "questions": repeated('?"'),
    "headings of other things": repeated("<h2>Related</h2><p>x</p>"),
    "zero-width characters": repeated("\u200b"),
    "NUL": repeated("a\x00"),
    "scripts that never end": repeated("<script><!--"),
    "CDATA": repeated("<![CDATA["),
    "processing instructions": repeated("<?x "),
    "declarations": repeated("<!x "),
    "frames": repeated("<frameset>"),
    "drawings": repeated("<svg><a>"),
    "cells": lambda: "<table><tr>" + "<td>a</td>" * (SIZE // 10),
    "comments with dashes": repeated("<!-- - -- > -"),
}
shapes = pytest.mark.parametrize("shape", MARKUP.values(), ids=MARKUP.keys())


@shapes
def test_text_and_sanitising(shape: Callable[[], str]) -> None:
    html = shape()
    clean(blocks(html))
    safe = sanitise(html, base_url="https://bay.example/")
    assert "<script" not in safe
    assert len(safe) < 20 * SIZE
    plain(html)


@shapes
@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "raw"])
def test_feeds(shape: Callable[[], str], escaped: bool) -> None:
    html = escape(shape()) if escaped else shape()
    body = rss(f"{item(1)}<item><title>t</title><description>{html}</description></item>")
    feed = parse_feed(body, url="https://bay.example/feed", content_type="")
    assert feed.entries[0].title == "Story 1"
    told_apart(feed.entries)


@shapes
def test_pages(shape: Callable[[], str]) -> None:
    first = "<p>" + "The first sentence of an article stands here, long enough. " * 5 + "</p>"
    html = f"<html><head><title>t</title></head><body><article>{first}{shape()}"
    found = parse_page(html.encode(), url="https://bay.example/", content_type="text/html")
    assert found.title == "t"


XML: dict[str, Callable[[], str]] = {
    "an author of one word": lambda: f"<item><title>t</title><author>{'a' * SIZE}</author></item>",
    "authors": lambda: "<item><title>t</title>" + "<author>a</author>" * (SIZE // 18) + "</item>",
    "categories": lambda: (
        "<item><title>t</title>"
        + "".join(f"<category>c{n}</category>" for n in range(SIZE // 24))
        + "</item>"
    ),
    "links": lambda: (
        "<item><title>t</title>" + "<link>http://x.y/</link>" * (SIZE // 24) + "</item>"
    ),
    "enclosures": lambda: (
        "<item><title>t</title>" + "<enclosure url='http://x.y/'/>" * (SIZE // 30) + "</item>"
    ),
    "elements in elements": lambda: "<a>" * (SIZE // 3),
    "empty elements": lambda: "<b/>" * (SIZE // 4) + "<x>",
    "attributes": lambda: "<a " + " ".join(f'a{n}="1"' for n in range(SIZE // 9)) + "/>",
    "namespaces": lambda: "<a " + " ".join(f'xmlns:a{n}="u"' for n in range(SIZE // 14)) + "/>",
    "a name without end": lambda: "<" + "a" * SIZE + ">",
    "slashes": lambda: "<a" + "/" * SIZE + ">",
    "items without end": lambda: "<item>" * (SIZE // 6),
    "a date of digits": lambda: f"<item><title>t</title><pubDate>{'1' * SIZE}</pubDate></item>",
    "a character of digits": lambda: f"<item><title>&#{'9' * SIZE};</title></item>",
    "CDATA in pieces": lambda: "<item><title>" + "<![CDATA[x]]>" * (SIZE // 13) + "</title></item>",
    "white space in XHTML": lambda: (
        "<entry xmlns='http://www.w3.org/2005/Atom'><content type='xhtml'>"
        + "&#32;\n" * (SIZE // 6)
        + "<div><b></div></content></entry>"
    ),
}


@pytest.mark.parametrize("shape", XML.values(), ids=XML.keys())
def test_feeds_of_odd_xml(shape: Callable[[], str]) -> None:
    feed = parse_feed(rss(item(1) + shape()), url="https://bay.example/", content_type="")
    assert feed.entries[0].title == "Story 1"


@pytest.mark.parametrize(
    "body",
    [
        b"<!--" * 2_500_000,
        b"<rss version='2.0'>" + b"<!--" * 2_500_000,
        b"<!DOCTYPE x [" * 700_000,
        b"<?xml " + b" " * 10_000_000,
        b"\xff" * 10_000_000,
        b"{" * 10_000_000,
        b"[1," * 3_000_000,
        b"<" * 10_000_000,
        b" " * 9_999_999 + b"<rss/>",
        b"\x00<" * 5_000_000,
    ],
    ids=range(10),
)
def test_ten_megabytes_of_nothing_are_refused_or_empty(body: bytes) -> None:
    try:
        feed = parse_feed(body, url="https://bay.example/", content_type="")
    except ParseError:
        return
    assert feed.entries == ()


def test_a_hundred_thousand_entries() -> None:
    body = rss("".join(item(n) for n in range(100_000)))
    feed = parse_feed(body, url="https://bay.example/", content_type="")
    assert (len(feed.entries), feed.skipped) == (2_000, 98_000)


def test_one_entry_of_five_megabytes() -> None:
    text = "<p>The ferry between the two islands runs again.</p>" * 100_000
    feed = parse_feed(rss(item(1, body=text) + item(2)), url="https://q.example/", content_type="")
    assert [e.title for e in feed.entries] == ["Story 1", "Story 2"]
    assert 1_000_000 < len(feed.entries[0].summary_html) <= 2_100_000


def test_many_tags_are_cut_at_an_entry_and_one_entry_of_too_many_is_refused() -> None:
    many = "<p xmlns='http://www.w3.org/1999/xhtml'>x</p>" * 100
    entries = "".join(f"<item><title>{n}</title><body>{many}</body></item>" for n in range(1_990))
    feed = parse_feed(rss(entries), url="https://q.example/", content_type="")
    assert len(feed.entries) + feed.skipped == 1_990
    assert feed.skipped > 0
    with pytest.raises(ParseError) as caught:
        parse_feed(rss("<item>" + "<b/>" * 400_000), url="https://q.example/", content_type="")
    assert caught.value.reason == "too_big"
