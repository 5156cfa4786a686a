"""RSS 2.0 (https://www.rssboard.org/rss-specification), with Dublin Core and Atom's links."""

from collections.abc import Sequence

from lxml import etree

from aggregator import __version__
from aggregator.model import Channel, Story
from aggregator.publish import item
from aggregator.publish.body import body
from aggregator.publish.text import inert, language_tag, rfc822
from aggregator.publish.xml import HISTORY, add, add_plain, group, root, written

MEDIA_TYPE = "application/rss+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
_TTL = 10  # minutes


def rss(channel: Channel, stories: Sequence[Story]) -> bytes:
    """The stories as an RSS 2.0 document, in the order given."""
    spaces = {"atom": _ATOM, "dc": _DC} | ({"fh": HISTORY} if channel.archived else {})
    document = root("rss", spaces, version="2.0")
    head = group(document, "channel")
    add_plain(head, "title", inert(channel.title))
    add(head, "link", channel.home_url)
    add_plain(head, "description", inert(channel.description or channel.title))
    spoken = item.language(stories)
    add(head, "language", spoken)
    add(head, "lastBuildDate", rfc822(item.newest(channel, stories)))
    add(head, "docs", "https://www.rssboard.org/rss-specification")
    add(head, "generator", f"aggregator/{__version__}")
    add(head, "ttl", str(_TTL))
    if channel.archived:
        add(head, f"{{{HISTORY}}}archive")
    for relation, address in item.links(channel):
        kind = {} if relation == "hub" else {"type": MEDIA_TYPE}
        add(head, f"{{{_ATOM}}}link", rel=relation, href=address, **kind)
    for story in stories:
        _item(head, channel, story, spoken)
    return written(document, channel.style_url)


def _item(head: etree._Element, channel: Channel, story: Story, spoken: str) -> None:
    element = group(head, "item")
    add_plain(element, "title", item.title(story))
    add(element, "link", item.link(story, channel))
    add(element, "guid", item.item_id(story), isPermaLink="false")
    add(element, "pubDate", rfc822(story.first_seen))
    source = item.source(story)
    if source is not None:
        add_plain(element, "source", source.name, url=source.url)
    add_plain(element, f"{{{_DC}}}creator", item.author(story).name)
    language = language_tag(story.language)
    if language and language != spoken:
        add(element, f"{{{_DC}}}language", language)
    for category in item.categories(story):
        add_plain(element, "category", category)
    add(element, "description", body(story, channel.content))
    for enclosure in item.enclosures(story, channel)[:1]:  # RSS has room for one
        add(
            element,
            "enclosure",
            url=enclosure.url,
            length=str(enclosure.length),
            type=enclosure.type,
        )
