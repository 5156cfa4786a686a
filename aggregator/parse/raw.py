"""A feed as its reader found it, before anything of it is trusted.

Each reader of a format (feedparser for XML, ours for JSON) makes these; `entries` makes
`ParsedEntry` of them, the same for all formats.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RawText:
    """A text as the feed has it. `is_html` says whether it is HTML or plain; `base` is xml:base."""

    value: str = ""
    is_html: bool = True
    base: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class RawLink:
    """A link or file: Atom's `<link>`, RSS's `<link>` and `<enclosure>`, media, attachments."""

    href: str
    rel: str = "alternate"
    type: str = ""
    title: str = ""
    length: str = ""


@dataclass(frozen=True, slots=True)
class RawPerson:
    """An author, publisher or source: a name, an address, or both."""

    name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry, unjudged. Links may be relative; nothing is sanitised."""

    id: str = ""
    id_is_permalink: bool = False
    title: RawText = RawText()
    summary: RawText = RawText()
    content: RawText = RawText()
    fallback: RawText = RawText()  # what describes the entry's media, where it has no other text
    links: tuple[RawLink, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    authors: tuple[RawPerson, ...] = ()
    categories: tuple[str, ...] = ()
    source: RawPerson | None = None
    source_is_atom: bool = False
    dc_source: str = ""
    publisher: str = ""
    orig_link: str = ""
    external_url: str = ""


@dataclass(frozen=True, slots=True)
class RawFeed:
    """One document, unjudged."""

    format: str
    title: RawText = RawText()
    url: str = ""  # of the site; may be relative
    language: str = ""
    ttl: timedelta | None = None
    entries: tuple[RawEntry, ...] = ()
    skipped: int = 0
    problems: tuple[str, ...] = ()
