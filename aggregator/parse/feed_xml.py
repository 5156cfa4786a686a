"""XML feeds (RSS 0.9x, 1.0, 2.0, Atom 0.3, 1.0, CDF) through feedparser.

feedparser's own sanitising and resolving of addresses are off: both are done once, on what is
kept, and at a fraction of the cost. Its parsers are subclassed where hostile documents would
make them slow, and where they would take the caption of a picture for the text of an entry.
"""

import io
import xml.sax
import xml.sax.handler
import xml.sax.xmlreader
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from feedparser.api import LooseFeedParser, StrictFeedParser

from aggregator.errors import ParseError
from aggregator.parse.authors import without_address
from aggregator.parse.dates import from_struct
from aggregator.parse.feed_plain import LONGEST_NAME, split
from aggregator.parse.feed_plain import MOST_TAGS as MOST_CATEGORIES
from aggregator.parse.raw import RawEntry, RawFeed, RawLink, RawPerson, RawText
from aggregator.parse.xml_text import MOST_TAGS, Tidied

_DEEPEST = 500  # elements within each other
_MOST_NAMESPACES = 200
_MOST_ATTRIBUTES = 200  # of one element; reading them takes the square of their number
_MOST_LOOSE_TAGS = 60_000  # the loose parser takes some 30 µs for each
_LONGEST_TTL = timedelta(days=366)
PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_NO_ATTRIBUTES = xml.sax.xmlreader.AttributesNSImpl({}, {})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


def read_xml(tidy: Tidied, *, root: str, skipped: int = 0) -> RawFeed:
    """The feed in the text of an XML document whose root element is `root`.

    Raises ParseError (`not_a_feed`, `too_big`).
    """
    if tidy.text.count("<") > MOST_TAGS:
        raise ParseError(
            f"One entry of the feed has more than {MOST_TAGS:,} tags.",
            reason="too_big",
            remedy="No article needs that; tell its publisher.",
        )
    data = tidy.text.encode("utf-8", "replace")
    problems = list(tidy.problems)
    plain = split(data)
    if plain is not None:
        handler, problem = _parse_strictly(plain.rest)
        left = plain.entries.count(None)
        if problem or len(handler.entries) != left:
            plain = None
    if plain is None:
        handler, problem = _parse_strictly(data)
    if problem:
        problems.append(problem)
        text = _beginning(tidy.text)
        if len(text) < len(tidy.text):
            problems.append("only its beginning was read")
        handler = _parse_loosely(text) or handler
    version = str(handler.version or "")
    if "netscape" in tidy.doctype.lower() and version.startswith("rss"):
        version = "rss091n"
    if not version and not handler.entries and plain is None:
        raise ParseError(
            f"This is an XML document that is not a feed (its root element is <{root}>).",
            reason="not_a_feed",
            remedy="Look for the address of the site's RSS, Atom or JSON feed.",
        )
    feed = handler.feeddata
    entries = [_entry(entry, version) for entry in handler.entries]
    if plain is not None:
        odd = iter(entries)
        entries = [entry if entry is not None else next(odd) for entry in plain.entries]
    return RawFeed(
        format=version or "rss",
        title=_detailed(feed, "title"),
        url=_string(feed.get("link")),
        language=_string(feed.get("language")),
        ttl=_ttl(feed),
        entries=tuple(entries),
        skipped=skipped,
        problems=tuple(problems),
    )


# ------------------------------------------------------------------------- feedparser, bounded


