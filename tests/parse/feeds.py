"""Feed documents, written for these tests."""

RSS = """<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet type="text/css" href="feed.css"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd">
<channel><title>Quay &amp; News</title><link>https://quay.example/</link>
<atom:link rel="self" href="https://feeds.transport.example/quay"/>{channel}
{items}
</channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title type="text">Bay &lt;Notes&gt;</title>
<link href="https://bay.example/"/><link rel="self" href="https://bay.example/feed"/><id>urn:bay</id>
<updated>2031-06-05T10:00:00Z</updated>
{entries}
</feed>"""


def rss(items: str, channel: str = "") -> bytes:
    return RSS.format(items=items, channel=channel).encode()


def item(number: int = 1, more: str = "", *, body: str = "A ferry.", guid: bool = True) -> str:
    own = f"<guid isPermaLink='false'>id-{number}</guid>" if guid else ""
    return (
        f"<item><title>Story {number}</title><link>https://quay.example/{number}</link>{own}"
        f"<description><![CDATA[{body}]]></description>{more}</item>"
    )


def atom(entries: str, attributes: str = "") -> bytes:
    return ATOM.format(entries=entries, attributes=attributes).encode()


def entry(more: str, title: str = "A ferry") -> str:
    return f"<entry><title>{title}</title><id>urn:1</id>{more}</entry>"
