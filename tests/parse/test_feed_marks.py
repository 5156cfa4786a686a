import pytest

from aggregator.model import Mark, MarkKind
from aggregator.parse import parse_feed
from tests.parse.feeds import atom, entry, item, rss


def marks(body: bytes) -> list[Mark]:
    (one,) = parse_feed(body, url="https://feeds.example/f", content_type="").entries
    return list(one.marks)


@pytest.mark.parametrize(
    ("markup", "mark"),
    [
        (
            '<source url="https://pier.example/feed">The Pier</source>',
            Mark(
                MarkKind.RSS_SOURCE,
                "The Pier",
                "https://pier.example/feed",
                '<source url="https://pier.example/feed">The Pier</source>',
            ),
        ),
        (
            "<source>The Pier</source>",
            Mark(MarkKind.RSS_SOURCE, "The Pier", "", "<source>The Pier</source>"),
        ),
        (
            "<dc:source>pier.example</dc:source>",
            Mark(MarkKind.DC_SOURCE, "pier.example", "", "<dc:source>pier.example</dc:source>"),
        ),
        (
            "<dc:source>https://pier.example/7</dc:source>",
            Mark(
                MarkKind.DC_SOURCE,
                "",
                "https://pier.example/7",
                "<dc:source>https://pier.example/7</dc:source>",
            ),
        ),
        (
            "<dc:publisher>The Pier</dc:publisher>",
            Mark(MarkKind.DC_PUBLISHER, "The Pier", "", "<dc:publisher>The Pier</dc:publisher>"),
        ),
        (
            "<dc:creator><![CDATA[Bay News Agency]]></dc:creator>",
            Mark(MarkKind.AUTHOR, "Bay News Agency", "", "Bay News Agency"),
        ),
        (
            "<author>desk@pier.example (The Pier)</author>",
            Mark(MarkKind.AUTHOR, "The Pier", "", "The Pier"),
        ),
        (
            "<feedburner:origLink>https://pier.example/7?a=1&amp;b=2</feedburner:origLink>",
            Mark(
                MarkKind.ORIG_LINK,
                "",
                "https://pier.example/7?a=1&b=2",
                "<feedburner:origLink>https://pier.example/7?a=1&b=2</feedburner:origLink>",
            ),
        ),
    ],
)
def test_marks_of_rss(markup: str, mark: Mark) -> None:
    assert marks(rss(item(more=markup))) == [mark]


@pytest.mark.parametrize(
    ("markup", "mark"),
    [
        (
            "<source><title>The Pier</title><id>https://pier.example/feed</id>"
            '<link rel="self" href="https://pier.example/feed"/>'
            '<link href="https://pier.example/"/></source>',
            Mark(
                MarkKind.ATOM_SOURCE,
                "The Pier",
                "https://pier.example/",
                '<source><title>The Pier</title><link href="https://pier.example/"/></source>',
            ),
        ),
        (
            "<source><title>pier.example</title><id>https://pier.example/feed</id></source>",
            Mark(
                MarkKind.ATOM_SOURCE,
                "pier.example",
                "https://pier.example/feed",
                "<source><title>pier.example</title>"
                '<link href="https://pier.example/feed"/></source>',
            ),
        ),
        (
            '<link rel="via" href="https://pier.example/7" title="The Pier"/>',
            Mark(
                MarkKind.VIA,
                "The Pier",
                "https://pier.example/7",
                '<link rel="via" href="https://pier.example/7"/>',
            ),
        ),
        (
            '<link rel="canonical" href="https://pier.example/7"/>',
            Mark(
                MarkKind.CANONICAL,
                "",
                "https://pier.example/7",
                '<link rel="canonical" href="https://pier.example/7"/>',
            ),
        ),
        (
            "<author><name>The Pier</name><uri>https://pier.example/us</uri></author>",
            Mark(MarkKind.AUTHOR, "The Pier", "https://pier.example/us", "The Pier"),
        ),
    ],
)
def test_marks_of_atom(markup: str, mark: Mark) -> None:
    assert marks(atom(entry(markup))) == [mark]


def test_a_source_of_atom_does_not_lend_its_title_or_link_to_the_entry() -> None:
    body = atom(
        entry(
            '<link href="https://bay.example/1"/><source><title>The Pier</title>'
            '<link href="https://pier.example/"/></source>'
        )
    )
    (one,) = parse_feed(body, url="https://feeds.example/f", content_type="").entries
    assert (one.title, one.url) == ("A ferry", "https://bay.example/1")


def test_each_author_is_a_mark() -> None:
    found = marks(rss(item(more="<dc:creator>Ann</dc:creator><dc:creator>BNA</dc:creator>")))
    assert [mark.name for mark in found] == ["Ann", "BNA"]


def test_a_counter_in_the_text_is_a_mark_and_no_picture() -> None:
    pixel = (
        '<img src="https://counter.theconversation.com/content/92841/count.gif?x=1" '
        'width="1" height="1">'
    )
    body = rss(item(body=f"<p>Text</p>{pixel}"))
    (one,) = parse_feed(body, url="https://feeds.example/f", content_type="").entries
    assert "img" not in one.summary_html
    assert [(m.kind, m.name) for m in one.marks] == [(MarkKind.COUNTER, "The Conversation")]


def test_who_took_a_picture_and_what_is_related_are_no_marks() -> None:
    picture = (
        '<media:content url="https://quay.example/p.jpg"><media:credit>BNA</media:credit>'
        "</media:content>"
    )
    assert marks(rss(item(more=picture))) == []
    assert marks(atom(entry('<link rel="related" href="https://pier.example/7"/>'))) == []


def test_markup_in_names_is_not_kept() -> None:
    found = marks(rss(item(more="<dc:creator>&lt;b&gt;Ann&lt;/b&gt; &lt;script&gt;x</dc:creator>")))
    assert [mark.name for mark in found] == ["Ann"]
