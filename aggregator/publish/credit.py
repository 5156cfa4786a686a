"""The visible credit: "Originally appeared on **NDTV** · wire: AFP · also carried by …".

Its words are data (`data/credit.toml`), one table for each language.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from aggregator.model import Story
from aggregator.publish.text import direction, inert, language_tag, site_of, uri

_MOST = 5  # names of other carriers, before the rest is counted
_PLACEHOLDERS = {
    "appeared": "outlet",
    "unknown": "",
    "wire": "agency",
    "also": "outlets",
    "carried": "outlets",
    "more": "count",
}
_JOINTS = ("comma", "dot")
# Languages that are served by the words of another, and scripts that are not their language's own.
_SERVED_BY = {"no": "nb", "nn": "nb", "zh-tw": "zh-hant", "zh-hk": "zh-hant", "zh-mo": "zh-hant"}


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who is named, with the page that stands for them; "" where there is none."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of the credit's text: words, or a party."""

    text: str
    url: str = ""
    strong: bool = False
    party: bool = False


@dataclass(frozen=True, slots=True)
class CreditLine:
    """The credit of one story, in pieces, with the language that it is in."""

    pieces: tuple[Piece, ...]
    language: str

    @property
    def text(self) -> str:
        """The credit as plain text."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def html(self) -> str:
        """The credit as HTML, without a paragraph around it."""
        isolate = direction(self.language) == "rtl"
        return "".join(_html(piece, isolate=isolate) for piece in self.pieces)

    @property
    def paragraph(self) -> str:
        """The credit as the paragraph that ends each body."""
        way = direction(self.language)
        return f'<p lang="{self.language}" dir="{way}">{self.html}</p>'


def credit_of(story: Story) -> CreditLine:
    """What is said of a story's origin and carriers, in the story's language where we have it."""
    language, words = phrases(story.language)
    carriers = carriers_of(story)
    parts: list[list[Piece]] = []
    origin = _origin(story)
    if origin is not None:
        parts.append(_filled(words["appeared"], [origin], words, strong=True))
    else:
        parts.append([Piece(words["unknown"])])
    if story.agency is not None and inert(story.agency.name):
        agency = Party(inert(story.agency.name), site_of(story.agency.domain))
        parts.append(_filled(words["wire"], [agency], words))
    if carriers:
        phrase = words["also"] if origin else words["carried"]
        parts.append(_filled(phrase, carriers, words, strong=origin is None))
    joined: list[Piece] = []
    for part in parts:
        joined += [Piece(words["dot"]), *part] if joined else part
    return CreditLine(tuple(joined), language)


def carriers_of(story: Story) -> list[Party]:
    """The outlets that carry the story besides its origin, each once, first seen first."""
    named = {_same(name) for name in _told(story)}
    found: list[Party] = []
    for copy in story.copies:
        names = {_same(name) for name in (copy.outlet, copy.domain) if name}
        if not names & named:
            name = inert(copy.outlet) or inert(copy.domain)
            found += [Party(name, uri(copy.url))] if name else []
        named |= names
    return found


@cache
def phrases(language: str) -> tuple[str, Mapping[str, str]]:
    """The words for a language tag, and the language that they are in: English at the last."""
    tables = _tables()
    tag = language_tag(language).lower()
    tag = _SERVED_BY.get(tag, tag)
    while tag and tag not in tables:
        tag = tag.rpartition("-")[0]
        tag = _SERVED_BY.get(tag, tag)
    tag = tag or "en"
    return language_tag(tag), tables[tag]


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    text = (files("aggregator.publish") / "data" / "credit.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    checked = {tag: _checked(tag, table, tables["en"]) for tag, table in tables.items()}
    if "en" not in checked:
        raise ValueError("credit.toml has no table for English")
    return checked


def _checked(tag: str, table: Mapping[str, str], english: Mapping[str, str]) -> Mapping[str, str]:
    if not language_tag(tag):
        raise ValueError(f"credit.toml: {tag!r} is no language")
    if set(table) - set(_JOINTS) != set(_PLACEHOLDERS):
        raise ValueError(f"credit.toml: [{tag}] must have {', '.join(_PLACEHOLDERS)}, no others")
    for key, wanted in _PLACEHOLDERS.items():
        found = re.findall(r"\{(\w*)\}", table[key])
        if found != ([wanted] if wanted else []):
            raise ValueError(f"credit.toml: [{tag}] {key} must hold {{{wanted}}} once")
    return {key: english[key] for key in _JOINTS} | dict(table)


def _filled(
    phrase: str, parties: list[Party], words: Mapping[str, str], *, strong: bool = False
) -> list[Piece]:
    before, _, after = re.split(r"\{(\w+)\}", phrase)
    # One more name is as short as "and 1 other".
    shown = parties if len(parties) <= _MOST + 1 else parties[:_MOST]
    pieces = [Piece(before)]
    for number, party in enumerate(shown):
        pieces += [Piece(words["comma"])] if number else []
        pieces.append(Piece(party.name, party.url, strong=strong and not number, party=True))
    if len(shown) < len(parties):
        pieces.append(Piece(words["more"].format(count=len(parties) - len(shown))))
    pieces.append(Piece(after))
    return [piece for piece in pieces if piece.text]


def _html(piece: Piece, *, isolate: bool) -> str:
    html = escape(piece.text)
    if not piece.party:
        return html
    if isolate:
        html = f"<bdi>{html}</bdi>"
    if piece.url:
        html = f'<a href="{escape(piece.url)}">{html}</a>'
    return f"<strong>{html}</strong>" if piece.strong else html


def _origin(story: Story) -> Party | None:
    """The origin with its own page of the story, else its site; never with a copy's page."""
    origin = story.origin
    if origin is None:
        return None
    name = inert(origin.name) or inert(origin.domain)
    return Party(name, uri(origin.url) or site_of(origin.domain)) if name else None


def _told(story: Story) -> Iterable[str]:
    """The names and domains that the credit has already by the time it comes to carriers."""
    for party in (story.origin, story.agency):
        if party is not None:
            yield from filter(None, (party.name, party.domain))


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()
