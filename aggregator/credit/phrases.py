"""The phrases by which texts credit outlets, and the words that reading them needs: data.

There is a file for each language in `data/phrases/`; docs/adding-phrases.md tells how to write
one, `patterns` what a phrase compiles to.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from aggregator.credit.domains import DATA
from aggregator.credit.patterns import Lists, Template


class Means(StrEnum):
    """What a phrase says of the outlet in it."""

    FULL = "full"  # all of the text is its
    PART = "part"  # some of it, or it pointed the way
    UNNAMED = "unnamed"  # an agency or a feed that is not named
    REPORTING = "reporting"  # it broke the news; the text is not its


class Place(StrEnum):
    """Where a phrase counts."""

    ANYWHERE = "anywhere"  # a sentence of its own that speaks of "this article"
    FRAGMENT = "fragment"  # the beginning of a sentence, near the head or the end of a text
    LINE = "line"  # a line, bracket or sentence with nothing else, near the head or the end
    LABEL = "label"  # the same, at the very head or behind the last paragraph
    END = "end"  # the same, behind the last paragraph only


@dataclass(frozen=True, eq=False)
class Phrase:
    """One phrase. Its pattern is compiled when a text first holds its words."""

    number: int  # the order of the files
    say: str
    language: str
    example: str
    credits: tuple[str, ...]
    means: Means
    place: Place
    sure: bool  # only outlets that are known, linked, or named like one
    known: bool  # only outlets that the directory knows
    relayed: bool  # only where the text is distributed by somebody who hands on others' texts
    titled: bool  # {title} is the headline, a link or in quotation marks
    strict: bool  # not even a date may follow
    linked: bool  # the words themselves lead to the original
    outlet: str  # whom the phrase itself gives away, where it has no slot
    template: Template
    firsts: frozenset[str] | None  # the words it may begin with; None: any
    keys: tuple[frozenset[str], ...]  # a text holds a word of each; the first is the rarest
    spaced: bool  # its language puts spaces between words

    @cached_property
    def leads(self) -> bool:
        """Whether the words by which it is found are the first of it."""
        return self.firsts == self.keys[0]

    @cached_property
    def others(self) -> tuple[frozenset[str], ...]:
        """The keys but the rarest, by which it is found."""
        return self.keys[1:]

    @property
    def final(self) -> str:
        """The slot at the end, whose name is read from the text; or ""."""
        return self.template.final

    @property
    def has_title(self) -> bool:
        """Whether it names a headline: the line of a program, or of another text."""
        return "{title}" in self.say

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches at the beginning of a sentence."""
        return self.template.pattern()


@dataclass(frozen=True, eq=False)
class Index:
    """Phrases by the words by which they are found."""

    by_word: Mapping[str, tuple[Phrase, ...]]  # of languages that put spaces between words
    by_piece: Mapping[str, tuple[Phrase, ...]]  # of those that do not

    @cached_property
    def sought(self) -> frozenset[str]:
        """The words of `by_word`."""
        return frozenset(self.by_word)


@dataclass(frozen=True, eq=False)
class Phrases:
    """All phrases, and the words that reading needs in all languages."""

    all: tuple[Phrase, ...]
    words: Mapping[str, frozenset[str]]  # in lower case, nouns aside

    @cached_property
    def lines(self) -> Index:
        """The phrases that count near the head and the end only, in a line of their own."""
        return _index(p for p in self.all if p.place in _LINES)

    @cached_property
    def sentences(self) -> Index:
        """The other phrases."""
        return _index(p for p in self.all if p.place not in _LINES)

    @cached_property
    def keywords(self) -> frozenset[str]:
        """All words by which phrases of languages with spaces are found."""
        return frozenset(word for p in self.all if p.spaced for key in p.keys for word in key)

    def of(self, kind: str) -> frozenset[str]:
        """The words of all languages that the files list under a name."""
        return self.words[kind]


_LINES = frozenset({Place.LINE, Place.LABEL, Place.END})
_UNSPACED = frozenset({"zh", "ja", "ko", "th"})
# Lists that count for all languages; the rest are for the phrases of their file.
SHARED = frozenset({
    "again", "agencies", "at", "behind", "by", "ends", "issues", "joins", "kin", "named", "never",
    "notes", "nouns", "offices", "ours", "papers", "picture", "site", "staff", "tells", "with",
})  # fmt: skip
_FLAGS = ("sure", "known", "relayed", "titled", "strict", "linked")
_FIELDS = frozenset({"say", "example", "credits", "means", "place", "outlet", *_FLAGS})


