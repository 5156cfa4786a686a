"""A publisher's own words about a correction. Its phrases are data: `data/notices.toml`."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from aggregator.model import AmendmentKind

_KINDS = {"correction": AmendmentKind.NOTICE, "withdrawal": AmendmentKind.WITHDRAWN}
_LISTS = {*_KINDS, "stamps"}
_OPENS = r"[\s\W]{0,4}"  # brackets, dashes and asterisks before the words
_LONGEST = 600  # characters; a notice is a paragraph
_LONGEST_STAMP = 120
_START = 4  # characters


def notice_in(text: str) -> tuple[AmendmentKind, str] | None:
    """The first paragraph of a text that is such a notice, with its kind. A line is a paragraph."""
    patterns, starts = _patterns(), _starts()
    for line in text.splitlines():
        # Nearly every line is none, and this is asked of every entry in the writer's transaction.
        begins = line[:_START].casefold()
        if line[:1].isalnum() and starts.isdisjoint((begins, begins[:3], begins[:2])):
            continue
        for name, kind in _KINDS.items():
            if patterns[name].match(line):
                words = line.strip()
                return kind, words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    return None


def is_stamp(line: str) -> bool:
    """Whether a line only says when the text was updated."""
    if len(line) > _LONGEST_STAMP or not any(map(str.isdigit, line)):
        return False
    return bool(_patterns()["stamps"].match(line))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: _beginning(phrases) for name, phrases in _phrases().items()}


@cache
def _starts() -> frozenset[str]:
    """The first characters of all notices; whole phrases, where they are shorter."""
    return frozenset(phrase[:_START].casefold() for name in _KINDS for phrase in _phrases()[name])


@cache
def _phrases() -> dict[str, list[str]]:
    """The phrases of all languages. Raises ValueError where the file cannot be used."""
    text = (files("aggregator.changes") / "data" / "notices.toml").read_text("utf-8")
    collected: dict[str, list[str]] = {name: [] for name in _LISTS}
    for language, lists in tomllib.loads(text).items():
        for name, phrases in lists.items():
            if name not in _LISTS:
                raise ValueError(f"notices.toml: [{language}] {name} is no list of phrases")
            if not all(isinstance(p, str) and len(p.strip()) > 1 for p in phrases):
                raise ValueError(f"notices.toml: [{language}] {name} has an empty phrase")
            collected[name] += phrases
    return collected


def _beginning(phrases: list[str]) -> re.Pattern[str]:
    parts = [
        r"\s+".join(map(re.escape, phrase.split())) + (r"(?!\w)" if phrase[-1].isalnum() else "")
        for phrase in sorted(phrases, key=len, reverse=True)
    ]
    return re.compile(f"{_OPENS}(?:{'|'.join(parts)})", re.IGNORECASE)
