"""Entries that are written as nearly all are, read fast; what is odd is left to feedparser.

feedparser spends a method call on each event and a dictionary on each thing. Most entries of RSS
2.0 and Atom 1.0 need none of that: a dozen elements with nothing in them but text. They are read
here from a tree, to the very `RawEntry` that feedparser's dictionaries come to; tests/parse holds
the two against each other. An entry with anything else in it stays in the document, which goes to
feedparser with what the feed says of itself.
"""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from feedparser.api import StrictFeedParser
from feedparser.datetimes import _parse_date
from feedparser.mixin import _cp1252
from feedparser.urls import _urljoin
from lxml import etree

from aggregator.parse.authors import without_address
from aggregator.parse.dates import from_struct
from aggregator.parse.raw import RawEntry, RawLink, RawPerson, RawText

LONGEST_NAME = 300
MOST_TAGS = 100  # categories of one entry

_ATOM = "http://www.w3.org/2005/Atom"
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TEXT_TYPES = {
    "text": "text/plain", "plain": "text/plain", "text/plain": "text/plain",
    "html": "text/html", "text/html": "text/html",
}  # fmt: skip
# Attributes that have a meaning for all that is inside an element.
_INHERITED = frozenset(
    {"base", "lang", *(f"{{http://www.w3.org/XML/1998/namespace}}{x}" for x in ("base", "lang"))}
)
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_REFERENCE_IN_LINK = re.compile(r"&([A-Za-z0-9_]+);")
_CONTROL = re.compile("[\x80-\x9f]")
_READ_BY_NAME = frozenset({"dc_source", "feedburner_origlink"})


class _OddError(Exception):
    """There is more to this entry than is read here."""


@dataclass(slots=True)
class Split:
    """A document in two: the plain entries, read, and the rest of it for feedparser.

    `entries` has None in the place of each entry that is still in `rest`.
    """

    entries: list[RawEntry | None]
    rest: bytes


@dataclass(slots=True)
class _Entry:
    """An entry while it is read. Names are feedparser's."""

    atom: bool
    language: str
    id: str | None = None
    guidislink: bool | None = None
    link: str | None = None
    title: RawText | None = None
    summary: str | None = None
    summary_detail: RawText | None = None
    contents: list[RawText] = field(default_factory=list)
    links: list[RawLink] = field(default_factory=list)
    media: list[RawLink] = field(default_factory=list)
    thumbnails: list[RawLink] = field(default_factory=list)
    fallback: dict[str, RawText] = field(default_factory=dict)
    published: datetime | None = None
    updated: datetime | None = None
    own_language: str = ""
    authors: list[RawPerson] = field(default_factory=list)
    tags: list[tuple[str | None, str | None, str | None]] = field(default_factory=list)
    source: RawPerson | None = None
    source_is_atom: bool = False
    named: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


def split(data: bytes) -> Split | None:
    """Read what is plain; None where the document is of another format, or not well-formed.

    `data` is a UTF-8 document without a document type, comments or CDATA sections.
    """
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None
    if root.tag == "rss":
        container = root.find("channel")
        name, atom = "item", False
    elif root.tag == f"{{{_ATOM}}}feed":
        container, name, atom = root, f"{{{_ATOM}}}entry", True
    else:
        return None
    if container is None:
        return None
    language = str(root.attrib.get(_LANG, ""))
    if any(set(e.attrib) & _INHERITED - {_LANG} for e in (root, container)):
        return None
    if container is not root and _LANG in container.attrib:
        return None
    entries: list[RawEntry | None] = []
    doomed = []
    for element in container.iterchildren(name):
        try:
            entries.append(_read(element, _Entry(atom, language.replace("_", "-"))))
            doomed.append(element)
        except _OddError:
            entries.append(None)
    for element in doomed:
        container.remove(element)
    return Split(entries, etree.tostring(root, encoding="utf-8"))


def _read(element: etree._Element, entry: _Entry) -> RawEntry:
    if element.attrib:
        raise _OddError
    for child in element:
        reader = _READERS.get(child.tag)
        if child.attrib and not _INHERITED.isdisjoint(child.attrib):
            raise _OddError
        if reader is None:
            _pass_over(child)
        else:
            reader(entry, child)
    return _raw(entry)


