"""Made-up news in many languages: text with a cast and a vocabulary of its own for each story.

The sentences make no sense. What they share with real ones is how words of each kind repeat: a
story keeps to its names, places and a few nouns, and two stories share hardly a run of five words.
Everything follows from the dice that are handed in.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random


@dataclass(frozen=True)
class Tongue:
    """A language: its words by kind, and how they are put together."""

    code: str
    join: str  # what stands between two words
    stop: str  # what ends a sentence
    cased: bool
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]
    links: tuple[str, ...]
    said: tuple[str, ...]
    places: tuple[str, ...]
    names: tuple[str, ...]

    def kin(self, word: str) -> Sequence[str]:
        """Words of the same kind, for an editor who writes another; none for names."""
        for words in (self.nouns, self.verbs, self.adjectives, self.links):
            if word in words:
                return words
        return ()


Sentence = list[str]  # words; names, places and figures too are one word each
Paragraph = list[Sentence]


@dataclass(frozen=True)
class Story:
    """A report, taken apart so that editors can work on it."""

    tongue: Tongue
    title: Sentence
    paragraphs: list[Paragraph]


class Writer:
    """Writes about one matter, with its cast."""

    def __init__(self, tongue: Tongue, dice: Random) -> None:
        self.tongue, self._dice = tongue, dice
        self.names = dice.sample(tongue.names, 4)
        self.places = dice.sample(tongue.places, 3)
        self.nouns = dice.sample(tongue.nouns, 16)
        self._verbs = dice.sample(tongue.verbs, 14)
        self._adjectives = dice.sample(tongue.adjectives, 12)

    def story(self, paragraphs: int) -> Story:
        """A story of so many paragraphs."""
        return Story(self.tongue, self.title(), [self.paragraph() for _ in range(paragraphs)])

    def title(self) -> Sentence:
        """A headline."""
        dice = self._dice
        first = dice.choice([*self.names, *self.places])
        return [first, dice.choice(self._verbs), *self._phrase(), *self._linked()]

    def paragraph(self) -> Paragraph:
        """One to three sentences."""
        return [self.sentence() for _ in range(self._dice.choice((1, 2, 2, 3)))]

    def sentence(self) -> Sentence:
        """A sentence of about twenty words."""
        dice = self._dice
        words = [*self._thing(), dice.choice(self._verbs), *self._phrase()]
        for _ in range(dice.randint(1, 4)):
            words += self._linked()
        if dice.random() < 0.4:
            words += [dice.choice(self._verbs), *self._thing()]
        if dice.random() < 0.3:
            words.append(dice.choice(self.tongue.said))
        return words

    def figure(self) -> str:
        """A number, as news has them."""
        dice = self._dice
        size = int(10 ** dice.uniform(0.5, 4.5))
        return dice.choice((f"{size:,}", f"{size}", f"{size / 10:.1f}", f"{size} km", f"{size}%"))

    def _thing(self) -> list[str]:
        dice = self._dice
        if dice.random() < 0.35:
            return [dice.choice(self.names)]
        return self._phrase()

    def _phrase(self) -> list[str]:
        dice = self._dice
        words = [dice.choice(self.nouns)]
        if dice.random() < 0.5:
            words.insert(0, dice.choice(self._adjectives))
        return words

    def _linked(self) -> list[str]:
        dice = self._dice
        link = dice.choice(self.tongue.links)
        chance = dice.random()
        if chance < 0.15:
            return [link, dice.choice(self.places)]
        if chance < 0.3:
            return [link, self.figure(), dice.choice(self.nouns)]
        return [link, *self._phrase()]


def plain(tongue: Tongue, sentences: Sequence[Sentence]) -> str:
    """Sentences as text."""
    return "".join(_sentence(tongue, words) + tongue.stop for words in sentences).strip()


def headline(tongue: Tongue, words: Sentence) -> str:
    """A headline as text."""
    return _sentence(tongue, words)


def _sentence(tongue: Tongue, words: Sentence) -> str:
    text = tongue.join.join(words)
    return text[:1].upper() + text[1:] if tongue.cased else text


@cache
def tongues() -> Mapping[str, Tongue]:
    """All languages that there are words of, by code."""
    text = files("benchmarks").joinpath("data/languages.toml").read_text("utf-8")
    return {code: _tongue(code, table) for code, table in tomllib.loads(text).items()}


def _tongue(code: str, table: Mapping[str, str]) -> Tongue:
    def listed(key: str, between: str | None = None) -> tuple[str, ...]:
        # "_" stands for a blank inside one word.
        return tuple(word.replace("_", " ") for word in table[key].split(between))

    return Tongue(
        code=code,
        join=table["join"],
        stop=table["stop"],
        cased=bool(table["cased"]),
        nouns=listed("nouns"),
        verbs=listed("verbs"),
        adjectives=listed("adjectives"),
        links=listed("links", "|"),
        said=listed("said", "|"),
        places=listed("places"),
        names=listed("names"),
    )
