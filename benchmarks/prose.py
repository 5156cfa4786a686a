"""Made-up news: prose with a grammar, a large vocabulary, and a cast of its own for each story.

It says nothing, but behaves like news where programs look at it: words have the frequencies of
prose, two stories share hardly a run of five words, and names and figures belong to one story.
Everything follows from a seed; the same seed gives the same text on every machine.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from random import Random
from typing import TypeVar

T = TypeVar("T")
_Pattern = tuple[tuple[str, str], ...]
Paragraphs = tuple[tuple[str, ...], ...]  # each a tuple of sentences

# The slots: N what acts or is acted on, V a deed, J a quality, A a manner, P a place or time,
# F a figure, W a person, O what a person says; in small letters: short, for headlines. Between
# slots stand few fixed words, or else all stories would share them.
_PATTERNS = (
    "{N} {V} {N} {P}.",
    "{N} {A} {V} {N}, and {N} {V} {N}.",
    "{P}, {N} {V} {N}.",
    "{W} said {N} {V} {N} {P}.",
    "“{O},” said {W}, who {V} {N}.",
    "{N}, which {V} {N}, was {J} but {J}.",
    "After {N} {V} {N}, {W} {A} {V} {N}.",
    "{N} {V} {F} {P}, {A} more than {N}.",
    "{W} and {W} {V} {N} while {N} {V} {N}.",
    "Neither {N} nor {N} {V} {N} {P}.",
    "{N} was {J}, {W} told {N}.",
    "About {F} {V} {N}, {J} or not.",
    "{W}, {J} as ever, {V} {N} {P}.",
    "Because {N} {V} {N}, {N} {A} {V} {F}.",
    "“{O},” {W} wrote. “{O}.”",
    "{P} {N} had {A} {V} {N}.",
    "{N} {V} {N}; {N} {A} did not.",
    "Unless {N} is {V}, {N} will be {J}.",
    "{F} were {V} when {N} {V} {N}.",
    "{W} called {N} {J} and {N} {J}.",
)
_SAYINGS = (
    "{N} was never {J}",
    "We {A} {V} {N}",
    "I {V} {N} {P}",
    "Nobody {V} {N}, least of all {W}",
    "{N} is {J}, {N} is not",
    "They {V} {F} {P}",
)
_HEADLINES = (
    "{w} {v} {n} in {T}",
    "{n} {v} {n}",
    "{j} {n} {v} {n} in {T}",
    "{n} {v} {F}, says {w}",
    "{w}: {n} {v} {n}",
    "How {n} {v} {n}",
    "{F} {v} as {n} {v} {n}",
    "{j} {n}, {j} {n}",
)
# More slots: X a firm, T a town, E a time, I an idiom, m a noun, D a noun with its article, C the
# same with a quality, g and w a person's names. What stands twice comes twice as often.
_THINGS = (
    *("{X}", "{X}", "{W}", "{W}", "{D} of {T}", "{D} {m}", "{D} {m}", "{D} of {D}", "{w}’s {m}"),
    *("{C}", "{C}", "{C}", "{C}", "{D}", "{D}", "{D}"),
)
_SHORT_THINGS = ("{X}", "{j} {m}", "{j} {m}", "{m} {m}", "{m} {m}")
_PLACES = (
    *("in {T}", "in {T}", "{E}", "{E}", "{I}", "near {C}", "near {D}"),
    "without {m} or {m}",
)
_PEOPLE = ("{w}", "{w}", "{g} {w}", "{g} {w}", "{m} {w}")
_BY_SLOT = {
    "sentence": _PATTERNS,
    "headline": _HEADLINES,
    "N": _THINGS,
    "n": _SHORT_THINGS,
    "P": _PLACES,
    "W": _PEOPLE,
    "O": _SAYINGS,
}


@dataclass(frozen=True)
class Vocabulary:
    """Lists of words by what they are."""

    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]
    adverbs: tuple[str, ...]


@dataclass(frozen=True)
class _Words:
    general: Vocabulary
    phrases: tuple[str, ...]
    times: tuple[str, ...]
    units: tuple[str, ...]
    topics: Mapping[str, Vocabulary]
    names: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Story:
    """One made-up report."""

    topic: str
    headline: str
    paragraphs: Paragraphs
    author: str


def story(seed: str, length: int) -> Story:
    """A story of about `length` characters; the same for the same arguments, everywhere."""
    return _Author(Random(seed)).story(length)


def headline(seed: str, topic: str) -> str:
    """A headline about this topic, for whoever changes the one that came with a story."""
    return _Author(Random(seed), topic).headline()


@cache
def outlet_name(seed: str) -> str:
    """The name of a newspaper: a town and what papers are called."""
    dice, names = Random(seed), _words().names
    return f"{_town(dice, names)} {dice.choice(names['outlets'])}"


class _Author:
    """Writes one story: one topic, a little of another, and a cast of its own."""

    def __init__(self, dice: Random, topic: str | None = None) -> None:
        words = _words()
        names = words.names
        self._dice, self._random = dice, dice.random
        self.topic = topic or dice.choice(sorted(words.topics))
        mine, other = words.topics[self.topic], words.topics[dice.choice(sorted(words.topics))]
        self._nouns = _mixed(dice, mine.nouns, words.general.nouns, other.nouns)
        self._verbs = _mixed(dice, mine.verbs, words.general.verbs, other.verbs)
        self._adjectives = _mixed(dice, mine.adjectives, words.general.adjectives, other.adjectives)
        self._units = words.units
        self._towns = [_town(dice, names) for _ in range(4)]
        self._firms = [f"{_name(dice, names)} {dice.choice(names['firms'])}" for _ in range(3)]
        self._people = [
            (dice.choice(names["given"]), _name(dice, names) + dice.choice(names["people"]))
            for _ in range(5)
        ]
        self._patterns = {slot: _cut(patterns) for slot, patterns in _BY_SLOT.items()}
        self._slots: dict[str, Callable[[], str]] = {
            **{slot: partial(self._filled, slot) for slot in _BY_SLOT},
            "O": lambda: _capital(self._filled("O")),
            "V": partial(self._pick, self._verbs),
            "v": partial(self._pick, self._verbs),
            "J": partial(self._pick, self._adjectives),
            "j": partial(self._pick, self._adjectives),
            "A": partial(self._pick, words.general.adverbs),
            "m": partial(self._pick, self._nouns),
            "T": partial(self._pick, self._towns),
            "X": partial(self._pick, self._firms),
            "E": partial(self._pick, words.times),
            "I": partial(self._pick, words.phrases),
            "F": self._figure,
            "g": lambda: self._pick(self._people)[0],
            "w": lambda: self._pick(self._people)[1],
            "D": lambda: self._with_article(self._pick(self._nouns)),
            "C": lambda: self._with_article(
                f"{self._pick(self._adjectives)} {self._pick(self._nouns)}"
            ),
        }

    def story(self, length: int) -> Story:
        paragraphs: list[tuple[str, ...]] = []
        while length > 0:
            paragraph = tuple(self._sentence() for _ in range(2 + int(self._random() * 3)))
            paragraphs.append(paragraph)
            length -= sum(map(len, paragraph)) + len(paragraph)
        return Story(self.topic, self.headline(), tuple(paragraphs), self._full_name())

    def headline(self) -> str:
        return _capital(self._filled("headline"))

    def _sentence(self) -> str:
        return _capital(self._filled("sentence"))

    def _filled(self, slot: str) -> str:
        slots, patterns = self._slots, self._patterns[slot]
        pattern = patterns[int(self._random() * len(patterns))]
        return "".join([fixed + slots[name]() if name else fixed for fixed, name in pattern])

    def _pick(self, words: Sequence[T]) -> T:
        return words[int(self._random() * len(words))]

    def _with_article(self, word: str) -> str:
        chance = self._random()
        if chance < 0.62:
            return f"the {word}"
        if chance < 0.8:
            return f"an {word}" if word[0] in "aeiou" else f"a {word}"
        return f"its {word}" if chance < 0.9 else word

    def _figure(self) -> str:
        figure = int(10 ** (1 + 3.5 * self._random()))
        return f"{figure:,} {self._pick(self._units)}"

    def _full_name(self) -> str:
        return " ".join(self._pick(self._people))


def _capital(text: str) -> str:
    start = 1 if text[0] == "“" else 0
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def _mixed(dice: Random, mine: Sequence[str], *others: Sequence[str]) -> tuple[str, ...]:
    """One story's choice: much of its topic, less of the others; some words more often."""
    chosen = dice.sample(mine, k=len(mine) * 2 // 3)
    for other in others:
        chosen += dice.sample(other, k=len(other) // 4)
    return (*chosen, *chosen[: len(chosen) // 6], *chosen[: len(chosen) // 12])


def _name(dice: Random, names: Mapping[str, tuple[str, ...]]) -> str:
    return dice.choice(names["starts"]) + dice.choice(names["middles"])


def _town(dice: Random, names: Mapping[str, tuple[str, ...]]) -> str:
    return _name(dice, names) + dice.choice(names["places"])


@cache
def _cut(patterns: tuple[str, ...]) -> tuple[_Pattern, ...]:
    return tuple(map(_cut_one, patterns))


def _cut_one(pattern: str) -> _Pattern:
    """A pattern as pairs of fixed text and the slot that follows it ("" at the end)."""
    pieces = pattern.split("{")
    pairs, fixed = [], pieces[0]
    for piece in pieces[1:]:
        slot, _, rest = piece.partition("}")
        pairs.append((fixed, slot))
        fixed = rest
    return (*pairs, (fixed, ""))


@cache
def _words() -> _Words:
    data = tomllib.loads(files("benchmarks").joinpath("data/words.toml").read_text("utf-8"))
    names = {
        "given": data["names"]["given"],
        "starts": data["names"]["starts"],
        "middles": data["names"]["middles"],
        "people": data["names"]["people_ends"],
        "places": data["names"]["place_ends"],
        "firms": data["names"]["firm_ends"],
        "outlets": data["outlets"]["ends"],
    }
    general = data["general"]
    return _Words(
        general=_vocabulary(general),
        phrases=tuple(general["phrases"]),
        times=tuple(word.replace("_", " ") for word in general["times"].split()),
        units=tuple(general["units"].split()),
        topics={topic: _vocabulary(words) for topic, words in data["topics"].items()},
        names={kind: tuple(words.split()) for kind, words in names.items()},
    )


def _vocabulary(words: Mapping[str, str]) -> Vocabulary:
    kinds = ("nouns", "verbs", "adjectives", "adverbs")
    return Vocabulary(*(tuple(dict.fromkeys(words.get(kind, "").split())) for kind in kinds))
