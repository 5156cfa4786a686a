"""Republication counters: pixels and scripts by which outlets count copies of their articles."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aggregator.model import Mark, MarkKind
from aggregator.parse.text import encodable, folded


@dataclass(frozen=True, slots=True)
class _Counter:
    name: str  # with the pattern's groups, like `home`
    home: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Counters:
    counters: tuple[_Counter, ...]
    hints: tuple[str, ...]


def counter_marks(html: str) -> list[Mark]:
    """A mark for each counter in the markup, with the home of the outlet that counts."""
    known = _load()
    if not any(hint in html for hint in known.hints):
        return []
    marks = []
    for counter in known.counters:
        for match in counter.pattern.finditer(html):
            name, home = match.expand(counter.name), match.expand(counter.home)
            mark = Mark(MarkKind.COUNTER, name, home, folded(encodable(match[0])))
            if mark not in marks:
                marks.append(mark)
            if len(marks) >= _MOST:
                return marks
    return marks


_MOST = 10


@cache
def _load() -> _Counters:
    document = tomllib.loads((files("aggregator.parse") / "data/counters.toml").read_text("utf-8"))
    counters = []
    for entry in document["counter"]:
        pattern = re.compile(entry["pattern"], re.IGNORECASE)
        if pattern.search(entry["example"]) is None:
            raise ValueError(
                f"counters.toml: {entry['name']}: the pattern does not find its example"
            )
        if entry["hint"] not in entry["example"]:
            raise ValueError(f"counters.toml: {entry['name']}: the hint is not in the example")
        counters.append(_Counter(entry["name"], entry["home"], pattern))
    return _Counters(tuple(counters), tuple({entry["hint"] for entry in document["counter"]}))
