import contextlib
import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import Enclosure, ParsedEntry, ParsedFeed
from aggregator.parse import parse_feed
from aggregator.parse.feed import MOST_ENTRIES
from tests.parse.feeds import atom, entry, item, rss

URL = "https://feeds.transport.example/quay"


def parsed(body: bytes, *, url: str = URL, content_type: str = "") -> ParsedFeed:
    return parse_feed(body, url=url, content_type=content_type)


def only(body: bytes, *, url: str = URL) -> ParsedEntry:
    (one,) = parsed(body, url=url).entries
    return one


def refused(body: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parsed(body)
    return caught.value


# ------------------------------------------------------------------------------------------ formats


def test_rss_is_read_whole() -> None:
    feed = parsed(
        rss(
            item(
                7,
                "<pubDate>Thu, 05 Jun 2031 10:00:00 +0200</pubDate>"
                "<content:encoded><![CDATA[<p>Whole <a href='/x'>text</a>.</p>]]></content:encoded>"
                "<dc:creator>Ann Other</dc:creator><category>Bay</category><category>Bay</category>"
                "<enclosure url='/a.mp3' type='audio/mpeg' length='12'/>",
            ),
            "<language>en-us</language><ttl>45</ttl>",
        )
    )
    assert (feed.format, feed.title, feed.url) == ("rss20", "Quay & News", "https://quay.example/")
    assert (feed.language, feed.ttl, feed.problems) == ("en-US", timedelta(minutes=45), ())
    (one,) = feed.entries
    assert (one.guid, one.url, one.title) == ("id-7", "https://quay.example/7", "Story 7")
    assert one.published == datetime(2031, 6, 5, 8, tzinfo=UTC)
    assert one.author == "Ann Other"
    assert one.summary_html == "A ferry."
    assert '<a href="https://quay.example/x"' in one.content_html
    assert one.categories == ("Bay",)
    assert one.enclosures == (Enclosure("https://quay.example/a.mp3", "audio/mpeg", 12),)


def test_atom_is_read_whole() -> None:
    feed = parsed(
        atom(
            entry(
                '<link href="e1"/><published>2031-06-05T10:00:00+02:00</published>'
                "<updated>2031-06-05T11:00:00Z</updated><author><name>Ann</name></author>"
                '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x '
                '<a href="y">z</a></p></div></content><summary>s &lt; t</summary>'
                '<category term="c" label="Bay"/>',
                title="1 &lt; 2 &amp;amp; 3",
            ),
            'xml:lang="de" xml:base="https://bay.example/b/"',
        )
    )
    assert (feed.format, feed.title, feed.language) == ("atom10", "Bay <Notes>", "de")
    (one,) = feed.entries
    assert (one.title, one.url) == ("1 < 2 &amp; 3", "https://bay.example/b/e1")
    assert one.content_html.startswith('<p>x <a href="https://bay.example/b/y"')
    assert (one.summary_html, one.author, one.categories) == ("s &lt; t", "Ann", ("Bay",))
    assert one.published == datetime(2031, 6, 5, 8, tzinfo=UTC)
    assert one.updated == datetime(2031, 6, 5, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns="http://purl.org/rss/1.0/"><channel><title>t</title></channel>'
            "<item><title>Ferry</title><link>https://q.example/1</link></item></rdf:RDF>",
            "rss10",
        ),
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>t</title></channel>'
            "<item><title>Ferry</title><link>https://q.example/1</link></item></rdf:RDF>",
            "rss090",
        ),
        (
            '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
            '"http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>'
            "<item><title>Ferry</title><link>https://q.example/1</link></item></channel></rss>",
            "rss091n",
        ),
        (
            '<rss version="0.92"><channel><item><title>Ferry</title>'
            "<link>https://q.example/1</link></item></channel></rss>",
            "rss092",
        ),
        (
            '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>t</title><entry>'
            '<title>Ferry</title><link rel="alternate" type="text/html" '
            'href="https://q.example/1"/></entry></feed>',
            "atom03",
        ),
        (
            '<rss version="2.0"><channel><item><title>Ferry</title>'
            "<link>https://q.example/1</link></item></channel></rss>",
            "rss20",
        ),
    ],
)
def test_older_formats_are_read(body: str, name: str) -> None:
    feed = parsed(body.encode())
    assert feed.format == name
    assert [(e.title, e.url) for e in feed.entries] == [("Ferry", "https://q.example/1")]


