"""Atom 1.0 (RFC 4287), with paging (RFC 5005)."""

from collections.abc import Sequence

from lxml import etree

from aggregator import __version__
from aggregator.model import Channel, Content, Story
from aggregator.publish import item
from aggregator.publish.body import body
from aggregator.publish.credit import Party
from aggregator.publish.text import inert, language_tag, rfc3339, uri
from aggregator.publish.xml import HISTORY, add, add_plain, group, root, written

MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(channel: Channel, stories: Sequence[Story]) -> bytes:
    """The stories as an Atom 1.0 document, in the order given."""
    spoken = item.language(stories)
    spaces = {None: _ATOM, "fh": HISTORY} if channel.archived else {None: _ATOM}
    feed = root(_in_atom("feed"), spaces, **{_LANG: spoken})
    add_plain(feed, _in_atom("title"), inert(channel.title))
    if channel.description:
        add_plain(feed, _in_atom("subtitle"), inert(channel.description))
    add(feed, _in_atom("id"), item.feed_id(channel))
    add(feed, _in_atom("updated"), rfc3339(item.newest(channel, stories)))
    if channel.archived:
        add(feed, f"{{{HISTORY}}}archive")
    for relation, address in item.links(channel):
        kind = {} if relation == "hub" else {"type": MEDIA_TYPE}
        add(feed, _in_atom("link"), rel=relation, href=address, **kind)
    add(feed, _in_atom("link"), rel="alternate", type="text/html", href=channel.home_url)
    add(feed, _in_atom("generator"), "aggregator", version=__version__)
    _person(feed, Party(inert(channel.title), channel.home_url))
    for story in stories:
        _entry(feed, channel, story, spoken)
    return written(feed, channel.style_url)


def _entry(feed: etree._Element, channel: Channel, story: Story, spoken: str) -> None:
    language = language_tag(story.language)
    tagged = {_LANG: language} if language and language != spoken else {}
    entry = group(feed, _in_atom("entry"), **tagged)
    add_plain(entry, _in_atom("title"), item.title(story))
    add(entry, _in_atom("id"), item.item_id(story))
    add(entry, _in_atom("published"), rfc3339(story.first_seen))
    add(entry, _in_atom("updated"), item.updated(story))
    _links(entry, channel, story)
    _person(entry, item.author(story))
    for category in item.categories(story):
        add(entry, _in_atom("category"), term=category)
    partly = channel.content in {Content.SUMMARY, Content.NONE}
    where = _in_atom("summary" if partly else "content")
    add(entry, where, body(story, channel.content), type="html")
    _source(entry, story)


def _links(entry: etree._Element, channel: Channel, story: Story) -> None:
    link = item.link(story, channel)
    add(entry, _in_atom("link"), rel="alternate", href=link)
    via = item.via(story, link)
    known = [link]
    if via is not None:
        known.append(uri(via.url))
        add(entry, _in_atom("link"), rel="via", href=uri(via.url), **_titled(via.outlet))
    for copy in item.related(story, known):
        add(entry, _in_atom("link"), rel="related", href=uri(copy.url), **_titled(copy.outlet))
    for enclosure in item.enclosures(story, channel):
        sized = {"length": str(enclosure.length)} if enclosure.length else {}
        add(
            entry,
            _in_atom("link"),
            rel="enclosure",
            href=enclosure.url,
            type=enclosure.type,
            **sized,
        )


def _source(entry: etree._Element, story: Story) -> None:
    """Where the entry comes from (RFC 4287, 4.2.11): the metadata of its feed, as far as known."""
    source = item.source(story)
    if source is None:
        return
    element = group(entry, _in_atom("source"))
    add_plain(element, _in_atom("title"), source.name)
    add(element, _in_atom("id"), source.id)
    add(element, _in_atom("updated"), rfc3339(story.updated))
    if source.feed:
        add(element, _in_atom("link"), rel="self", href=source.feed)
    if source.site and source.site != source.feed:
        add(element, _in_atom("link"), rel="alternate", href=source.site)


def _person(parent: etree._Element, party: Party) -> None:
    person = group(parent, _in_atom("author"))
    add_plain(person, _in_atom("name"), party.name)
    if party.url:
        add(person, _in_atom("uri"), party.url)


def _titled(outlet: str) -> dict[str, str]:
    name = inert(outlet).replace(
        "&", "＆"
    )  # references like those of `add_plain` have no place here
    return {"title": name} if name else {}


def _in_atom(tag: str) -> str:
    return f"{{{_ATOM}}}{tag}"
