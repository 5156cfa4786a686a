"""What a document says about being asked, and which feeds a page names."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse import feeds_named, parse_feed
from aggregator.parse.feed_wishes import FeedWishes, wishes_in

HOUR = timedelta(hours=1)


def rss(head: str, tail: str = "") -> str:
    return (
        '<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
        'xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title>'
        f"{head}<item><title>One</title><guid>1</guid>"
        "<description>&lt;skipHours>&lt;hour>9&lt;/hour>&lt;/skipHours></description>"
        f"</item>{tail}</channel></rss>"
    )


@pytest.mark.parametrize(
    ("head", "tail", "told"),
    [
        ("<skipHours><hour>3</hour> <hour> 24 </hour></skipHours>", "",
         FeedWishes(skip_hours=(0, 3))),
        ("", "<skipHours><hour>3</hour><hour>77</hour></skipHours>", FeedWishes(skip_hours=(3,))),
        ("<skipDays><day>Sunday</day><day>MONDAY</day><day>x</day></skipDays>", "",
         FeedWishes(skip_days=(0, 6))),
        ("<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
         "", FeedWishes(update_every=HOUR / 4)),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", "", FeedWishes(update_every=24 * HOUR)),
        ("<sy:updatePeriod>never</sy:updatePeriod>", "", FeedWishes()),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", "",
         FeedWishes(update_every=HOUR)),
        ('<atom:link rel="hub" href="https://hub.example/?a=1&amp;b=2"/>', "",
         FeedWishes(hub="https://hub.example/?a=1&b=2")),
        ("<atom:link href='https://e.org/feed' rel='SELF' />", "",
         FeedWishes(self_url="https://e.org/feed")),
        ("", "", FeedWishes()),
    ],
)  # fmt: skip
def test_the_head_of_a_feed_tells_when_it_wants_to_be_asked(head, tail, told):
    assert wishes_in(rss(head, tail)) == told


def test_a_json_feed_names_its_hub():
    text = '{"feed_url": "https://e.org/f", "hubs": [{"type": "rssCloud", "url": "x"}, 5,'
    text += ' {"type": "WebSub", "url": "https://hub.example/"}], "items": []}'
    assert wishes_in(text) == FeedWishes(hub="https://hub.example/", self_url="https://e.org/f")


def test_a_parsed_feed_has_its_wishes():
    head = '<skipDays><day>Friday</day></skipDays><atom:link rel="hub" href="/hub"/>'
    feed = parse_feed(rss(head).encode(), url="http://e.org/feed", content_type="")
    assert (feed.skip_days, feed.hub, feed.cut_off) == ((4,), "http://e.org/hub", False)


def test_a_feed_without_its_end_is_cut_off():
    document = rss("").encode().replace(b"</channel></rss>", b"")
    assert parse_feed(document, url="http://e.org/feed", content_type="").cut_off


@given(st.text(st.sampled_from('<>/"= {}[]:,skipHours daylnkrefhubsty1')))
def test_any_text_has_some_wishes_or_none(text):
    wishes_in(text)
    wishes_in(rss(text))


@pytest.mark.parametrize(
    "piece", ["<skipHours>", "<link ", "<link rel='hub' ", "<a:updatePeriod>", "</item>", "<item>"]
)
@pytest.mark.timeout(30)
def test_a_megabyte_of_anything_is_read_in_no_time(piece):
    assert wishes_in(piece * (1_000_000 // len(piece))) == FeedWishes()


def link(href: str, kind: str = "application/rss+xml", rel: str = "alternate") -> str:
    return f"<link rel='{rel}' type='{kind}' href='{href}'>"


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ([link("/feed")], ["http://e.org/feed"]),
        ([link("a.xml", "application/atom+xml")], ["http://e.org/news/a.xml"]),
        (
            [link("/comments/feed"), link("/feed")],
            ["http://e.org/feed", "http://e.org/comments/feed"],
        ),
        ([link("/feed", rel="ALTERNATE home")], ["http://e.org/feed"]),
        ([link("/feed", rel="stylesheet"), link("/de", "text/html")], []),
        ([link("http://elsewhere.example/feed")], []),
        ([link("javascript:alert(1)"), link("")], []),
        ([link("/feed"), link("/feed")], ["http://e.org/feed"]),
    ],
)
def test_a_page_names_its_feeds(links, found):
    page = f"<html><head>{''.join(links)}</head><body>Hello</body></html>"
    assert feeds_named(page.encode(), "http://e.org/news/") == found


def test_a_page_that_is_made_to_be_slow_names_none():
    assert feeds_named(b"<div>" * 100_000 + link("/feed").encode(), "http://e.org/") == []
