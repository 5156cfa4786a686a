"""Stories to bytes: RSS 2.0, Atom 1.0, JSON Feed 1.1, OPML; the credit that each item carries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.model import Channel, Story
from aggregator.publish import atom as _atom
from aggregator.publish import jsonfeed as _jsonfeed
from aggregator.publish import rss as _rss
from aggregator.publish.atom import atom
from aggregator.publish.body import excerpt, shown
from aggregator.publish.credit import CreditLine, Party, carriers_of, credit_of
from aggregator.publish.item import links, newest, title
from aggregator.publish.jsonfeed import as_json, feed_json, json_feed, story_json
from aggregator.publish.opml import MEDIA_TYPE as OPML_TYPE
from aggregator.publish.opml import opml
from aggregator.publish.rss import rss
from aggregator.publish.text import (
    direction,
    inert,
    language_tag,
    rfc822,
    rfc3339,
    site_of,
    uri,
    without_secrets,
)


@dataclass(frozen=True, slots=True)
class Format:
    """A format of the merged feed."""

    name: str  # for people
    media_type: str
    write: Callable[[Channel, Sequence[Story]], bytes]


FORMATS: Mapping[str, Format] = {
    "rss": Format("RSS", _rss.MEDIA_TYPE, rss),
    "atom": Format("Atom", _atom.MEDIA_TYPE, atom),
    "json": Format("JSON Feed", _jsonfeed.MEDIA_TYPE, json_feed),
}

__all__ = [
    "FORMATS",
    "OPML_TYPE",
    "CreditLine",
    "Format",
    "Party",
    "as_json",
    "atom",
    "carriers_of",
    "credit_of",
    "direction",
    "excerpt",
    "feed_json",
    "inert",
    "json_feed",
    "language_tag",
    "links",
    "newest",
    "opml",
    "rfc822",
    "rfc3339",
    "rss",
    "shown",
    "site_of",
    "story_json",
    "title",
    "uri",
    "without_secrets",
]