# ---------------------------------------------------------------------------------- what is missing


def test_a_feed_without_dates_guids_links_or_titles_keeps_its_entries_in_order() -> None:
    bare = "".join(f"<item><description>Text {n}</description></item>" for n in range(5))
    feed = parsed(rss(bare))
    assert [e.summary_html for e in feed.entries] == [f"Text {n}" for n in range(5)]
    assert {(e.guid, e.url, e.title, e.published) for e in feed.entries} == {("", "", "", None)}


def test_an_entry_with_nothing_in_it_is_counted() -> None:
    feed = parsed(rss(item() + "<item></item><item><author>x@y.example</author></item>"))
    assert (len(feed.entries), feed.skipped) == (1, 2)
    assert "entries without anything in them: 2" in feed.problems


def test_an_empty_feed_is_a_feed() -> None:
    assert parsed(rss("")).entries == ()


# -------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Thu, 05 Jun 2031 10:00:00 GMT", datetime(2031, 6, 5, 10, tzinfo=UTC)),
        ("Thu, 05 Jun 2031 10:00:00 EST", datetime(2031, 6, 5, 15, tzinfo=UTC)),
        ("2031-06-05T10:00:00+05:30", datetime(2031, 6, 5, 4, 30, tzinfo=UTC)),
        ("5 Jun 2031", datetime(2031, 6, 5, tzinfo=UTC)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("0000-00-00 00:00:00", None),
        ("yesterday", None),
        ("", None),
        ("Thu, 05 Jun 99999 10:00:00 GMT", None),
        ("Thu, 05 Jun 2931 10:00:00 GMT", datetime(2931, 6, 5, 10, tzinfo=UTC)),
    ],
)
def test_dates_are_utc_and_absurd_ones_none(date: str, moment: datetime | None) -> None:
    assert only(rss(item(more=f"<pubDate>{date}</pubDate>"))).published == moment


def test_an_entry_that_only_says_when_it_was_updated_was_published_then() -> None:
    one = only(rss(item(more="<dc:date>2031-06-05T10:00:00Z</dc:date>")))
    assert one.published == one.updated == datetime(2031, 6, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "ttl"),
    [
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>0</ttl>", None),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", timedelta(days=1)),
        (
            "<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            timedelta(minutes=30),
        ),
        ("<sy:updatePeriod>often</sy:updatePeriod>", None),
        ("<ttl>99999999</ttl>", timedelta(days=366)),
    ],
)
def test_how_long_a_feed_may_be_kept(channel: str, ttl: timedelta | None) -> None:
    assert parsed(rss("", channel)).ttl == ttl


# ---------------------------------------------------------------------------------------- addresses


def test_relative_links_of_rss_are_meant_for_the_site_not_for_who_serves_the_feed() -> None:
    one = only(rss("<item><title>t</title><link>/7</link></item>"))
    assert one.url == "https://quay.example/7"


def test_relative_links_of_atom_are_relative_to_the_document() -> None:
    one = only(atom(entry('<link href="e1"/>')), url="https://feeds.example/a/feed")
    assert one.url == "https://feeds.example/a/e1"


