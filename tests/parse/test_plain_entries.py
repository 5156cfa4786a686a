"""Entries that are read without feedparser are what feedparser makes of them."""

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.parse import feed_plain, feed_xml
from aggregator.parse.feed import _read
from benchmarks.press import Press

NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "snf": "http://smartnews.example/snf",
}
TEXTS = st.sampled_from([
    "", " ", "Harbour reopens", "  Fish &amp; chips\n", "<b>Storm</b> &eacute;tat",
    "Caf\u00c3\u00a9",
    "a \x93quoted\x94 word", "\u96e8\u306e\u591c", "R&D", "&lt;i&gt;", "1 < 2 and 3 > 2",
    "<p>One.</p><p>Two <a href='/x'>links</a>.</p>", "<foo>bar</foo>", "Jane Roe",
    "jane@outlet.example (Jane Roe)", "Jane Roe <jane@outlet.example>", "jane@outlet.example",
    "news@outlet.museum, Jane",
])  # fmt: skip
ADDRESSES = st.sampled_from([
    "http://outlet.example/a", "https://outlet.example/b?x=1&y=2", "/relative", "urn:x:1", "",
    " http://outlet.example/c ", "http:////odd.example/", "http://outlet.example/?a=1&b;=2",
    "12345",
])  # fmt: skip
DATES = st.sampled_from([
    "Tue, 24 Nov 2026 10:00:00 GMT", "2026-11-24T10:00:00+02:00", "yesterday", "", "2026-11-24",
    "Tue, 24 Nov 26 10:00 EST", "24 Nov 2026 10:00:00 +0530",
])  # fmt: skip


