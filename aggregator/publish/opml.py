"""OPML 2.0 (http://opml.org/spec2.opml): what is subscribed to."""

from collections.abc import Sequence

from lxml import etree

from aggregator.model import FeedHealth
from aggregator.publish.text import inert, site_of, uri
from aggregator.publish.xml import add, add_plain, group, root, written

MEDIA_TYPE = "text/x-opml"


def opml(title: str, feeds: Sequence[FeedHealth]) -> bytes:
    """The feeds as an OPML document, a folder for each category, both in the order given."""
    document = root("opml", {}, version="2.0")
    add_plain(group(document, "head"), "title", inert(title))
    body = group(document, "body")
    folders: dict[str, etree._Element] = {"": body}
    for feed in feeds:
        category = inert(feed.category)
        if category not in folders:
            folders[category] = group(body, "outline", text=category)
        _outline(folders[category], feed, category)
    if not feeds:
        add(body, "outline", text="Nothing is subscribed to yet")
    return written(document)


def _outline(folder: etree._Element, feed: FeedHealth, category: str) -> None:
    address = uri(feed.url)
    if not address:
        return
    name = inert(feed.name) or address
    told = {"type": "rss", "text": name, "title": name, "xmlUrl": address}
    site = site_of(feed.domain)
    if site:
        told["htmlUrl"] = site
    if category:
        told["category"] = category.replace(",", " ").replace("/", " ")
    add(folder, "outline", **told)
