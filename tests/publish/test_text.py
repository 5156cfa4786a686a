"""Titles, addresses and languages that every reader shows right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish import excerpt, inert, language_tag, shown, uri
from aggregator.publish.text import direction, legible, shortened

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("AT&T & Q&A", "AT&T & Q&A"),
        ("5 < 6 and I <3 it", "5 < 6 and I <3 it"),
        ("The <br> tag and </p>", "The ‹br› tag and ‹/p›"),
        ("How to write &lt;", "How to write ＆lt;"),
        ("cut off <scr", "cut off ‹scr"),
        ("by <1@mail.example>", "by ‹1@mail.example>"),
        ("two\nlines\t and  more", "two lines and more"),
        ("turned \u202eround\u202c", "turned round"),
        ("CafÃ© Ã¼ber", "Café über"),
        ("donâ\x80\x99t", "don’t"),
        ("don\x92t", "don’t"),
        ("MAÇÃ»", "MAÇÃ»"),
        ("lost \ufffd", "lost ?"),
        ("nul\x00 and \ud800half", "nul and half"),
    ],
)
def test_a_title_is_one_line_that_nobody_takes_for_markup(raw, told):
    assert inert(raw) == told


@given(ANY_TEXT)
def test_what_is_made_legible_or_inert_stays_so(text):
    assert legible(legible(text)) == legible(text)
    assert inert(inert(text)) == inert(text)
    legible(text).encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("https://a.example/1?b=2#c", "https://a.example/1?b=2#c"),
        (" HTTPS://A.Example/Up ", "https://a.example/Up"),
        ("https://a.example/ä ö", "https://a.example/%C3%A4%20%C3%B6"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://a.example/100%/[1]", "https://a.example/100%25/%5B1%5D"),
        ("https://user:secret@a.example/x", "https://a.example/x"),
        ("http://127.0.0.9:8123/x", "http://127.0.0.9:8123/x"),
        ("https://a.example?x=1", "https://a.example/?x=1"),
        ("javascript:alert(1)", ""),
        ("//a.example/x", ""),
        ("/x", ""),
        ("http://[oops/", ""),
        ("http://a.example:99999/", ""),
        ("http://", ""),
        ("", ""),
    ],
)
def test_an_address_is_a_whole_uri_or_nothing(raw, told):
    assert uri(raw) == told


@given(st.one_of(ANY_TEXT, ANY_TEXT.map(lambda rest: f"https://a.example/{rest}")))
def test_any_address_comes_out_ascii_and_once_is_enough(raw):
    told = uri(raw)
    assert told.isascii()
    assert told == "" or told.startswith(("http://", "https://"))
    assert uri(told) == told


@pytest.mark.parametrize(
    ("raw", "told"),
    [("EN_gb", "en-GB"), ("zh-hant-tw", "zh-Hant-TW"), ("xx", ""), ("<b>", ""), ("", "")],
)
def test_a_language_is_one_that_is_known_or_none(raw, told):
    assert language_tag(raw) == told


def test_some_languages_are_written_from_right_to_left():
    assert [direction(tag) for tag in ("ar-EG", "he", "fa", "ur", "en", "")] == [
        *("rtl", "rtl", "rtl", "rtl", "ltr", "ltr")
    ]


def test_a_long_text_is_cut_at_a_words_end():
    assert shortened("one two three", 13) == "one two three"
    assert shortened("one two three", 12) == "one two…"
    assert shortened("a" * 50, 10) == "a" * 9 + "…"


def test_an_excerpt_is_the_plain_text_of_the_blocks():
    html = "<h2>Head</h2><p>One <b>t</b>wo<br>three</p><script>x</script><ul><li>four</ul>"
    assert excerpt(html) == "Head One two three four"
    assert excerpt("") == ""


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<p onclick=alert(1)>x</p>",
        '<a href="javascript:alert(1)">x</a>',
        "<iframe src=https://evil.example/></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><!--</style>"
        "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<p style='position:fixed'>x</p>",
        "<form action=https://evil.example/><input name=x></form>",
        "<object data=x></object><embed src=x>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_hostile_html_is_shown_inert(html):
    told = shown(html).lower()
    for word in ("<script", "onerror=", "onclick", "javascript:", "<iframe", "style", "<form"):
        assert word not in told


def test_pages_show_nothing_that_would_be_fetched():
    html = (
        '<p>Text<img src="https://a.example/i.png"></p>'
        '<video src="https://a.example/v.mp4" poster="https://a.example/p.png"></video>'
        '<audio src="https://a.example/a.mp3"></audio><a href="https://a.example/">kept</a>'
    )
    assert shown(html, media=False) == '<p>Text</p><a href="https://a.example/">kept</a>'
