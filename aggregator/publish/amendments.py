"""What was corrected in a story, in one sentence. Its words are data (`data/amendments.toml`)."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files

from aggregator.model import Amendment, AmendmentKind, Copy, Story
from aggregator.publish.credit import Party
from aggregator.publish.text import direction, inert, language_tag, shortened, uri

_PLACEHOLDERS = {
    "changed": {"outlet", "date"},
    "titled": {"outlet", "date"},
    "notice": {"outlet", "quote"},
    "withdrawn": {"outlet", "date"},
    "became": {"cut", "added"},
    "still": {"outlets"},
}
_LONGEST = 120  # characters of a passage that stands in the sentence
_LONGEST_NOTICE = 300
_MOST = 5  # outlets that are named


def amendment_of(story: Story) -> Amendment | None:
    """The amendment that concerns who reads the story: of the text that is shown, else any."""
    own = [found for found in story.amendments if found.entry == story.lead]
    return next(iter(own or story.amendments), None)


def holders(story: Story, amendment: Amendment) -> list[Party]:
    """The outlets that still carry the text as it was, each once."""
    found: dict[str, Party] = {}
    for copy in story.copies:
        name = inert(copy.outlet) or inert(copy.domain)
        if copy.entry in amendment.still and name:
            found.setdefault(name.casefold(), Party(name, uri(copy.url)))
    return list(found.values())


def amendment_paragraph(story: Story) -> str:
    """The sentence as a paragraph of HTML; "" for a story in which nothing was corrected."""
    amendment = amendment_of(story)
    if amendment is None:
        return ""
    language, words = _phrases(story.language)
    parts = [_what(story, amendment, words)]
    hunk = amendment.hunks[0] if len(amendment.hunks) == 1 and not amendment.more else None
    if hunk and hunk.cut and hunk.added and len(hunk.cut) + len(hunk.added) <= 2 * _LONGEST:
        parts.append(_filled(words["became"], cut=_bdi(hunk.cut), added=_bdi(hunk.added)))
    still = holders(story, amendment)
    if still:
        named = ", ".join(map(_link, still[:_MOST]))
        if len(still) > _MOST:
            named += f" +{len(still) - _MOST}"
        parts.append(_filled(words["still"], outlets=named))
    # A mark after the dot keeps Latin names in their order where text runs from right to left.
    way = direction(language)
    dot = " ·\u200f " if way == "rtl" else " · "
    return f'<p lang="{language}" dir="{way}">{dot.join(parts)}</p>'


def _what(story: Story, amendment: Amendment, words: Mapping[str, str]) -> str:
    copy = next((c for c in story.copies if c.entry == amendment.entry), None)
    values = {
        "outlet": _link(_party(copy, amendment)),
        "date": f"{amendment.at:%Y-%m-%d}",
        "quote": _bdi(shortened(amendment.notice, _LONGEST_NOTICE)),
    }
    key = "withdrawn" if amendment.kind is AmendmentKind.WITHDRAWN else "changed"
    if amendment.notice and key == "changed":
        key = "notice"
    elif key == "changed" and amendment.title_after and not amendment.hunks:
        key = "titled"
    return _filled(words[key], **values)


def _party(copy: Copy | None, amendment: Amendment) -> Party:
    if copy is None:
        return Party(inert(amendment.outlet))
    return Party(inert(copy.outlet) or inert(copy.domain), uri(copy.url))


def _link(party: Party) -> str:
    name = f"<bdi>{escape(party.name)}</bdi>"
    return f'<a href="{escape(party.url)}">{name}</a>' if party.url else name


def _bdi(text: str) -> str:
    return f"<bdi>{escape(inert(text))}</bdi>"


def _filled(phrase: str, **values: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], escape(phrase, quote=False))


@cache
def _phrases(language: str) -> tuple[str, Mapping[str, str]]:
    """The words for a language tag, and the language that they are in: English at the last."""
    tables = _tables()
    tag = language_tag(language).lower().partition("-")[0]
    tag = tag if tag in tables else "en"
    return tag, tables[tag]


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    text = (files("aggregator.publish") / "data" / "amendments.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    for tag, table in tables.items():
        found = {key: set(re.findall(r"\{(\w+)\}", value)) for key, value in table.items()}
        if found != _PLACEHOLDERS:
            raise ValueError(f"amendments.toml: [{tag}] must have {_PLACEHOLDERS}")
    return tables