def element(name, text, **attributes):
    told = "".join(
        f" {key.replace('__', ':')}={quoteattr(value)}"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{escape(text)}</{name}>"


def one_of(names, texts, **attributes):
    keys = {key: st.none() | values for key, values in attributes.items()}
    return st.builds(
        lambda name, text, told: element(name, text, **told),
        st.sampled_from(names),
        texts,
        st.fixed_dictionaries(keys),
    )


KINDS = st.sampled_from(["text", "html", "text/html", "TEXT", "xhtml", "image/png", "text/plain"])
LINK = one_of(
    ["link", "atom:link"],
    st.just(""),
    href=ADDRESSES,
    rel=st.sampled_from(["alternate", "self", "via", "enclosure", "Alternate", ""]),
    type=st.sampled_from(["text/html", "application/atom+xml", "html", "Text/HTML"]),
    title=TEXTS,
    length=st.sampled_from(["12", "x"]),
)
MEDIA = one_of(
    ["media:content", "media:thumbnail"],
    st.just(""),
    url=ADDRESSES,
    type=st.just("image/JPEG"),
    medium=st.just("image"),
    filesize=st.just("99"),
)
IN_MEDIA = st.one_of(MEDIA, one_of(["media:title", "media:description", "media:credit"], TEXTS))
SHARED = st.one_of(
    one_of(["dc:creator", "dc:publisher", "dc:source", "dc:subject", "dc:language"], TEXTS),
    one_of(["dc:date", "dc:created"], DATES),
    one_of(["slash:comments", "wfw:commentRss", "snf:logo", "feedburner:origLink"], ADDRESSES),
    one_of(["media:title", "media:description", "itunes:summary", "itunes:author"], TEXTS),
    one_of(["snf:thing", "media:rating", "odd"], TEXTS, url=ADDRESSES),
    one_of(["category"], TEXTS, term=TEXTS, label=TEXTS, scheme=ADDRESSES, domain=ADDRESSES),
    MEDIA,
    st.builds(lambda inner: f"<media:group>{''.join(inner)}</media:group>", st.lists(IN_MEDIA)),
    st.builds(
        lambda inner: f'<media:content url="http://o.example/i">{"".join(inner)}</media:content>',
        st.lists(IN_MEDIA),
    ),
    LINK,
)
RSS_ELEMENT = st.one_of(
    one_of(["title", "title", "description", "content:encoded"], TEXTS),
    one_of(["description", "title"], TEXTS, type=KINDS, xml__lang=st.just("de")),
    one_of(["link", "comments", "url"], ADDRESSES),
    one_of(["guid"], ADDRESSES, isPermaLink=st.sampled_from(["true", "false", "True"])),
    one_of(["pubDate"], DATES),
    one_of(["author", "managingEditor"], TEXTS),
    one_of(["source"], TEXTS, url=ADDRESSES),
    one_of(
        ["enclosure"], st.just(""), url=ADDRESSES, type=st.just("Audio/MPEG"), length=st.just("7")
    ),
    SHARED,
)
PERSON = one_of(["name", "uri", "email", "odd"], TEXTS | ADDRESSES)
ATOM_ELEMENT = st.one_of(
    one_of(
        ["title", "summary", "content"], TEXTS, type=KINDS, xml__base=st.just("http://b.example/")
    ),
    one_of(["title", "summary", "content", "rights"], TEXTS, type=KINDS, src=ADDRESSES),
    one_of(["id"], ADDRESSES),
    one_of(["published", "updated", "created"], DATES),
    st.builds(lambda parts: f"<author>{''.join(parts)}</author>", st.lists(PERSON, max_size=3)),
    st.builds(
        lambda title, id_: f"<source>{title}{id_}</source>",
        one_of(["title"], TEXTS),
        one_of(["id"], ADDRESSES),
    ),
    SHARED,
)
DECLARED = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def rss(items, channel, language):
    told = "".join(f"<item>{''.join(item)}</item>" for item in items)
    return (
        f'<rss version="2.0"{DECLARED}{language}><channel>{"".join(channel)}{told}</channel></rss>'
    )


def atom(items, head, language):
    told = "".join(f"<entry>{''.join(item)}</entry>" for item in items)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{DECLARED}{language}>{"".join(head)}{told}</feed>'


HEAD = st.lists(
    st.one_of(
        one_of(["title", "description", "subtitle", "language", "ttl"], TEXTS),
        one_of(["link", "id"], ADDRESSES),
        LINK,
    ),
    max_size=4,
)
LANGUAGE = st.sampled_from(
    ["", ' xml:lang="pt_BR"', ' xml:lang=""', ' xml:base="http://b.example/"']
)
DOCUMENTS = st.one_of(
    st.builds(rss, st.lists(st.lists(RSS_ELEMENT, max_size=8), max_size=4), HEAD, LANGUAGE),
    st.builds(atom, st.lists(st.lists(ATOM_ELEMENT, max_size=8), max_size=4), HEAD, LANGUAGE),
)


def by_feedparser(document):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(feed_xml, "split", lambda _data: None)
        return _read(document)


@settings(max_examples=600, deadline=None)
@given(DOCUMENTS)
def test_both_ways_come_to_the_same(document):
    assert _read(document) == by_feedparser(document)


@pytest.mark.parametrize("feed", range(6))
def test_feeds_of_news_need_no_feedparser_for_their_entries(feed):
    document = Press(12).document(feed, 34)
    found = feed_plain.split(document)
    assert found is not None
    assert None not in found.entries
    assert _read(document.decode()) == by_feedparser(document.decode())


def test_an_odd_entry_costs_the_others_nothing():
    plain = "<item><title>One</title><link>http://o.example/1</link></item>"
    odd = '<item><title>Two</title><description xml:lang="de">Zwei</description></item>'
    document = f'<rss version="2.0"><channel>{plain}{odd}{plain}</channel></rss>'
    found = feed_plain.split(document.encode())
    assert [entry is None for entry in found.entries] == [False, True, False]
    assert [entry.title.value for entry in _read(document).entries] == ["One", "Two", "One"]


@pytest.mark.parametrize(
    "document",
    [
        "<rss><channel><item><title>cut off",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><item/></rdf:RDF>',
        '<rss xml:base="http://b.example/"><channel><item/></channel></rss>',
        "<rss><item><title>No channel</title></item></rss>",
    ],
)
def test_other_documents_are_not_split(document):
    assert feed_plain.split(document.encode()) is None
