import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from aggregator.parse.guards import is_tangled
from aggregator.parse.sanitise import _TAGS, plain, sanitise
from aggregator.parse.urls import absolute, comparable

BASE = "https://bay.example/d/"


def clean(html: str) -> str:
    return sanitise(html, base_url=BASE)


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ('<p onclick="x()" style="position:fixed" id="a" class="b">t</p>', "<p>t</p>"),
        ("<script>x</script>t<style>y</style>", "t"),
        ("<form><input><button>x</button>y</form>t", "t"),
        ("<iframe src='https://x.example'>x</iframe><object>y</object>t", "t"),
        ("<svg><a xlink:href='javascript:x'>y</a></svg>t", "t"),
        ("t<!-- c --><nav>Home</nav>", "t"),
        ("<p hidden>x</p><p style='display: none'>y</p><b class='sr-only'>z</b>t", "t"),
        ("<div hidden><p hidden><img width=1></p></div>t", "t"),
        ('<img src="/i.png" onerror="x">', '<img src="https://bay.example/i.png">'),
        ('<img src="data:image/gif;base64,AA" data-src="/i.png">', '<img src="https://bay.example/i.png">'),
        ('<img src="data:image/gif;base64,AA">t', "t"),
        ('<img src="/p.gif" width="1" height="1">t', "t"),
        ('<img src="/p.gif" style="width:1px;height:1px">t', "t"),
        ('<img src="https://feeds.feedburner.com/~r/x/~4/y">t', "t"),
        ('<p class="wp-caption-text x">t</p>', '<p class="wp-caption-text">t</p>'),
        ("5 > 4", "5 &gt; 4"),
        ("a & b", "a &amp; b"),
        ("", ""),
        (" \n ", ""),
    ],
)  # fmt: skip
def test_nothing_that_acts_tracks_or_hides_is_left(html: str, safe: str) -> None:
    assert clean(html) == safe


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
        "vbscript:x", "mailto:a@b.example", "file:///etc/passwd", "http://[bad", "https://",
        "https://h:port/",
    ],
)  # fmt: skip
def test_links_that_are_not_of_the_web_lose_their_address(href: str) -> None:
    assert "href" not in clean(f'<a href="{href}">t</a>')


def test_links_are_absolute() -> None:
    html = clean('<a href="../x y">a</a><a href="//q.example/z">b</a>')
    assert re.findall(r'href="([^"]*)"', html) == [
        "https://bay.example/x%20y",
        "https://q.example/z",
    ]


def test_text_that_is_nested_too_deeply_becomes_plain_text() -> None:
    html = clean("<div>" * 1000 + "<script>x</script>deep &lt;b&gt;" + "</div>" * 1000)
    assert "<" not in html
    assert html.endswith("deep &lt;b&gt;")


def test_old_pages_that_never_close_a_paragraph_are_read_as_html() -> None:
    assert clean("<p>line" * 1000).count("<p>") == 1000
    assert clean("<ul>" + "<li>line" * 1000).count("<li>") == 1000


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 300,
        "<div></span>" * 300,
        "<div><table></div></table>" * 300,
        "<b><div></b>" * 300,
        "".join(f"<font id={n}>" for n in range(300)),
        "<p>" + "".join(f"<b id={n}>" for n in range(100)) + "</p>" + "<p>x</p>" * 10_000,
        "<a " + " ".join(f"a{n}=1" for n in range(3_000)) + ">",
        "<a " + " ".join(f'a{n}="<"' for n in range(3_000)) + ">",
        "<select>" + "<option>" * 3_000,
        "".join(f"<body a{n}=1>" for n in range(300)),
        "&" * 10_000,
        "&a" * 10_000,
    ],
)
def test_markup_that_is_slow_to_parse_is_seen(html: str) -> None:
    assert is_tangled(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>x" * 5_000,
        "<br>" * 5_000,
        "<ul>" + "<li>x" * 2_000 + "</ul>",
        '<a name="x">y' * 1_000,
        "<table>" + "<tr><td>x" * 2_000 + "</table>",
        "<div>" * 100 + "x" + "</div>" * 100,
        "<p><b>x</b></p>" * 5_000,
        "<!--" * 50_000,
        "<script>'<div>' +" * 500,
        '<img src="data:image/png;base64,' + "A" * 100_000 + '">',
        "&amp;" * 10_000,
        "x < y " * 1_000,
        "<p>" + "word " * 20_000,
    ],
)
def test_markup_of_real_texts_is_not(html: str) -> None:
    assert not is_tangled(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("A &amp; B <b>x</b>", "A & B x"),
        ("AT&amp;amp;T", "AT&amp;T"),
        ("<i>a</i><script>x</script>b", "ab"),
        ("1 < 2", "1 < 2"),
        (" two\n lines\u200b ", "two lines"),
    ],
)
def test_small_html_as_plain_text(html: str, text: str) -> None:
    assert plain(html) == text


@pytest.mark.parametrize(
    ("url", "base", "found"),
    [
        ("https://q.example/a?b=c#d", "", "https://q.example/a?b=c#d"),
        ("HTTPS://Q.example/", "", "https://Q.example/"),
        ("/a", "https://q.example/b/c", "https://q.example/a"),
        ("/a", "", None),
        (" https://q.example/a b ", "", "https://q.example/a%20b"),
        ('https://q.example/"><script>', "", "https://q.example/%22%3E%3Cscript%3E"),
        ("https://q.example/\x00", "", None),
        ("https://" + "a" * 5_000, "", None),
        ("https://bücher.example/ä", "", "https://bücher.example/ä"),
        ("ftp://q.example/", "", None),
    ],
)
def test_addresses(url: str, base: str, found: str | None) -> None:
    assert absolute(url, base) == found


def test_addresses_of_pages_that_scripts_tell_apart_stay_apart() -> None:
    assert comparable("https://q.example/#!/1") != comparable("https://q.example/#!/2")
    assert comparable("https://q.example/#a") == comparable("https://q.example/#b")
    assert comparable("https://q.example") == comparable("http://q.example:80/?utm_source=x")
    assert comparable("http://q.example:8080/") != comparable("http://q.example/")


tags = st.sampled_from(
    [
        "<p>", "</p>", '<a href="javascript:x">', "<img src=x onerror=y>", "<script>", "</script>",
        "<svg>", "<math>", "<style>", "<!--", "-->", '<p title="', '">', "<iframe>", "<noscript>",
        "<table>", "<form>", "<b hidden>", "<textarea>", "</textarea>", "<title>", "<mglyph>",
    ]
)  # fmt: skip


ALLOWED = {"href", "rel", "src", "alt", "title", "width", "height", "class", "lang", "dir"}


@given(st.lists(tags | st.text(max_size=10), max_size=25).map("".join))
def test_any_markup_is_safe_as_browsers_read_it_and_stays_so(html: str) -> None:
    once = clean(html)
    for safe in (once, clean(once)):
        assert "\x00" not in safe
        body = LexborHTMLParser(f"<body>{safe}").body
        for node in body.css("body *") if body else ():
            assert node.tag in _TAGS
            assert node.attributes.keys() <= ALLOWED
            for name in ("href", "src"):
                assert (node.attributes.get(name) or BASE).startswith(("https://", "http://"))
