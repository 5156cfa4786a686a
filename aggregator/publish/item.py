"""What the formats have in common: how one story is told, by the rules of the merged feed.

1. An id is minted once. 2. The link is the original's where known, and the source is named.
3. A further copy makes nothing new. 5. The time is the server's own.
"""

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from mimetypes import guess_type

from aggregator.model import Channel, Content, Copy, Enclosure, Story
from aggregator.publish.body import excerpt
from aggregator.publish.credit import Party
from aggregator.publish.text import inert, language_tag, rfc3339, shortened, site_of, uri

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # an empty feed has to say some time
_TITLE = 80  # characters of the text that stand for a missing title
_LONGEST_TITLE = 500  # characters; what is longer is no title
_PICTURE = re.compile(r"""<img\s[^<>]*?\bsrc=["']([^"'<>]+)["']""")
_LOOKED_THROUGH = 20_000  # characters of a text, for a picture
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+")
# Names with a dot, as the W3C's validator wants them of an enclosure.
_PUBLIC_HOST = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/|$)")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the text comes from, as a feed that one could subscribe to or a site at least."""

    name: str
    site: str
    feed: str = ""

    @property
    def url(self) -> str:
        """The feed, else the site."""
        return self.feed or self.site

    @property
    def id(self) -> str:
        """A name for it that stays, however its address is spelt."""
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, self.site or self.feed)}"


def item_id(story: Story) -> str:
    """The id of a story in all formats (RFC 9562, as a URN)."""
    return f"urn:uuid:{story.id.lower()}"


def feed_id(channel: Channel) -> str:
    """The id of a feed: its address as a name, so that how it is spelt does not matter.

    All documents of one feed, its pages and its archive, have the same (RFC 5005).
    """
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, channel.current_url or channel.url)}"


def links(channel: Channel) -> list[tuple[str, str]]:
    """How the document is related to others: relations (RFC 5005, WebSub) and addresses."""
    first = channel.current_url if channel.next_url or channel.previous_url else ""
    found = [
        ("self", channel.url),
        *(("hub", hub) for hub in channel.hubs),
        ("first", "" if channel.archived else first),
        ("previous", channel.previous_url),
        ("next", channel.next_url),
        ("last", channel.last_url),
        ("current", channel.current_url if channel.archived else ""),
        ("prev-archive", channel.prev_archive_url),
        ("next-archive", channel.next_archive_url),
    ]
    return [(relation, address) for relation, address in found if address]


def title(story: Story) -> str:
    """The title as plain text; where there is none, the first words of the text."""
    told = shortened(inert(story.title), _LONGEST_TITLE) or excerpt(story.content_html, _TITLE)
    if told:
        return told
    behind = source(story)
    return f"{behind.name if behind else 'Untitled'}, {story.first_seen:%Y-%m-%d %H:%M}"


def link(story: Story, channel: Channel) -> str:
    """The original's address; the story's own page where that is no address."""
    return uri(story.url) or f"{channel.home_url.rstrip('/')}/stories/{story.id}"


def source(story: Story) -> Source | None:
    """The origin; where nobody knows it, the outlet that was first seen to carry the story."""
    first = story.copies[0] if story.copies else None
    if story.origin is not None:
        name, domain = story.origin.name, story.origin.domain
        own = _own_copy(story)
        site = site_of(domain) or _front_page(story.origin.url)
    elif first is not None:
        name, domain, own = first.outlet, first.domain, first
        site = site_of(domain) or _front_page(first.url)
    else:
        return None
    name = inert(name) or inert(domain)
    feed = uri(own.feed_url) if own else ""
    return Source(name, site or feed, feed) if name and (site or feed) else None


def author(story: Story) -> Party:
    """Whom the text is by: who signed the origin's own copy, else the origin itself.

    The signature of a republisher's copy is left out: who put a text into a system is not who
    wrote it.
    """
    own = _own_copy(story)
    signed = inert(own.author) if own else ("" if story.origin else inert(story.author))
    behind = source(story)
    if behind is None:
        return Party(signed or "Unknown")
    return Party(signed or behind.name, behind.site)


def via(story: Story, besides: str) -> Copy | None:
    """The copy that the story was found through, when it is not what the item links to."""
    first = story.copies[0] if story.copies else None
    return first if first is not None and uri(first.url) not in {"", besides} else None


def related(story: Story, besides: Sequence[str]) -> list[Copy]:
    """The other copies, each address once."""
    seen = {"", *besides}
    found = []
    for copy in story.copies:
        address = uri(copy.url)
        if address not in seen:
            seen.add(address)
            found.append(copy)
    return found


def enclosures(story: Story, channel: Channel) -> list[Enclosure]:
    """The files that go with the text, whose address and type can be told.

    Where none of them is a picture, the text's first is one, if the text is shown at all.
    """
    found: dict[str, Enclosure] = {}
    offered = list(story.enclosures)
    pictures = any(enclosure.type.startswith("image") for enclosure in offered)
    if not pictures and channel.content is not Content.NONE:
        pictured = _PICTURE.search(story.content_html[:_LOOKED_THROUGH])
        address = unescape(pictured[1]) if pictured else ""
        if (guess_type(address.partition("?")[0])[0] or "").startswith("image/"):
            offered.append(Enclosure(address))
    for enclosure in offered:
        url = uri(enclosure.url)
        kind = enclosure.type.partition(";")[0].strip().lower()
        if not _MEDIA_TYPE.fullmatch(kind):
            kind = guess_type(url.partition("?")[0])[0] or "application/octet-stream"
        if _PUBLIC_HOST.match(url):
            found.setdefault(url, Enclosure(url, kind, max(enclosure.length, 0)))
    return list(found.values())


def categories(story: Story) -> list[str]:
    """The categories, each once."""
    return list(dict.fromkeys(filter(None, map(inert, story.categories))))


def updated(story: Story) -> str:
    """When the text, title or origin changed last (RFC 3339).

    Many stories are found in one second, and a feed in which many entries were updated at the
    very same time makes validators and some readers doubt it. So the fraction of the second is
    made from the story's id: it is the same at each look.
    """
    digits = hashlib.blake2b(story.id.encode(), digest_size=8).digest()
    fraction = int.from_bytes(digits) % 1_000_000_000
    return f"{rfc3339(story.updated)[:-1]}.{fraction:09d}Z"


def newest(channel: Channel, stories: Sequence[Story]) -> datetime:
    """When the feed changed last, as far as its content tells."""
    times = [channel.updated] if channel.updated else []
    times += [max(story.updated, story.first_seen) for story in stories]
    return max(times, default=_NEVER)


def language(stories: Sequence[Story]) -> str:
    """The language that most of the stories are in; English where none says."""
    tags = [tag for story in stories if (tag := language_tag(story.language).partition("-")[0])]
    return max(dict.fromkeys(tags), key=tags.count, default="en")


def _own_copy(story: Story) -> Copy | None:
    """The origin's own copy, if we carry it."""
    if story.origin is None:
        return None
    for copy in story.copies:
        if copy.url and copy.url == story.origin.url:
            return copy
    for copy in story.copies:
        if copy.domain and copy.domain == story.origin.domain:
            return copy
    return None


def _front_page(url: str) -> str:
    address = uri(url)
    return "/".join([*address.split("/", 3)[:3], ""]) if address else ""