def phrase_files() -> list[Traversable]:
    """The data files of phrases, in the order in which they are read."""
    found = (path for path in (DATA / "phrases").iterdir() if path.name.endswith(".toml"))
    return sorted(found, key=lambda path: path.name)


@cache
def load_phrases() -> Phrases:
    """All phrases of all languages.

    Raises ValueError, naming the file and the phrase, where one is not as it should be.
    """
    words = {name: _listed(text) for name, text in _read("words.toml").items()}
    # How rare a word is: by its length, but for those that most texts hold, and many.
    common = dict.fromkeys(words.pop("usual"), 1) | dict.fromkeys(words.pop("common"), 0)
    shared: dict[str, set[str]] = {name: set() for name in SHARED}
    shared |= {name: set(listed) for name, listed in words.items()}
    phrases: list[Phrase] = []
    for path in phrase_files():
        try:
            found, lists = read_file(path.read_text("utf-8"), path.name[:-5], common, len(phrases))
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
        phrases += found
        for name in SHARED & lists.keys():
            shared[name].update(lists[name])
    lowered = {
        name: frozenset(listed if name == "nouns" else map(str.lower, listed))
        for name, listed in shared.items()
    }
    return Phrases(tuple(phrases), lowered)


def _index(phrases: Iterable[Phrase]) -> Index:
    words: dict[str, list[Phrase]] = {}
    pieces: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        for key in phrase.keys[0]:
            (words if phrase.spaced else pieces).setdefault(key, []).append(phrase)
    return Index(*({key: tuple(found) for key, found in t.items()} for t in (words, pieces)))


def read_file(
    text: str,
    language: str,
    common: Mapping[str, int] = MappingProxyType({}),
    number: int = 0,
) -> tuple[list[Phrase], dict[str, list[str]]]:
    """The phrases and the word lists of one language's file.

    `common` are words that most texts hold, with how rare they are: phrases are looked for by
    others. `number` is that of the first. Raises ValueError where the file is not as it should be.
    """
    data = tomllib.loads(text)
    odd = set(data) - {"words", "phrase"}
    if odd:
        raise ValueError(f"[{min(odd)}] is neither [words] nor [[phrase]]")
    words = {name: _listed(value) for name, value in data.get("words", {}).items()}
    lists = Lists(words, spaced=language not in _UNSPACED)

    def rarity(word: str) -> int:
        return common.get(word, len(word))

    entries = enumerate(data.get("phrase", ()), number)
    return [_phrase(n, e, lists, language, rarity) for n, e in entries], words


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text("utf-8"))


def _listed(text: object) -> list[str]:
    if not isinstance(text, str):
        raise ValueError(  # noqa: TRY004
            f"{text!r}: words are written in one string, with | between them"
        )
    return [word for part in text.split("|") if (word := " ".join(part.split()))]


def _phrase(
    number: int, entry: Mapping[str, Any], lists: Lists, language: str, rarity: Callable[[str], int]
) -> Phrase:
    say = entry.get("say", "")
    odd = set(entry) - _FIELDS
    if odd:
        raise ValueError(f"{say!r}: {min(odd)} is none of {', '.join(sorted(_FIELDS))}")
    if not say or not entry.get("example"):
        raise ValueError(f"{say!r}: a phrase needs `say` and `example`")
    template = Template(say, lists)
    keys = template.keys(rarity)
    if not keys:
        raise ValueError(f"{say!r}: no word of it must be there, so nothing can find it")
    return Phrase(
        number=number,
        say=say,
        language=language,
        example=entry["example"],
        credits=tuple(entry.get("credits", ())),
        means=Means(entry.get("means", "full")),
        place=Place(entry.get("place", "anywhere")),
        **{flag: entry.get(flag, False) for flag in _FLAGS},
        outlet=entry.get("outlet", ""),
        template=template,
        firsts=template.firsts() if lists.spaced else None,
        keys=keys,
        spaced=lists.spaced,
    )