def _raw(entry: _Entry) -> RawEntry:
    content = max(
        entry.contents,
        key=lambda text: len(text.value) * (2 if text.is_html else 1),
        default=RawText(),
    )
    summary = entry.summary_detail or RawText(entry.summary or "")
    if content.value and summary.value == content.value:
        summary = RawText()
    described = (entry.fallback.get(name) for name in ("itunes", "media"))
    return RawEntry(
        id=entry.id or "",
        id_is_permalink=bool(entry.guidislink) or (entry.link or "") == entry.id,
        title=entry.title or RawText(),
        summary=summary,
        content=content,
        fallback=next((text for text in described if text and text.value), RawText()),
        links=(*entry.links, *entry.media, *entry.thumbnails),
        published=entry.published,
        updated=entry.updated,
        language=entry.own_language or content.language or summary.language,
        authors=tuple(person for person in entry.authors if person.name or person.url),
        categories=tuple(name for term, _, label in entry.tags if (name := label or term or "")),
        source=entry.source,
        source_is_atom=entry.source_is_atom,
        dc_source=entry.named.get("dc_source", ""),
        publisher=entry.named.get("publisher", ""),
        orig_link=entry.named.get("feedburner_origlink", ""),
    )


# ------------------------------------------------------------------- what feedparser does to text


def _text(element: etree._Element) -> str:
    """The element's text, where it has nothing else in it."""
    if len(element):
        raise _OddError
    return (element.text or "").strip()


def _mended(text: str) -> str:
    """UTF-8 that was taken for Latin-1, and what Windows has in place of control characters."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if _CONTROL.search(text) else text


def _said(element: etree._Element) -> str:
    return _mended(_text(element))


def _address(text: str) -> str:
    return _mended(_urljoin("", text) if text else text)


def _attributes(element: etree._Element) -> dict[str, str]:
    found = {}
    for name, value in element.attrib.items():
        key, told = str(name).lower(), str(value)
        found[key] = told.lower() if key in {"rel", "type"} else told
    return found


def _once(entry: _Entry, name: str) -> None:
    """What stands twice is for feedparser, which knows which of them counts."""
    if name in entry.seen:
        raise _OddError
    entry.seen.add(name)


def _detail(entry: _Entry, element: etree._Element, kind: str) -> RawText:
    """A text with its type: Atom says it, in RSS a plain one may be HTML all the same."""
    value = _said(element)
    if element.attrib:
        if not entry.atom or set(element.attrib) != {"type"}:
            raise _OddError
        known = _TEXT_TYPES.get(str(element.attrib["type"]).lower())
        if known is None:
            raise _OddError
        kind = known
    if not entry.atom and kind == "text/plain" and StrictFeedParser.looks_like_html(value):
        kind = "text/html"
    return RawText(value, is_html=kind in _HTML_TYPES, language=entry.language)


# ------------------------------------------------------------------------------------ elements


def _title(entry: _Entry, element: etree._Element) -> None:
    _once(entry, "title")
    entry.title = _detail(entry, element, "text/plain")


def _second_title(entry: _Entry, element: etree._Element) -> None:
    """A media title says nothing after the entry's own."""
    if entry.title is None or not entry.title.value or len(element):
        raise _OddError


def _link(entry: _Entry, element: etree._Element) -> None:
    """RSS's own: the address is its text."""
    _once(entry, "link")
    if element.attrib:
        raise _OddError
    address = _address(_text(element)).replace("&amp;", "&")
    entry.link = _REFERENCE_IN_LINK.sub(r"&\g<1>", address)
    entry.links.append(RawLink(entry.link, type="text/html"))


def _atom_link(entry: _Entry, element: etree._Element) -> None:
    if len(element):
        raise _OddError
    told = _attributes(element)
    if any("{" in name for name in told) or not told.get("href") or "url" in told or "uri" in told:
        raise _OddError
    href = _urljoin("", told["href"])
    relation = told.get("rel", "alternate")
    kind = told.get("type", "application/atom+xml" if relation == "self" else "text/html")
    entry.links.append(
        RawLink(href, relation or "alternate", kind, told.get("title", ""), told.get("length", ""))
    )
    if relation == "alternate" and (_TEXT_TYPES.get(kind) or kind) in _HTML_TYPES:
        entry.link = href