def test_a_permalink_guid_is_the_link_where_there_is_none() -> None:
    assert only(rss("<item><guid>https://quay.example/9</guid></item>")).url == (
        "https://quay.example/9"
    )
    assert only(rss("<item><guid>9</guid><title>t</title></item>")).url == ""
    no = "<item><guid isPermaLink='false'>https://quay.example/9</guid></item>"
    assert only(rss(no)).url == ""


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "mailto:a@b.example", "http://", "http://["]
)
def test_links_that_are_not_of_the_web_are_none(link: str) -> None:
    assert only(rss(f"<item><title>t</title><link>{link}</link></item>")).url == ""


def test_html_is_linked_before_other_forms_of_an_entry() -> None:
    more = (
        '<link rel="alternate" type="application/json" href="https://bay.example/1.json"/>'
        '<link rel="self" href="https://bay.example/1.atom"/><link href="https://bay.example/1"/>'
    )
    assert only(atom(entry(more))).url == "https://bay.example/1"


# ---------------------------------------------------------------------------------- texts and files


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A &amp; B", "A & B"),
        ("A &amp;amp; B", "A & B"),
        ("<![CDATA[A <b>bold</b> title]]>", "A bold title"),
        ("  two \n lines ", "two lines"),
        ("5 &lt; 6", "5 < 6"),
        ("caf&eacute;", "café"),
        ("AT&T", "AT&T"),
        ("x\u200by", "xy"),
    ],
)
def test_titles_are_plain_text_on_one_line(written: str, title: str) -> None:
    assert only(rss(f"<item><title>{written}</title></item>")).title == title


def test_texts_are_sanitised() -> None:
    body = (
        '<p onclick="x()">a<script>b</script><img src="/i.png"><img width="1" height="1" src="/p">'
    )
    assert (
        only(rss(item(body=body))).summary_html == '<p>a<img src="https://quay.example/i.png"></p>'
    )


def test_a_summary_that_repeats_the_content_is_left_out() -> None:
    more = "<content:encoded><![CDATA[A ferry.]]></content:encoded>"
    one = only(rss(item(more=more)))
    assert (one.summary_html, one.content_html) == ("", "A ferry.")


def test_the_caption_of_a_picture_is_not_the_text_of_an_entry() -> None:
    picture = (
        '<media:content url="https://quay.example/p.jpg" medium="image">'
        "<media:description type='plain'>The pier (BNA)</media:description>"
        "<media:credit>BNA</media:credit></media:content>"
    )
    for one in (
        only(rss(item(more=picture))),
        only(rss(f"<item>{picture}<title>t</title><description>A ferry.</description></item>")),
    ):
        assert (one.summary_html, one.content_html) == ("A ferry.", "")
        assert one.enclosures == (Enclosure("https://quay.example/p.jpg", "image/jpeg"),)


def test_what_describes_a_film_is_the_text_where_there_is_no_other() -> None:
    more = "<media:group><media:description>A film of the pier</media:description></media:group>"
    assert only(rss(f"<item><title>t</title>{more}</item>")).summary_html == "A film of the pier"


def test_plain_text_keeps_its_lines() -> None:
    one = only(atom(entry("<summary>One &lt;b&gt;.\nTwo.</summary>")))
    assert one.summary_html == "One &lt;b&gt;.<br>Two."


# ------------------------------------------------------------------------------------ odd documents


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b"", "empty", "empty"),
        (b" \n\x00 ", "empty", "empty"),
        (b"<!DOCTYPE html><html><body><p>Hello", "html_page", "an HTML page"),
        (b"<div>Hello</div>", "html_page", "an HTML page"),
        (b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="x"/>', "html_page", "an HTML page"),
        (b"Not found", "not_a_feed", "plain text"),
        (b"a < b", "not_a_feed", "plain text"),
        (b"%PDF-1.7", "not_a_feed", "a PDF file"),
        (b"\x89PNG\r\n", "not_a_feed", "an image"),
        (gzip.compress(b"<rss/>", mtime=0), "not_a_feed", "a compressed file"),
        (b'<opml version="2.0"><body/></opml>', "not_a_feed", "an OPML subscription list"),
        (b"<urlset/>", "not_a_feed", "a sitemap"),
        (b"<error>no</error>", "not_a_feed", "whose root element is <error>"),
        (
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
            "not_a_feed",
            "not a feed",
        ),
        (b'{"error": "no"}', "not_a_feed", "a JSON document that is not a feed"),
        (b"[1, 2]", "not_a_feed", "a JSON document that is not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", ', "bad_json", "line 1"),
    ],
)
def test_what_is_not_a_feed_is_named(body: bytes, reason: str, words: str) -> None:
    error = refused(body)
    assert error.reason == reason
    assert words in str(error)


