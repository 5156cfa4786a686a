"""Raw entries to `ParsedEntry`: the one way for all formats."""

import mimetypes
from collections.abc import Iterable
from html import escape

from aggregator.model import Enclosure, Mark, MarkKind, ParsedEntry
from aggregator.parse.counters import counter_marks
from aggregator.parse.raw import RawEntry, RawLink, RawPerson, RawText
from aggregator.parse.sanitise import plain, sanitise
from aggregator.parse.text import encodable, folded
from aggregator.parse.urls import absolute

_LONGEST_TITLE = 1_000  # characters
_LONGEST_NAME = 300
_LONGEST_ID = 2_000
_MOST_ENCLOSURES = 20
_MOST_CATEGORIES = 50
_MOST_AUTHORS = 20


def parsed_entry(raw: RawEntry, *, base_url: str) -> ParsedEntry | None:
    """The entry, sanitised, its addresses absolute; None where it has nothing to be told by.

    `base_url` is what relative addresses are relative to, where the entry has no base of its own.
    """
    links = [(link, absolute(encodable(link.href), base_url)) for link in raw.links]
    url = _url(raw, links)
    summary, content = _html(raw.summary, base_url), _html(raw.content, base_url)
    if not summary and not content:
        summary = _html(raw.fallback, base_url)
    title = title_of(raw.title)[:_LONGEST_TITLE]
    if not (raw.id or url or title or summary or content):
        return None
    names = [name for name in (_name(author.name) for author in raw.authors) if name]
    return ParsedEntry(
        guid=encodable(raw.id.strip()[:_LONGEST_ID]).replace("\x00", ""),
        url=url,
        title=title,
        author=", ".join(dict.fromkeys(names[:_MOST_AUTHORS])),
        summary_html=summary,
        content_html=content,
        published=raw.published or raw.updated,
        updated=raw.updated,
        language=language_of(raw.language),
        categories=_categories(raw.categories),
        enclosures=_enclosures(links),
        marks=tuple(_marks(raw, links, base_url)),
    )


def title_of(text: RawText) -> str:
    """A title on one line, as plain text."""
    value = text.value[: 20 * _LONGEST_TITLE]
    return plain(value) if text.is_html else folded(encodable(value))


def language_of(tag: str) -> str:
    """A language tag as RFC 5646 writes it ("en-GB"), or "" where it is none."""
    parts = tag.strip().replace("_", "-").split("-")
    if not 2 <= len(parts[0]) <= 3 or not all(p.isascii() and p.isalnum() for p in parts):
        return ""
    language, *rest = parts[:3]
    return "-".join([language.lower(), *(p.upper() if len(p) == 2 else p.title() for p in rest)])


def _url(raw: RawEntry, links: Iterable[tuple[RawLink, str | None]]) -> str:
    """The entry's page: its alternate link (HTML before others), else a guid that is a link."""
    alternates = [(link, url) for link, url in links if link.rel == "alternate" and url]
    for link, url in alternates:
        if not link.type or "html" in link.type:
            return url or ""
    if alternates:
        return alternates[0][1] or ""
    return (absolute(raw.id.strip()) or "") if raw.id_is_permalink else ""


def _html(text: RawText, base_url: str) -> str:
    if not text.value:
        return ""
    base = absolute(text.base, base_url) if text.base else None
    if text.is_html:
        return sanitise(text.value, base_url=base or base_url)
    lines = escape(encodable(text.value).strip(), quote=False).replace("\r\n", "\n")
    return sanitise("<br>".join(lines.split("\n"))) if "\n" in lines else sanitise(lines)


def _name(text: str) -> str:
    name = plain(text[: 4 * _LONGEST_NAME])[:_LONGEST_NAME]
    return "" if "@" in name and " " not in name else name  # an address is nobody's name


def _categories(names: Iterable[str]) -> tuple[str, ...]:
    seen = dict.fromkeys(plain(name[:_LONGEST_NAME])[:100] for name in names)
    return tuple(name for name in seen if name)[:_MOST_CATEGORIES]


def _enclosures(links: Iterable[tuple[RawLink, str | None]]) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for link, url in links:
        if link.rel != "enclosure" or not url or url in found:
            continue
        kind = folded(encodable(link.type)).lower()
        if "/" not in kind:  # Media RSS's "image", or nothing
            guess = mimetypes.guess_type(url.partition("?")[0])[0] or ""
            kind = guess if not kind or guess.startswith(f"{kind}/") else ""
        length = int(link.length) if link.length.isascii() and link.length.isdigit() else 0
        found[url] = Enclosure(url, kind[:100], length if length < 1 << 62 else 0)
        if len(found) >= _MOST_ENCLOSURES:
            break
    return tuple(found.values())


# ----------------------------------------------------------------------------------------- marks


def _marks(
    raw: RawEntry, links: Iterable[tuple[RawLink, str | None]], base_url: str
) -> Iterable[Mark]:
    """What the feed says in markup of where the text comes from, unjudged."""
    if raw.source is not None:
        yield _source_mark(raw.source, base_url, atom=raw.source_is_atom)
    for kind, element, text in (
        (MarkKind.DC_SOURCE, "dc:source", raw.dc_source),
        (MarkKind.DC_PUBLISHER, "dc:publisher", raw.publisher),
        (MarkKind.ORIG_LINK, "feedburner:origLink", raw.orig_link),
        (MarkKind.EXTERNAL_URL, "external_url", raw.external_url),
    ):
        words = _name(text)
        if words:
            address = absolute(encodable(text.strip())) or ""
            name = "" if address else words
            quote = f"<{element}>{words}</{element}>"
            if kind is MarkKind.EXTERNAL_URL:
                quote = f'"external_url": "{words}"'
            yield Mark(kind, name, address, quote)
    for author in raw.authors[:_MOST_AUTHORS]:
        name = _name(author.name)
        url = (absolute(encodable(author.url), base_url) or "") if author.url else ""
        if name or url:
            yield Mark(MarkKind.AUTHOR, name, url, name or url)
    for link, target in links:
        if target and link.rel in _LINK_MARKS:
            quote = f'<link rel="{link.rel}" href="{target}"/>'
            yield Mark(_LINK_MARKS[link.rel], _name(link.title), target, quote)
    yield from counter_marks(raw.content.value)
    if raw.summary.value:
        yield from counter_marks(raw.summary.value)


_LINK_MARKS = {"via": MarkKind.VIA, "canonical": MarkKind.CANONICAL}


def _source_mark(source: RawPerson, base_url: str, *, atom: bool) -> Mark:
    name = _name(source.name)
    url = (absolute(encodable(source.url), base_url) or "") if source.url else ""
    if not atom:
        attribute = f' url="{url}"' if url else ""
        return Mark(MarkKind.RSS_SOURCE, name, url, f"<source{attribute}>{name}</source>")
    title = f"<title>{name}</title>" if name else ""
    link = f'<link href="{url}"/>' if url else ""
    return Mark(MarkKind.ATOM_SOURCE, name, url, f"<source>{title}{link}</source>")
