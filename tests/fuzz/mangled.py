"""Documents that are nearly right: cut, doubled, and peppered with what parsers choke on."""

from hypothesis import strategies as st

FEEDS = (
    b"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0"
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Harbour Post</title>
<link>https://harbour.example/</link><language>en</language><ttl>60</ttl>
<skipHours><hour>3</hour></skipHours><item><title>Ferry runs again</title>
<guid isPermaLink="false">1</guid><link>/1?a=1&amp;b=2</link><dc:creator>A. Pilot</dc:creator>
<pubDate>Sun, 01 Mar 2026 12:00:00 GMT</pubDate><source url="https://tide.example/">Tide</source>
<media:credit role="photographer">B. Lens</media:credit>
<content:encoded><![CDATA[<p>The ferry runs. <b>Again</b>.</p><p>This story originally appeared on
<a href="https://www.tide.example/">Tide Times</a>.</p>]]></content:encoded>
<enclosure url="a.mp3" length="1" type="audio/mpeg"/></item></channel></rss>""",
    """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/">
<title type="html">Früh &amp;amp; spät</title><id>urn:x</id><updated>2026-03-01T12:00:00Z</updated>
<link rel="self" href="feed"/><entry><id>urn:x:1</id><title>Eins</title><link href="1"/>
<updated>2026-03-01T12:00:00+01:00</updated><summary type="xhtml">
<div xmlns="http://www.w3.org/1999/xhtml"><p>(dpa) Text</p></div></summary>
<author><name>Ü</name></author><link rel="via" href="https://b.example/1"/></entry></feed>""".encode(),
    b"""{"version":"https://jsonfeed.org/version/1.1","title":"J","items":[{"id":"1",
"url":"https://j.example/1","content_html":"<p>With inputs from AFP</p>","date_published":
"2026-03-01T12:00:00Z","authors":[{"name":"J"}],"tags":["a"],"attachments":[{"url":"x",
"mime_type":"a/b","size_in_bytes":3}]}]}""",
    b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>R</title></channel>
<item rdf:about="y"><title>T</title><link>http://r.example/y</link></item></rdf:RDF>""",
)
PAGES = (
    b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ferry - Post</title>
<link rel="canonical" href="https://tide.example/1"><link rel="alternate"
type="application/rss+xml" href="/feed"><meta name="syndication-source" content="x">
<script type="application/ld+json">{"@type":"NewsArticle","publisher":{"name":"Tide",
"url":"https://tide.example"},"isBasedOn":"https://c.example/","author":[{"name":"A"}]}</script>
</head><body><nav><a href="/">Home</a></nav><article><h1>Ferry</h1><p class="byline">By A. Pilot,
Associated Press</p><p>HARBOUR (AP) \xe2\x80\x94 The night ferry between the old harbour and the
north bank will run until three in the morning from April.</p><p>(Except the headline, this story
has not been edited and is published from a syndicated feed.)</p><table><tr><td>x</td></tr></table>
</article><footer>\xc2\xa9</footer></body></html>""",
)
TEXTS = (
    "HARBOUR, March 1 (Reuters) - The ferry runs.\n\nThis story originally appeared on Tide Times.",
    "Mit Material von dpa. Zuerst erschienen bei Zeit am Kai (https://kai.example/).",
    "(Except the headline, this story has not been edited by Post staff.) With inputs from AFP",
    "Источник: ТАСС. 来源：新华社。 出典：共同通信。 المصدر: وكالة",
)
# A token each, as they stand between the bars.
_PLAIN = """
<|>|&|&amp;|&#0;|&#xD800;|&#x10FFFF;|&lol;|]]>|<![CDATA[|<!--|-->|<?x?>|</|/>|'|"|é|名|😀
<!DOCTYPE x [<!ENTITY a 'b'>]>|<p>|</p>|<b>|<svg>|<script>|<template>|<math>|<td>
<img src=x onerror=y>|<a href='javascript:x'>|http://[::1|http://127.1/|//x|data:,x|1e999|-1
99999999999999999999|0000-00-00|Sun, 31 Feb 2026|null|[]|{}|{"a":|\\ud800|(AP) —|via|by
originally appeared on |Source: |source：|h/t
©|xml:base='::'|xmlns:a='b'|encoding='utf-16'|charset=x|<plaintext>|<textarea>|<style>
"""
_CONTROLS = ("\x00", "\x0b", "\r", "\ufffe", "\u202e", "\u200b", "\ufeff", "\u2028", "\n\n", "|")
_TOKENS = (*_PLAIN.replace("\n", "|").strip("|").split("|"), *_CONTROLS, "a" * 500)
_BYTES = (
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\x80",
    b"\xc3",
    b"\xf0\x9f",
    b"\x1b$B",
    b"\x00",
)
TOKENS = st.one_of(
    st.sampled_from([token.encode("utf-8", "surrogatepass") for token in _TOKENS]),
    st.sampled_from(_BYTES),
    st.binary(max_size=6),
)
_PLACES = st.integers(0, 2**16)
_CHANGES = st.lists(
    st.tuples(st.sampled_from(("put", "cut", "double", "swap")), _PLACES, _PLACES, TOKENS),
    max_size=7,
)


def _changed(document: bytes, changes: list[tuple[str, int, int, bytes]]) -> bytes:
    for how, one, other, token in changes:
        a, b = sorted((one % (len(document) + 1), other % (len(document) + 1)))
        b = min(b, a + 200)
        part = document[a:b]
        new = {"put": token + part, "cut": b"", "double": part + part, "swap": token}[how]
        document = document[:a] + new + document[b:]
    return document


def mangled(documents: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """One of the documents, or nothing much, with up to seven changes."""
    return st.builds(_changed, st.sampled_from((*documents, b"")), _CHANGES)


def mangled_text(texts: tuple[str, ...]) -> st.SearchStrategy[str]:
    """The same of texts."""
    return mangled(tuple(text.encode() for text in texts)).map(
        lambda b: b.decode("utf-8", "replace")
    )