def test_a_page_that_shows_a_feed_is_a_page() -> None:
    assert refused(b"<html><body><rss version='2.0'></rss></body></html>").reason == "html_page"


def test_warnings_of_a_program_before_and_after_its_feed_are_skipped() -> None:
    body = b"<br />\n<b>Warning</b>: date() in x.php<br />" + rss(item()) + b"<!-- 0.1 s -->bye"
    feed = parsed(body)
    assert len(feed.entries) == 1
    assert "text before the feed was left out" in feed.problems
    assert "text after the feed was left out" in feed.problems


def test_xml_that_is_not_well_formed_is_read_as_far_as_can_be() -> None:
    feed = parsed(
        b'<rss version="2.0"><channel><title>t</title><item><title>One</title><description>a<br>b'
        b"</p></description></item><item><title>Two</title><link>https://q.example/2</link></item>"
        b"<item><title>Three"
    )
    assert [e.title for e in feed.entries][:2] == ["One", "Two"]
    assert any("not well-formed (line 1: mismatched tag)" in p for p in feed.problems)
    assert "it was cut off before its end" in feed.problems


def test_ampersands_and_html_entities_that_xml_does_not_know_break_nothing() -> None:
    body = rss(
        "<item><title>AT&T &eacute;&nbsp;&unknown;</title><link>https://q.example/?a=1&b=2</link>"
        "</item>"
    )
    feed = parsed(body)
    assert feed.problems == ()
    assert feed.entries[0].title == "AT&T é &unknown;"
    assert feed.entries[0].url == "https://q.example/?a=1&b=2"


def test_characters_that_xml_does_not_allow_are_left_out() -> None:
    feed = parsed(rss(item(body="a\x00\x08b")))
    assert feed.entries[0].summary_html == "ab"
    assert "characters that XML does not allow were left out" in feed.problems


def test_entities_are_neither_expanded_nor_fetched() -> None:
    kinds = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    for declared, name in [(f'<!ENTITY a0 "ha">{kinds}', "a9"), (
        '<!ENTITY x SYSTEM "file:///etc/passwd">', "x"
    )]:  # fmt: skip
        body = f"<!DOCTYPE rss [{declared}]>" + (
            f'<rss version="2.0"><channel><item><title>t &{name};</title></item></channel></rss>'
        )
        feed = parsed(body.encode())
        assert feed.entries[0].title == f"t &{name};"
        assert "entity declarations were left out" in feed.problems


def test_elements_in_odd_places_cost_no_other_entry() -> None:
    odd = (
        "<item><links>a</links><link>https://q.example/</link><tags>q</tags><authors>z</authors>"
        "<author>n</author><content>a</content><source>x</source><title>odd</title></item>"
    )
    feed = parsed(rss(item(1) + odd + item(2)))
    assert {"Story 1", "Story 2"} <= {e.title for e in feed.entries}