def _guid(entry: _Entry, element: etree._Element) -> None:
    _once(entry, "id")
    told = _attributes(element)
    permalink = told.pop("ispermalink", "true") == "true"
    if told:
        raise _OddError
    text = _text(element)
    entry.id = _address(text) if permalink else _mended(text)
    entry.guidislink = permalink and entry.link is None
    if permalink and entry.link is None:
        entry.link = entry.id


def _description(entry: _Entry, element: etree._Element) -> None:
    _once(entry, "summary")
    if entry.atom:
        raise _OddError
    entry.summary_detail = _detail(entry, element, "text/html")


def _summary(entry: _Entry, element: etree._Element) -> None:
    _once(entry, "summary")
    if not entry.atom:
        raise _OddError
    entry.summary_detail = _detail(entry, element, "text/plain")


def _content(entry: _Entry, element: etree._Element) -> None:
    if not entry.atom:
        raise _OddError
    _add_content(entry, _detail(entry, element, "text/plain"))


def _content_encoded(entry: _Entry, element: etree._Element) -> None:
    if element.attrib:
        raise _OddError
    _add_content(entry, RawText(_said(element), language=entry.language))


def _add_content(entry: _Entry, text: RawText) -> None:
    entry.contents.append(text)
    if entry.summary is None and entry.summary_detail is None:
        entry.summary = text.value


def _fallback(name: str) -> Callable[[_Entry, etree._Element], None]:
    def read(entry: _Entry, element: etree._Element) -> None:
        _once(entry, f"{name} text")
        if element.attrib:
            raise _OddError
        value = _said(element)
        is_html = not entry.atom and StrictFeedParser.looks_like_html(value)
        entry.fallback[name] = RawText(value, is_html=is_html, language=entry.language)

    return read


def _date(name: str) -> Callable[[_Entry, etree._Element], None]:
    def read(entry: _Entry, element: etree._Element) -> None:
        _once(entry, name)
        setattr(entry, name, from_struct(_parse_date(_said(element))))

    return read


def _own_language(entry: _Entry, element: etree._Element) -> None:
    _once(entry, "language")
    entry.own_language = _said(element)


def _author(entry: _Entry, element: etree._Element) -> None:
    """Of RSS and Dublin Core: a name, with or without an address."""
    if entry.atom:
        raise _OddError
    name = without_address(_said(element)[:LONGEST_NAME])
    if "@" in name:
        raise _OddError
    entry.authors.append(RawPerson(name))


def _person(entry: _Entry, element: etree._Element) -> None:
    """Of Atom: elements for name, address and page."""
    name = url = ""
    if entry.authors and (not len(element) or element[0].tag != f"{{{_ATOM}}}name"):
        raise _OddError  # feedparser gives it the name of the one before
    for child in element:
        if child.attrib or len(child):
            raise _OddError
        if child.tag == f"{{{_ATOM}}}name":
            name = _text(child)
        elif child.tag == f"{{{_ATOM}}}uri":
            url = _address(_text(child))
        elif child.tag != f"{{{_ATOM}}}email":
            raise _OddError
    if (element.text or "").strip() or not entry.atom:
        raise _OddError
    entry.authors.append(RawPerson(name, url))


def _category(entry: _Entry, element: etree._Element) -> None:
    told = _attributes(element)
    term, label = told.get("term"), told.get("label")
    scheme = told.get("scheme", told.get("domain"))
    _add_tag(entry, term, scheme, label)
    value = _said(element)
    if not value:
        return
    if entry.tags and not entry.tags[-1][0]:
        _, scheme, label = entry.tags[-1]
        entry.tags[-1] = (value, scheme, label)
    else:
        _add_tag(entry, value, None, None)


def _add_tag(entry: _Entry, term: str | None, scheme: str | None, label: str | None) -> None:
    tag = (term, scheme, label)
    if any(tag) and tag not in entry.tags and len(entry.tags) < MOST_TAGS:
        entry.tags.append(tag)


def _enclosure(entry: _Entry, element: etree._Element) -> None:
    told = _attributes(element)
    href = told.get("url", told.get("uri", told.get("href", "")))
    if len(element) or "rel" in told:
        raise _OddError
    kind, title, length = told.get("type", ""), told.get("title", ""), told.get("length", "")
    entry.links.append(RawLink(href, "enclosure", kind, title, length))


def _media_content(entry: _Entry, element: etree._Element) -> None:
    told = _attributes(element)
    kind = told.get("type") or told.get("medium", "")
    length = told.get("filesize", "")
    entry.media.append(RawLink(told.get("url", ""), "enclosure", kind, length=length))
    _inside(entry, element)


