"""A text as matching sees it: its words, their places, and its shingles.

A shingle is a run of neighbouring words, as a hash that is the same in every process and on
every machine. Of all shingles one in SAMPLE is kept, chosen by its own words, so that two texts
keep the same ones of a passage that they share (modulo sampling: Broder, "On the resemblance and
containment of documents", 1997; Manber, "Finding similar files in a large file system", 1994).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from operator import mul

# One shingle in so many is kept.
SAMPLE = 4
# No more words of a text are looked at; what is longer is told by its beginning.
LIMIT = 3000
# A word longer than this is no word; it is told by its beginning.
_LONGEST = 60
# Hashes have 47 bits: SQLite stores them in six bytes, and 10^8 of them hardly ever collide.
_BITS = (1 << 47) - 1
_ID_BITS = (1 << 30) - 1  # what Python computes with fastest
_WEIGHTS = (1, 0x2545F491, 0x369DEA0F, 0x1F123BB5, 0x27D4EB2F, 0x165667B1, 0x3C6EF372, 0x1B873593)
_SPREAD = 0x9E3779B97F4A7C15

# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, Japanese, Chinese.
_UNSPACED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u9fff"
_UNSPACED += "\uf900-\ufaff\U00020000-\U0003ffff"
# Marks that are part of a word and that `\w` leaves out: accents, points, vowel signs.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u0670\u0900-\u0963\u0966-\u0dff"
_NUMBER = r"\d+(?:[.,:/]\d+)*"
_END = ".!?\n\u0964\u3002\uff01\uff1f"
_ENDS = frozenset(_END)
_TOKEN = re.compile(rf"{_NUMBER}|[{_UNSPACED}]|(?:[^\W\d_{_UNSPACED}]|[{_MARKS}])+|[{_END}]")
# The same for texts with none of those scripts and marks, which is most, at a third of the cost.
_PLAIN = re.compile(rf"{_NUMBER}|[^\W\d_]+|[{_END}]")
_SPECIAL = re.compile(rf"[{_UNSPACED}{_MARKS}]")


@dataclass(frozen=True, slots=True)
class Script:
    """How a kind of script is measured, in its tokens (words, or letters where no spaces are)."""

    shingle: int  # tokens in a shingle
    run: int  # so many equal tokens in a row are no accident
    per_word: float  # tokens that tell about as much as one English word
    cased: bool  # whether names can be told by their capitals


SPACED = Script(shingle=5, run=3, per_word=1.0, cased=True)
CASELESS = Script(shingle=5, run=3, per_word=1.0, cased=False)
UNSPACED = Script(shingle=8, run=5, per_word=1.7, cased=False)


@dataclass(frozen=True)
class Text:
    """A text, read. `ids[i]` stands for `words[i]`, letter case aside."""

    tokens: list[str]  # words, and what ends sentences and paragraphs
    words: list[str]
    ids: list[int]
    shingles: list[tuple[int, int]]  # (place, hash) of those that are kept
    script: Script

    @property
    def length(self) -> float:
        """Its length, in English words or what tells as much."""
        return len(self.words) / self.script.per_word

    @cached_property
    def opens(self) -> frozenset[int]:
        """The places of words that begin a sentence."""
        return frozenset(self._after(_ENDS))

    @cached_property
    def paragraphs(self) -> list[int]:
        """Where each paragraph begins."""
        return self._after(frozenset("\n"))

    def _after(self, ends: frozenset[str]) -> list[int]:
        found, place, ended = [], 0, True
        for token in self.tokens:
            if token in _ENDS:
                ended = ended or token in ends
                continue
            if ended:
                found.append(place)
                ended = False
            place += 1
        return found


def read(text: str) -> Text:
    """Read a text, paragraphs by newline; the first LIMIT words of it."""
    tokens = _tokens(text)
    words = [token for token in tokens if token not in _ENDS]
    if len(words) > LIMIT:
        del words[LIMIT:], tokens[2 * LIMIT :]
    ids = list(map(word_id, words))
    script = _script(words)
    return Text(tokens, words, ids, _shingles(ids, script.shingle), script)


def spans(text: str) -> list[tuple[int, int]]:
    """Where each word of `read(text)` stands in the normalised text (see `normal`)."""
    found = (match.span() for match in _pattern(text).finditer(text) if match[0] not in _ENDS)
    return [span for span, _ in zip(found, range(LIMIT), strict=False)]


def normal(text: str) -> str:
    """The beginning of a text, in one Unicode form (NFKC), so that copies differ in words only."""
    text = text[: LIMIT * _LONGEST]
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=1 << 17)
def word_id(word: str) -> int:
    """A number for a word, letter case aside; the same everywhere."""
    raw = word[:_LONGEST].casefold().encode("utf-8", "replace")
    return int.from_bytes(blake2b(raw, digest_size=4).digest(), "big") & _ID_BITS


def _tokens(text: str) -> list[str]:
    text = normal(text)
    return _pattern(text).findall(text)


def _pattern(text: str) -> re.Pattern[str]:
    return _TOKEN if not text.isascii() and _SPECIAL.search(text) else _PLAIN


def _shingles(ids: list[int], size: int) -> list[tuple[int, int]]:
    # Chosen by two of its words alone, which is cheap, then hashed with all.
    weights = _WEIGHTS[:size]
    return [
        (place, (sum(map(mul, ids[place : place + size], weights)) * _SPREAD >> 8) & _BITS)
        for place, (first, last) in enumerate(zip(ids, ids[size - 1 :], strict=False))
        if not (first ^ last >> 8) % SAMPLE
    ]


def _script(words: list[str]) -> Script:
    sample = words[:100]
    lower = sum(map(str.islower, sample))
    if lower < 0.3 * len(sample):  # all capitals, or a script that has none
        unspaced = sum(len(word) == 1 and word >= "\u0e01" for word in sample)
        return UNSPACED if unspaced * 2 > len(sample) else CASELESS
    return CASELESS if lower == len(sample) else SPACED
