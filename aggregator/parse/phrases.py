"""The phrases of boilerplate, read from `data/`. See `data/boilerplate/README.md`."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

_LISTS = (
    "headings",
    "final",
    "labels",
    "more",
    "related",
    "invites",
    "appeal_words",
    "persons",
    "credits",
)
_EXAMPLES = ("cut", "keep")
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Phrases:
    """What boilerplate is known by, in all languages at once."""

    headings: frozenset[str]
    final: frozenset[str]  # headings after which no article goes on
    labels: frozenset[str]
    more: re.Pattern[str]
    related: re.Pattern[str]
    invites: re.Pattern[str]
    appeal_words: re.Pattern[str]
    persons: re.Pattern[str]
    credits: re.Pattern[str]
    services: frozenset[str]
    verbs: tuple[str, ...]  # longest first


@cache
def load_phrases() -> Phrases:
    """All phrases. Raises ValueError, which names the file, when one cannot be used."""
    folder = files("aggregator.parse") / "data"
    collected: dict[str, list[str]] = {name: [] for name in _LISTS}
    for file in (folder / "boilerplate").iterdir():
        if file.name.endswith(".toml"):
            for name, phrases in read_language(file).items():
                if name in collected:
                    collected[name] += phrases
    share = tomllib.loads((folder / "share.toml").read_text("utf-8"))
    return Phrases(
        headings=frozenset(map(bare, collected["headings"])),
        final=frozenset(map(bare, collected["final"])),
        labels=frozenset(map(bare, collected["labels"])),
        more=_beginnings(collected["more"]),
        related=_beginnings(collected["related"]),
        invites=_beginnings(collected["invites"]),
        appeal_words=_anywhere(collected["appeal_words"], whole_words=True),
        persons=_anywhere(collected["persons"], whole_words=True),
        credits=_anywhere(collected["credits"], whole_words=False),
        services=frozenset(share["services"]),
        verbs=tuple(sorted(share["verbs"], key=len, reverse=True)),
    )


def read_language(file: Traversable) -> dict[str, list[str]]:
    """One language's lists, checked. Raises ValueError."""
    try:
        lists: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error
    known = {*_LISTS, *_EXAMPLES}
    for name, phrases in lists.items():
        if name not in known:
            raise ValueError(f"{file.name}: {name} is none of {', '.join(sorted(known))}")
        if not isinstance(phrases, list) or not all(isinstance(p, str) and p for p in phrases):
            raise ValueError(f"{file.name}: {name} must be a list of phrases")
        for phrase in phrases if name in _LISTS else ():
            if phrase != phrase.casefold():
                raise ValueError(f"{file.name}: {name}: {phrase!r} must be in lower case")
        if len(set(phrases)) < len(phrases):
            twice = sorted({p for p in phrases if phrases.count(p) > 1})
            raise ValueError(f"{file.name}: {name}: twice: {', '.join(twice)}")
    return lists


def bare(text: str) -> str:
    """The text in lower case, without what is no letter or digit at its ends."""
    text = text.casefold().replace("’", "'")
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    return text[start:end]


def _alternatives(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases, the longest first; beginnings in common are tried once."""
    by_first: dict[str, list[str]] = {}
    for phrase in sorted({phrase.replace("’", "'") for phrase in phrases}):
        by_first.setdefault(phrase[:1], []).append(phrase[1:])
    parts = []
    for first, rests in by_first.items():
        if first:
            more = [rest for rest in rests if rest]
            tail = f"(?:{_alternatives(more)})" if more else ""
            optional = "?" if more and len(more) < len(rests) else ""
            parts.append(f"{re.escape(first)}{tail}{optional}")
    return "|".join(parts)


def _beginnings(phrases: Iterable[str]) -> re.Pattern[str]:
    # What ends with a letter must end a word; "read more:" may go on with anything.
    every = _alternatives(phrases)
    return re.compile(rf"(?:{every})(?:(?<=\W)|(?!\w))") if every else _NEVER


def _anywhere(phrases: Iterable[str], *, whole_words: bool) -> re.Pattern[str]:
    every = _alternatives(phrases)
    if not every:
        return _NEVER
    end = r"(?!\w)" if whole_words else ""
    return re.compile(rf"(?<!\w)(?:{every}){end}")