class _Bounded:
    """What both of feedparser's parsers do differently here."""

    entries: list[Any]
    feeddata: Any
    version: str
    depth: int
    baseuri: str
    basestack: list[str]
    namespaces_in_use: dict[Any, Any]
    deepest = _DEEPEST

    def unknown_starttag(self, tag: str, attrs: Any) -> None:
        if self.depth > self.deepest:
            raise xml.sax.SAXException(f"more than {_DEEPEST} elements within each other")
        super().unknown_starttag(tag, attrs)  # type: ignore[misc]

    def unknown_endtag(self, tag: str) -> None:
        super().unknown_endtag(tag)  # type: ignore[misc]
        # feedparser forgets that there was no base before the one that ended.
        self.baseuri = self.basestack[-1] if self.basestack else ""

    def track_namespace(self, prefix: Any, uri: Any) -> None:
        # All that are known are looked through at each element.
        if len(self.namespaces_in_use) < _MOST_NAMESPACES:
            super().track_namespace(prefix, uri)  # type: ignore[misc]

    def _add_tag(self, term: Any, scheme: Any, label: Any) -> None:
        tags = self._get_context().setdefault("tags", [])  # type: ignore[attr-defined]
        if len(tags) < MOST_CATEGORIES:
            super()._add_tag(term, scheme, label)  # type: ignore[misc]

    def _sync_author_detail(self, key: str = "author") -> None:
        # feedparser looks for e-mail addresses in it, in time that grows with the square of its
        # length, and knows no address whose last part has more than four letters.
        context = self._get_context()  # type: ignore[attr-defined]
        name = context.get(key)
        if isinstance(name, str):
            context[key] = without_address(name[:LONGEST_NAME])
        super()._sync_author_detail(key)  # type: ignore[misc]

    # What describes a picture or an episode is not what the entry says.

    def _start_media_description(self, attributes: Any) -> None:
        self.push_content("media_text", attributes, "text/plain", 1)  # type: ignore[attr-defined]

    def _end_media_description(self) -> None:
        self.pop_content("media_text")  # type: ignore[attr-defined]

    def _start_itunes_summary(self, attributes: Any) -> None:
        self.push_content("itunes_text", attributes, "text/plain", 1)  # type: ignore[attr-defined]

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_text")  # type: ignore[attr-defined]


class _Strict(_Bounded, StrictFeedParser):  # type: ignore[misc]
    """For well-formed XML. Text that expat gives in many pieces is handed on in one."""

    def __init__(self) -> None:
        super().__init__("", None, "utf-8")
        self._text: list[str] = []

    def characters(self, text: str) -> None:
        self._text.append(text)

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802
        self._hand_on()
        if len(attrs) > _MOST_ATTRIBUTES:
            attrs = _NO_ATTRIBUTES
        super().startElementNS(name, qname, attrs)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802
        self._hand_on()
        super().endElementNS(name, qname)

    def _hand_on(self) -> None:
        if self._text:
            self.handle_data("".join(self._text))
            self._text.clear()


class _Loose(_Bounded, LooseFeedParser):  # type: ignore[misc]
    """For everything else. Here, tags without an end count as depth, so that it says nothing."""

    deepest = MOST_TAGS


# What feedparser's handlers are known to raise on elements that mean something else elsewhere.
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
)


def _parse_strictly(data: bytes) -> tuple[_Bounded, str]:
    """The parser after its work, and what stopped it ("" where nothing did)."""
    handler = _Strict()
    handler.resolve_relative_uris = handler.sanitize_html = False
    parser = xml.sax.make_parser()  # noqa: S317  (no document type is left, expat fetches nothing)
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setContentHandler(handler)
    parser.setErrorHandler(handler)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    source.setEncoding("utf-8")
    try:
        parser.parse(source)
    except xml.sax.SAXParseException as error:
        where = f"line {error.getLineNumber()}"
        return handler, f"the XML is not well-formed ({where}: {error.getMessage()[:100]})"
    except xml.sax.SAXException as error:
        return handler, f"the XML is not well-formed ({str(error)[:100]})"
    except _FAILURES as error:
        return handler, f"the XML has elements in odd places ({type(error).__name__})"
    return handler, ""


def _beginning(text: str) -> str:
    """The text up to where it has too many tags for the loose parser."""
    if text.count("<") <= _MOST_LOOSE_TAGS:
        return text
    parts = text.split("<", _MOST_LOOSE_TAGS)
    return text[: len(text) - len(parts[-1]) - 1]


def _parse_loosely(text: str) -> _Bounded | None:
    """The loose parser after its work; None where it failed, too."""
    handler = _Loose("", None, "utf-8", {})
    handler.resolve_relative_uris = handler.sanitize_html = False
    try:
        handler.feed(text)
    except _FAILURES:
        return handler if handler.entries else None
    return handler


# ------------------------------------------------------------------- its dictionaries to ours