def _media_thumbnail(entry: _Entry, element: etree._Element) -> None:
    url = _attributes(element).get("url")
    if url is None or _text(element):
        raise _OddError
    entry.thumbnails.append(RawLink(url, "enclosure", "image"))


def _inside(entry: _Entry, element: etree._Element) -> None:
    """What is within an element that groups others."""
    for child in element:
        reader = _MEDIA.get(child.tag)
        if reader is None or not _INHERITED.isdisjoint(child.attrib):
            raise _OddError
        reader(entry, child)


def _credit(_entry: _Entry, element: etree._Element) -> None:
    """Of a picture; nobody's whom the text is of."""
    _text(element)


def _source(entry: _Entry, element: etree._Element) -> None:
    """RSS 2.0's: a name and the address of a feed."""
    _once(entry, "source")
    told = _attributes(element)
    if entry.atom or set(told) - {"url"}:
        raise _OddError
    name, url = _said(element), told.get("url", "")
    entry.source = RawPerson(name, url) if name or url else None


def _named(name: str) -> Callable[[_Entry, etree._Element], None]:
    def read(entry: _Entry, element: etree._Element) -> None:
        _once(entry, name)
        if element.attrib:
            raise _OddError
        entry.named[name] = _said(element)

    return read


def _publisher(entry: _Entry, element: etree._Element) -> None:
    _once(entry, "publisher")
    if element.attrib:
        raise _OddError
    entry.named["publisher"] = without_address(_said(element)[:LONGEST_NAME])


def _pass_over(element: etree._Element) -> None:
    """Nothing, where feedparser would keep the element under a name that nobody asks for."""
    if len(element) or not _is_passed_over(str(element.tag), element.prefix):
        raise _OddError


@lru_cache(maxsize=1000)
def _is_passed_over(tag: str, given: str | None) -> bool:
    if tag == "comments":
        return True
    namespace, _, local = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    if not namespace or given is None:
        return False
    known = {uri.lower(): name for uri, name in StrictFeedParser.namespaces.items()}
    prefix = known.get(namespace.lower())
    if prefix is None:
        if given.lower() in known.values():
            return False
        prefix = given.lower()
    name = f"{prefix}_{local.lower()}"
    handled = any(hasattr(StrictFeedParser, f"{when}_{name}") for when in ("_start", "_end"))
    return bool(prefix) and not handled and name not in _READ_BY_NAME


_DC = "{http://purl.org/dc/elements/1.1/}"
_MRSS = "{http://search.yahoo.com/mrss/}"
_PODCAST = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_MEDIA: dict[str, Callable[[_Entry, etree._Element], None]] = {
    f"{_MRSS}content": _media_content,
    f"{_MRSS}thumbnail": _media_thumbnail,
    f"{_MRSS}description": _fallback("media"),
    f"{_MRSS}title": _second_title,
    f"{_MRSS}credit": _credit,
}
_READERS: dict[str, Callable[[_Entry, etree._Element], None]] = {
    "title": _title,
    "link": _link,
    "guid": _guid,
    "description": _description,
    "pubDate": _date("published"),
    "author": _author,
    "category": _category,
    "enclosure": _enclosure,
    "source": _source,
    "{http://purl.org/rss/1.0/modules/content/}encoded": _content_encoded,
    f"{_DC}creator": _author,
    f"{_DC}date": _date("updated"),
    f"{_DC}language": _own_language,
    f"{_DC}source": _named("dc_source"),
    f"{_DC}publisher": _publisher,
    "{http://rssnamespace.org/feedburner/ext/1.0}origLink": _named("feedburner_origlink"),
    **_MEDIA,
    f"{_MRSS}group": _inside,
    f"{_PODCAST}summary": _fallback("itunes"),
    f"{{{_ATOM}}}title": _title,
    f"{{{_ATOM}}}link": _atom_link,
    f"{{{_ATOM}}}id": _guid,
    f"{{{_ATOM}}}summary": _summary,
    f"{{{_ATOM}}}content": _content,
    f"{{{_ATOM}}}published": _date("published"),
    f"{{{_ATOM}}}updated": _date("updated"),
    f"{{{_ATOM}}}author": _person,
    f"{{{_ATOM}}}category": _category,
}