# ---------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "", ""),
        ("utf-8", "iso-8859-1", "text/xml; charset=us-ascii"),
        ("utf-8-sig", "", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "", ""),
        ("utf-16-be", "utf-16", "application/xml"),
        ("utf-32", "", ""),
        ("iso-8859-1", "iso-8859-1", "application/xml"),
        ("cp1252", "", "text/xml; charset=windows-1252"),
        ("cp1252", "nonsense-9", ""),
        ("koi8-r", "koi8-r", ""),
        ("shift_jis", "Shift_JIS", ""),
        ("gb18030", "gb2312", ""),
        ("iso-2022-jp", "ISO-2022-JP", ""),
    ],
)
def test_encodings_are_found(encoding: str, declared: str, content_type: str) -> None:
    title = {"koi8-r": "Паром", "shift_jis": "船", "gb18030": "渡轮", "iso-2022-jp": "船が"}.get(
        encoding, "Fähre – “Grüße”" if encoding != "iso-8859-1" else "Fähre"
    )
    prolog = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    text = (
        f'{prolog}<rss version="2.0"><channel><item><title>{title}</title></item></channel></rss>'
    )
    feed = parsed(text.encode(encoding), content_type=content_type)
    assert feed.entries[0].title == title.replace("“", "“")


def test_an_encoding_that_changes_in_the_middle_is_read_and_noted() -> None:
    body = rss(item(1, body="Fähre für Ärzte") + item(2, body="PLACE")).replace(
        b"PLACE", b"caf\xe9"
    )
    feed = parsed(body)
    assert [e.summary_html for e in feed.entries] == ["Fähre für Ärzte", "café"]
    assert feed.problems == ("encoding: 1 places are not UTF-8, and were read as Windows-1252",)


def test_bytes_that_do_not_fit_the_declared_encoding_are_replaced_and_noted() -> None:
    body = b'<?xml version="1.0" encoding="euc-jp"?>' + rss("").split(b"?>", 1)[1]
    body = body.replace(b"Quay", "船".encode("euc-jp") + b"\xff\xff")
    feed = parsed(body)
    assert "船" in feed.title
    assert feed.problems[0].startswith("encoding: from byte ")


# ------------------------------------------------------------------------------------------- limits


def test_only_so_many_entries_are_read_and_the_rest_is_counted() -> None:
    many = "".join(item(n) for n in range(MOST_ENTRIES + 500))
    feed = parsed(rss(many, "<ttl>5</ttl>"))
    assert (len(feed.entries), feed.skipped) == (MOST_ENTRIES, 500)
    assert feed.entries[-1].title == f"Story {MOST_ENTRIES - 1}"
    assert "of too many entries the last 500 were not read" in feed.problems


def test_what_stands_after_the_cut_entries_is_still_read() -> None:
    many = "".join(item(n) for n in range(MOST_ENTRIES + 1))
    assert parsed(rss(many + "<language>de</language>")).language == "de"


# ------------------------------------------------------------------------------------- any document

PIECES = """<rss version='2.0'>
<channel>
<item>
</item>
<title>
</title>
<link>
<![CDATA[
]]>
<!--
-->
&amp;
&
<
>
<feed xmlns='http://www.w3.org/2005/Atom'>
<entry>
<content type='xhtml'>
<div>
{
"items": [
<source url="x">
<author>
<tags>
<links>
<?xml
<!DOCTYPE [
&#x110000;
&#0;
<guid>
<media:content url='x'>
<pubDate>
</channel></rss>"""
pieces = st.sampled_from(
    [*(piece.encode() for piece in PIECES.splitlines()), b"\xff", b"\x00", b" "]
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(pieces | st.binary(max_size=20), max_size=40).map(b"".join), st.booleans())
def test_any_bytes_are_a_feed_or_a_parse_error(body: bytes, framed: bool) -> None:
    if framed:
        body = b'<rss version="2.0"><channel>' + body + b"</channel></rss>"
    with contextlib.suppress(ParseError):
        assert_sane(parsed(body))


def assert_sane(feed: ParsedFeed) -> None:
    for one in feed.entries:
        assert one.url == "" or one.url.startswith(("http://", "https://"))
        for text in (one.title, one.guid, one.html, one.author):
            text.encode()
            assert "\x00" not in text