def _entry(entry: Mapping[str, Any], version: str) -> RawEntry:
    atom = version.startswith("atom")
    content = _content(entry)
    summary = _detailed(entry, "summary")
    if content.value and summary.value == content.value:
        summary = RawText()
    source, source_is_atom = _source(entry, atom=atom)
    published = from_struct(_plain_get(entry, "published_parsed")) or from_struct(
        _plain_get(entry, "created_parsed")
    )
    return RawEntry(
        id=_string(entry.get("id")),
        id_is_permalink=bool(entry.get("guidislink"))
        or _string(entry.get("link")) == entry.get("id"),
        title=_detailed(entry, "title"),
        summary=summary,
        content=content,
        fallback=_first(_detailed(entry, "itunes_text"), _detailed(entry, "media_text")),
        links=tuple(_links(entry)),
        published=published,
        updated=from_struct(_plain_get(entry, "updated_parsed")),
        language=_string(entry.get("language")) or content.language or summary.language,
        authors=tuple(_authors(entry)),
        categories=tuple(_categories(entry)),
        source=source,
        source_is_atom=source_is_atom,
        dc_source=_string(entry.get("dc_source")),
        publisher=_string(entry.get("publisher")),
        orig_link=_string(entry.get("feedburner_origlink")),
    )


def _links(entry: Mapping[str, Any]) -> Iterable[RawLink]:
    for link in _dicts(entry.get("links")):
        yield RawLink(
            _string(link.get("href")),
            rel=_string(link.get("rel")) or "alternate",
            type=_string(link.get("type")),
            title=_string(link.get("title")),
            length=_string(link.get("length")),
        )
    for media in _dicts(entry.get("media_content")):
        kind = _string(media.get("type")) or _string(media.get("medium"))
        length = _string(media.get("filesize"))
        yield RawLink(_string(media.get("url")), rel="enclosure", type=kind, length=length)
    for thumbnail in _dicts(entry.get("media_thumbnail")):
        yield RawLink(_string(thumbnail.get("url")), rel="enclosure", type="image")


def _content(entry: Mapping[str, Any]) -> RawText:
    """The fullest of the entry's contents; HTML before plain text of about the same length."""
    texts = [_text(c) for c in _dicts(entry.get("content"))]
    return max(texts, key=lambda t: len(t.value) * (2 if t.is_html else 1), default=RawText())


def _detailed(context: Mapping[str, Any], name: str) -> RawText:
    detail = context.get(f"{name}_detail")
    if isinstance(detail, Mapping) and isinstance(detail.get("value"), str):
        return _text(detail)
    return RawText(_string(context.get(name)))


def _text(detail: Mapping[str, Any]) -> RawText:
    kind = _string(detail.get("type"))
    return RawText(
        _string(detail.get("value")),
        is_html=not kind or kind in _HTML_TYPES,
        base=_string(detail.get("base")),
        language=_string(detail.get("language")),
    )


def _authors(entry: Mapping[str, Any]) -> Iterable[RawPerson]:
    for author in _dicts(entry.get("authors")):
        person = RawPerson(_string(author.get("name")), _string(author.get("href")))
        if person.name or person.url:
            yield person


def _categories(entry: Mapping[str, Any]) -> Iterable[str]:
    for tag in _dicts(entry.get("tags")):
        name = _string(tag.get("label")) or _string(tag.get("term"))
        if name:
            yield name


def _source(entry: Mapping[str, Any], *, atom: bool) -> tuple[RawPerson | None, bool]:
    source = entry.get("source")
    if not isinstance(source, Mapping):
        return None, False
    links = [link for link in _dicts(source.get("links")) if _string(link.get("href"))]
    atom = atom or bool(links) or "id" in source
    site = next((link["href"] for link in links if link.get("rel") == "alternate"), "")
    url = _string(source.get("href")) or site or _string(source.get("id"))
    if atom and not url.startswith(("http://", "https://")):
        url = next((link["href"] for link in links), "")
    name = _detailed(source, "title").value
    return (RawPerson(name, url) if name or url else None), atom


def _ttl(feed: Mapping[str, Any]) -> timedelta | None:
    """How long the feed says it may be kept: RSS's `<ttl>` (minutes), or `sy:updatePeriod`."""
    minutes = _string(feed.get("ttl")).strip()
    if minutes.isascii() and minutes.isdigit() and len(minutes) < 9 and int(minutes) > 0:
        return min(timedelta(minutes=int(minutes)), _LONGEST_TTL)
    period = PERIODS.get(_string(feed.get("sy_updateperiod")).strip().lower())
    if period is None:
        return None
    often = _string(feed.get("sy_updatefrequency")).strip()
    times = int(often) if often.isascii() and often.isdigit() and len(often) < 5 else 1
    return period / max(times, 1)


def _first(*texts: RawText) -> RawText:
    return next((text for text in texts if text.value), RawText())


def _plain_get(entry: Mapping[str, Any], name: str) -> object:
    # feedparser's own `get` gives one date for another, with a warning.
    return dict.get(entry, name) if isinstance(entry, dict) else None


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
