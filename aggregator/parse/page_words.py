"""What parts of article pages are known by, read from `data/page.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_KEYS = frozenset({
    "noise", "never_noise", "containers", "wide_containers", "bylines", "articles", "organizations",
})  # fmt: skip
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MOST = 500  # characters of one class attribute


@dataclass(frozen=True, slots=True)
class PageWords:
    """Words and selectors by which parts of pages are known."""

    noise: frozenset[str]
    never_noise: frozenset[str]
    containers: tuple[str, ...]
    wide_containers: tuple[str, ...]
    bylines: str  # one selector for all
    articles: frozenset[str]
    organizations: frozenset[str]

    def is_noise(self, attributes: Mapping[str, str | None]) -> bool:
        """Whether an element's class, id or role says that it is no part of an article."""
        role = attributes.get("role")
        if role in {"navigation", "search", "banner", "dialog", "toolbar", "menu"}:
            return True
        named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:_MOST]
        if named == " ":
            return False
        words = {word.lower() for word in _WORDS.findall(named)}
        return not words.isdisjoint(self.noise) and words.isdisjoint(self.never_noise)


@cache
def page_words() -> PageWords:
    """All of them. Raises ValueError when the file cannot be used."""
    document = tomllib.loads((files("aggregator.parse") / "data/page.toml").read_text("utf-8"))
    if document.keys() != _KEYS:
        raise ValueError(f"page.toml must have exactly these keys: {', '.join(sorted(_KEYS))}")
    return PageWords(
        noise=frozenset(document["noise"]),
        never_noise=frozenset(document["never_noise"]),
        containers=tuple(document["containers"]),
        wide_containers=tuple(document["wide_containers"]),
        bylines=", ".join(document["bylines"]),
        articles=frozenset(document["articles"]),
        organizations=frozenset(document["organizations"]),
    )
