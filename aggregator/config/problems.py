"""What is wrong with a configuration, said so that a person can mend it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Place = tuple[str | int, ...]  # the way to a setting: ("feeds", 2, "url")

# The credentials of a URL; greedy, because people forget to encode an @ in a password.
_CREDENTIALS = re.compile(r"(?<=://)\S*@")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (or, as a warning, doubtful), and where.

    What comes from the environment has a `variable`, what comes from a file a `file` and, where
    one is known, a `line` (from 1). `key` is the path to the setting, like `feeds[2].url`.
    """

    found: str
    wanted: str
    key: str = ""
    file: str = ""
    line: int | None = None
    variable: str = ""
    severity: Literal["error", "warning"] = "error"

    @property
    def where(self) -> str:
        """`config.yaml:12`, or `environment variable AGGREGATOR_DATABASE`."""
        if self.variable:
            return f"environment variable {self.variable}"
        return f"{self.file}:{self.line}" if self.line is not None else self.file

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.where, self.key) if part)
        text = f"found {self.found}; {self.wanted}"
        return f"{place}: {text}" if place else text


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each setting was written: a line of the file, or a variable that overrides it."""

    file: str = ""
    lines: Mapping[Place, int] = field(default_factory=dict)
    variables: Mapping[Place, str] = field(default_factory=dict)

    def written(self, path: Place) -> bool:
        """Whether someone set this, rather than a default."""
        return path in self.lines or path in self.variables

    def problem(
        self,
        path: Place,
        found: str,
        wanted: str,
        severity: Literal["error", "warning"] = "error",
    ) -> Problem:
        """A problem at `path`, placed by it or the nearest enclosing section that was written."""
        key = key_of(path)
        for length in range(len(path), -1, -1):
            stem = path[:length]
            if stem in self.variables:
                variable = self.variables[stem]
                return Problem(found, wanted, key, variable=variable, severity=severity)
            if stem in self.lines:
                line = self.lines[stem]
                return Problem(found, wanted, key, self.file, line, severity=severity)
        return Problem(found, wanted, key, self.file, severity=severity)


def key_of(path: Place) -> str:
    """The path as people write it: `("feeds", 2, "url")` is `feeds[2].url`."""
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key


def shown(value: object, limit: int = 80) -> str:
    """A value as an error may show it: quoted, short, without credentials of URLs."""
    if isinstance(value, Mapping):
        return f"a section with {', '.join(map(str, value)) or 'nothing in it'}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = _CREDENTIALS.sub("***@", value)
    short = text if len(text) <= limit else f"{text[:limit]}…"
    return json.dumps(short, ensure_ascii=False)
