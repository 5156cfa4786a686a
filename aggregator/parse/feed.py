"""Feed bytes to entries: what kind of document it is, and who reads it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aggregator.errors import ParseError
from aggregator.model import ParsedEntry, ParsedFeed
from aggregator.parse.decoding import charset_of, decode
from aggregator.parse.entries import language_of, parsed_entry, title_of
from aggregator.parse.feed_json import read_json
from aggregator.parse.feed_wishes import wishes_in
from aggregator.parse.feed_xml import read_xml
from aggregator.parse.raw import RawFeed
from aggregator.parse.urls import absolute
from aggregator.parse.xml_text import cut_entries, tidied

MOST_ENTRIES = 2_000  # of one document
_CUT_OFF = "it was cut off before its end"
_ENTRIES_THAT_TELL = 3  # what so many lack is no accident

_REMEDY = "Look for the address of the site's RSS, Atom or JSON feed."
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{1,40})["']""")
_ROOT = re.compile(r"<(?!/)([a-zA-Z_][\w.-]{0,60}(?::[\w.-]{1,60})?)")
_FEED_ROOT = re.compile(r"<(?:[\w.-]{1,30}:)?(rss|rdf|feed|channel)(?=[\s>/])", re.IGNORECASE)
_JUNK_BEFORE = 65_536  # characters in which a feed's root element is looked for
_BINARY = (
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "a media file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x7fELF", "a program"),
)
_HTML = (
    "html",
    "head",
    "body",
    "title",
    "meta",
    "div",
    "p",
    "br",
    "h1",
    "script",
    "b",
    "a",
    "center",
)
_OTHER_ROOTS = {
    **dict.fromkeys(_HTML, "an HTML page"),
    "opml": "an OPML subscription list",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap",
    "svg": "an image",
}


def parse_feed(body: bytes, *, url: str, content_type: str) -> ParsedFeed:
    """The entries of a feed document: RSS 0.9x, 1.0, 2.0, Atom 0.3, 1.0, JSON Feed 1.x.

    `url` is where the document came from, `content_type` its Content-Type header or "". No more
    than MOST_ENTRIES entries are read; what was left out or odd is in `skipped` and `problems`.
    Raises ParseError with the reasons `empty`, `not_a_feed`, `html_page`, `bad_json`,
    `too_big`.
    """
    if not body.strip(b"\x00 \t\r\n"):
        raise ParseError(
            "The document is empty.",
            reason="empty",
            remedy="It may be filled later; we go on asking.",
        )
    for magic, what in _BINARY:
        if body.startswith(magic):
            raise _not_a_feed(what)
    match = _DECLARED.match(body[:400])
    declared = (charset_of(content_type), match[1].decode("ascii") if match else "")
    text, oddity = decode(body, declared)
    raw = _read(text)
    problems = ([f"encoding: {oddity}"] if oddity else []) + list(raw.problems)
    told = wishes_in(text)
    return replace(
        _parsed(raw, url, problems),
        update_every=told.update_every,
        skip_hours=told.skip_hours,
        skip_days=told.skip_days,
        hub=absolute(told.hub, url) or "" if told.hub else "",
        self_url=absolute(told.self_url, url) or "" if told.self_url else "",
        cut_off=_CUT_OFF in problems,
    )


def _read(text: str) -> RawFeed:
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        return read_json(text.lstrip("\ufeff"), limit=MOST_ENTRIES)
    if "<" not in text:
        raise _not_a_feed("plain text")
    tidy = tidied(text)
    match = _ROOT.search(tidy.text)
    if match is None:
        raise _not_a_feed("plain text")
    root = match[1]
    problems = list(tidy.problems)
    start = _FEED_ROOT.match(tidy.text, match.start())
    if start is None:
        # Programs that fail write their warnings before the feed that they make.
        start = _FEED_ROOT.search(tidy.text, 0, _JUNK_BEFORE)
        junk = tidy.text[: start.start()].lower() if start else ""
        if start is None or "<html" in junk or "<body" in junk or "<opml" in junk:
            is_html = "html" in tidy.doctype.lower()
            raise _not_a_feed("an HTML page" if is_html else _what_has(root))
    if tidy.text[: start.start()].strip("\ufeff \t\r\n"):
        problems.append("text before the feed was left out")
    whole, skipped = _one_document(tidy.text, start, problems)
    if skipped:
        problems.append(f"of too many entries the last {skipped:,} were not read")
    tidy = type(tidy)(whole, tidy.doctype, tuple(problems))
    return read_xml(tidy, root=root, skipped=skipped)


def _what_has(root: str) -> str:
    """What a document is whose root element is `root`."""
    name = root.rpartition(":")[2].lower()
    return _OTHER_ROOTS.get(name) or f"an XML document whose root element is <{root}>"


def _one_document(text: str, start: re.Match[str], problems: list[str]) -> tuple[str, int]:
    """The feed's element alone, with no more entries than are read; how many were cut."""
    name = start[0][1:]
    end = text.rfind(f"</{name}")
    close = text.find(">", end) if end >= 0 else -1
    if close >= 0:
        if text[close + 1 :].strip("\ufeff \t\r\n"):
            problems.append("text after the feed was left out")
        text = text[start.start() : close + 1]
    else:
        problems.append(_CUT_OFF)
        text = text[start.start() :]
    return cut_entries(text, MOST_ENTRIES)


def _what_is_missing(entries: Sequence[ParsedEntry]) -> Iterator[str]:
    """What entries should have and none of them has."""
    if len(entries) < _ENTRIES_THAT_TELL:
        return
    if not any(entry.published or entry.updated for entry in entries):
        yield "no entry has a date that can be read"
    guids = {entry.guid for entry in entries}
    if guids == {""}:
        yield "no entry has a guid"
    elif len(guids) == 1:
        yield f"one guid stands for all {len(entries)} entries, and is passed over"


def _parsed(raw: RawFeed, url: str, problems: list[str]) -> ParsedFeed:
    site = absolute(raw.url.strip(), url) or ""
    # Atom's addresses are relative to the document (RFC 4287, 2); in RSS, whose feeds are often
    # served by others, they are meant for the site.
    base = url if raw.format.startswith("atom") or not site else site
    entries, empty = [], 0
    for one in raw.entries:
        entry = parsed_entry(one, base_url=base)
        if entry is None:
            empty += 1
        else:
            entries.append(entry)
    if empty:
        problems.append(f"entries without anything in them: {empty}")
    problems += _what_is_missing(entries)
    return ParsedFeed(
        format=raw.format,
        title=title_of(raw.title)[:300],
        url=site,
        language=language_of(raw.language),
        ttl=raw.ttl,
        entries=tuple(entries),
        skipped=raw.skipped + empty,
        problems=tuple(dict.fromkeys(problems)),
    )


def _not_a_feed(what: str) -> ParseError:
    reason = "html_page" if what == "an HTML page" else "not_a_feed"
    return ParseError(f"This is {what}, not a feed.", reason=reason, remedy=_REMEDY)
