"""`aggregator attribute`: whom a text credits, for people and for programs."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aggregator.credit import load_directory, marks_of, read_credits
from aggregator.errors import AggregatorError, ParseError
from aggregator.model import Block, Credit, Extent, Mark, Outlet, ParsedEntry, Role
from aggregator.parse import blocks, clean, parse_feed, parse_page

FORMS = ("text", "html", "rss-item", "atom-entry", "jsonfeed-item")

_NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)
_FEEDS = {
    "rss-item": f'<rss version="2.0" {_NAMESPACES}><channel><title/>%s</channel></rss>',
    "atom-entry": '<feed xmlns="http://www.w3.org/2005/Atom"><title/>%s</feed>',
    "jsonfeed-item": '{"version": "https://jsonfeed.org/version/1.1", "title": "", "items": [%s]}',
}
_TYPES = {"jsonfeed-item": "application/feed+json"}
# "PTI  The minister": what stands apart by wide white space is a line of its own.
_WIDE_SPACE = re.compile(r"^(\S{2,14})(?:[ \t\u00a0\u3000]{2,})(?=\S)", re.MULTILINE)
_WRAPPED = 50  # letters; a shorter line was not wrapped for its length
_MARKUP = "underline bold"
# What moves a terminal's cursor, and what makes it write backwards.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Attribution:
    """A text as it was read, and whom it credits, nearest outlet first."""

    credits: tuple[Credit, ...]
    body: tuple[Block, ...] = ()
    title: str = ""


def attribute_one(
    content: str,
    *,
    form: str = "text",
    publisher: str = "",
    domain: str = "",
    url: str = "",
    language: str = "",
) -> Attribution:
    """Read whom a text credits that `publisher`, whose site is `domain`, carries.

    `form` is one of FORMS: plain text, HTML (a page or a part of one), or one entry of a feed as
    markup. Raises ParseError where the content is not of that form.
    """
    if form not in FORMS:
        raise ParseError(
            f"There is no format {form!r}.",
            reason="unknown_format",
            remedy=f"It must be one of {', '.join(FORMS)}.",
        )
    base = url or (f"https://{domain}/" if domain else "")
    title, marks = "", tuple[Mark, ...]()
    if form == "text":
        body = blocks(_as_html(content), base_url=base)
    elif form == "html":
        body, title, marks = _of_html(content, base)
    else:
        entry = _of_feed(content, form, base)
        body, title = blocks(entry.html, base_url=entry.url or base), entry.title
        marks = marks_of(entry, load_directory())
        language = language or entry.language
    body = clean(body)
    found = read_credits(
        body,
        marks=marks,
        carrier=Outlet(publisher or domain, (domain,) if domain else ()),
        url=base,
        title=title,
        language=language,
        directory=load_directory(),
    )
    return Attribution(found, body, title)


def _as_html(text: str) -> str:
    """Plain text as markup: a line is a paragraph, but for one that goes on in the next."""
    lines: list[str] = []
    for line in _WIDE_SPACE.sub(r"\1\n", text).splitlines():
        wrapped = lines and len(lines[-1]) >= _WRAPPED and lines[-1].rstrip()[-1:] not in ".!?…。"
        if wrapped and line[:1].islower():
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line.strip())


def _of_html(content: str, base: str) -> tuple[tuple[Block, ...], str, tuple[Mark, ...]]:
    page = parse_page(content.encode("utf-8", "replace"), url=base, content_type="text/html")
    # Pieces of a page may be too small to be told from what surrounds articles.
    body = page.blocks or blocks(content, base_url=base)
    return body, page.title, page.marks


def _of_feed(content: str, form: str, base: str) -> ParsedEntry:
    document = _FEEDS[form] % content.strip()
    feed = parse_feed(
        document.encode("utf-8", "replace"), url=base, content_type=_TYPES.get(form, "")
    )
    if not feed.entries:
        raise ParseError(
            f"The content holds no {form}.",
            reason="no_entry",
            remedy="Give one <item>, one <entry> or one object of a JSON Feed.",
        )
    return feed.entries[0]


# ----------------------------------------------------------------------------------- for programs


def attribute_lines(lines: Iterable[str]) -> Iterator[str]:
    """Read records, a JSON object a line, and give one line for each, in order.

    In: `{"id", "publisher": {"name", "domain"}, "format", "content", "lang"}`. Out: `{"id",
    "credits": [...]}`, or `{"id", "credits": [], "error": "..."}` for a record that cannot be
    read. Empty lines are skipped.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            answer = json.dumps(_answer(line, number), ensure_ascii=False)
            # Half of a surrogate pair cannot be written.
            yield answer.encode("utf-8", "replace").decode()


def _answer(line: str, number: int) -> dict[str, Any]:
    name: object = None
    try:
        record = json.loads(line)
        if not isinstance(record, Mapping):
            raise ParseError(f"Line {number} is no JSON object.", reason="bad_record")
        name = record.get("id")
        found = _of_record(record)
    except RecursionError:
        return {"id": name, "credits": [], "error": f"Line {number} is nested too deeply."}
    except (AggregatorError, ValueError) as error:
        told = str(error) if isinstance(error, AggregatorError) else f"Line {number}: {error}"
        return {"id": name, "credits": [], "error": told}
    return {"id": name, "credits": [as_json(credit) for credit in found.credits]}


def _of_record(record: Mapping[str, Any]) -> Attribution:
    publisher = record.get("publisher") or {}
    content, form = record.get("content"), record.get("format", "text")
    if not isinstance(content, str) or not isinstance(form, str):
        raise ParseError("`content` and `format` must be strings.", reason="bad_record")
    if not isinstance(publisher, Mapping):
        raise ParseError("`publisher` must be an object with a name.", reason="bad_record")
    return attribute_one(
        content,
        form=form,
        publisher=str(publisher.get("name") or ""),
        domain=str(publisher.get("domain") or ""),
        url=str(record.get("url") or ""),
        language=str(record.get("lang") or ""),
    )


def as_json(credit: Credit) -> dict[str, Any]:
    """A credit as a record has it."""
    return {
        "name": credit.name,
        "as_written": credit.as_written,
        "domain": credit.domain,
        "url": credit.url,
        "role": credit.role.value,
        "extent": credit.extent.value,
        "quote": credit.quote,
        "where": credit.where.value,
        "confidence": credit.confidence,
    }


# ------------------------------------------------------------------------------------- for people


def for_people(found: Attribution) -> RenderableType:
    """The credits as a table, and the text's lines that hold them, with the quotes marked."""
    if not found.credits:
        return Text("This text credits nobody.", style="dim")
    table = Table("credits", "as", "of", "where", "sure", "page", box=None, header_style="bold")
    for credit in found.credits:
        name = credit.name or "a feed or agency that is not named"
        whole = "the whole" if credit.extent is Extent.FULL else "a part"
        table.add_row(
            _shown(name, _style(credit)),
            credit.role.value,
            whole,
            credit.where.value,
            f"{credit.confidence:.0%}",
            _shown(credit.url or credit.domain, "blue"),
        )
    parts: list[RenderableType] = [table, Text()]
    for number, block in enumerate(found.body):
        quotes = [credit for credit in found.credits if credit.block == number and credit.quote]
        if quotes:
            parts.append(_marked(block.text, quotes))
    parts += [_shown(c.quote, _style(c)) for c in found.credits if c.block is None and c.quote]
    return Group(*parts)


def _shown(text: str, style: str = "") -> Text:
    return Text(_CONTROLS.sub("�", text), style=style)


def _style(credit: Credit) -> str:
    if credit.role in {Role.UNNAMED, Role.REPORTING}:
        return "dim"
    return "yellow" if credit.extent is Extent.PARTIAL else "green"


def _marked(text: str, quotes: Iterable[Credit]) -> Text:
    shown = _shown(text)  # letter for letter, so that the places stay
    for credit in quotes:
        start = text.find(credit.quote)
        if start >= 0:
            shown.stylize(f"{_style(credit)} {_MARKUP}", start, start + len(credit.quote))
    return shown
