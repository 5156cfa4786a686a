"""A text as matching sees it: its words, its sentences, and its shingles.

A shingle is a run of neighbouring words, as a hash that is the same in every process and on every
machine. Of all shingles a few are kept, chosen by their own words, so that two texts keep the same
ones of a passage that they share (modulo sampling: Broder, "On the resemblance and containment of
documents", 1997; Manber, "Finding similar files in a large file system", 1994). A text's head is
sampled densely, because a copy that is cut still has it; and the first shingle of each sentence is
kept always, so that no sentence goes unseen.
"""

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, chain, islice, repeat
from operator import xor
from sys import byteorder
from zlib import crc32

# No more words of a text are looked at; what is longer is told by its beginning.
LIMIT = 3000
# A word longer than this is no word; it is told by its beginning.
_LONGEST = 60
# Words in a shingle, or signs and letters of scripts without spaces that tell as much.
_SHINGLE = 5
_WORD_WEIGHT, _SIGN_WEIGHT, _LETTER_WEIGHT, _ENOUGH = 24, 14, 7, 112
# Of the shingles one in 16 is kept, and one in two of those in the head: those whose number has
# none of these bits.
_KEEP, _KEEP_HEAD = 15, 1
_HEAD = 32  # in English words
_MOST_HASHES = 512
# Shorter sentences are taken together with the next.
_SENTENCE = 10

# Scripts written without spaces between words. Han and kana carry much in a letter, the alphabets
# of Thai, Lao, Myanmar and Khmer little.
_LETTERS = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"
_SIGNS = "\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Marks that are part of a word and that `\w` leaves out: accents, points, vowel signs.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u0670\u0900-\u0963\u0966-\u0dff"
_NUMBER = r"\d+(?:[.,:/]\d+)*"
_END = ".!?\n\u061f\u06d4\u0964\u3002"
_ENDS = frozenset(_END)
_WORD = rf"{_NUMBER}|[{_LETTERS}{_SIGNS}]|(?:[^\W\d_{_LETTERS}{_SIGNS}]|[{_MARKS}])+"
# The same for texts with none of those scripts and marks, which is most: spelled out, letters are
# found twice as fast.
_ALPHABETS = "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0388-\u0481"
_ALPHABETS += "\u048a-\u052f\u1e00-\u1fbc\u1fc2-\u1fcc\u1fd0-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ffc"
_PLAIN_WORD = rf"[{_ALPHABETS}]+|{_NUMBER}|[^\W\d_]+"
_SPECIAL = re.compile(rf"[{_LETTERS}{_SIGNS}{_MARKS}]")
_TOKENS = re.compile(f"{_PLAIN_WORD}|[{_END}]"), re.compile(f"{_WORD}|[{_END}]")
_WORDS = re.compile(_PLAIN_WORD), re.compile(_WORD)
_STOPS = re.compile(f"[{_END}]".replace("\n", ""))
_THOUSANDS = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*$")
# Marks that change a letter, not a word, where writers leave them out; those of India's scripts
# are vowels.
_OPTIONAL = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]+")

_ID_BITS = (1 << 30) - 1
_END_ID = -1


@dataclass(frozen=True, slots=True)
class Script:
    """How a kind of script is measured, in its tokens (words, or letters where no spaces are)."""

    run: int  # so many equal tokens in a row are no accident
    slot: int  # fewer in a row may be, within two names that differ
    per_word: float  # tokens that tell about as much as one English word
    cased: bool  # whether names can be told by their capitals
    spaced: bool = True


SPACED = Script(run=3, slot=1, per_word=1.0, cased=True)
CASELESS = Script(run=3, slot=1, per_word=1.0, cased=False)
SIGNS = Script(run=5, slot=2, per_word=1.7, cased=False, spaced=False)
LETTERS = Script(run=10, slot=6, per_word=4.5, cased=False, spaced=False)


@dataclass(frozen=True)
class Text:
    """A text, read: each word as a number, letter case and accents aside."""

    source: str
    ids: list[int]
    opens: list[int]  # where each sentence begins, however short
    units: list[int]  # where each sentence begins, short ones taken together
    shingles: list[tuple[int, int]]  # (place, hash) of those that are kept, by place
    script: Script

    @property
    def length(self) -> float:
        """Its length, in English words or what tells as much."""
        return len(self.ids) / self.script.per_word

    @cached_property
    def words(self) -> list[str]:
        """The words, as they are written."""
        text = normal(self.source)
        return _WORDS[_is_special(text)].findall(text)[: len(self.ids)]

    @cached_property
    def is_list(self) -> bool:
        """Whether it is lines rather than sentences: a list of headlines, a table."""
        text = normal(self.source)
        lines = 1 + text.count("\n")
        # Thai and its like end sentences with a blank.
        return lines >= 3 and self.script is not LETTERS and 2 * len(_STOPS.findall(text)) < lines

    @cached_property
    def hashes(self) -> tuple[int, ...]:
        """The shingles that are posted and asked for, each once."""
        return tuple(dict.fromkeys([hash_ for _, hash_ in self.shingles]))[:_MOST_HASHES]

    def is_varied(self, least: int) -> bool:
        """Whether so many of its words differ: a text that repeats a few says nothing."""
        return len(set(self.ids[: 4 * least])) >= least or len(set(self.ids)) >= least


def read(source: str) -> Text:
    """Read a text, paragraphs by newline; the first LIMIT words of it."""
    text = normal(source)
    weights = None
    if _is_special(text):
        sample = _TOKENS[True].findall(text)[: 3 * LIMIT]
        numbers = list(map(_numbers().__getitem__, sample))
        weights = [_weight(token) for token in sample if token not in _ENDS][:LIMIT]
    else:
        # The same, by way of what stands between blanks, which is mostly a word seen before.
        sample = text.replace("\n", _NEW_LINE).split()[: 2 * LIMIT]
        numbers = list(chain.from_iterable(map(_pieces().__getitem__, sample)))[: 3 * LIMIT]
    ends, ids = _without_ends(numbers)
    del ids[LIMIT:]
    script = _script(sample)
    opens = _opens(ends, len(ids))
    units = _units(opens, len(ids), int(_SENTENCE * script.per_word))
    return Text(source, ids, opens, units, _shingles(ids, units, script, weights), script)


@lru_cache(maxsize=1024)  # some 20 kB each, for texts of 2 kB
def known(text: str) -> Text:
    """The same as `read`, kept for a while: texts are compared again and again."""
    return read(text)


@lru_cache(maxsize=4096)
def title_ids(title: str) -> tuple[int, ...]:
    """The words of a headline, by their numbers."""
    return tuple(map(_numbers().__getitem__, _title_words(title)))


@lru_cache(maxsize=4096)
def title_terms(title: str, least: int = 4) -> frozenset[int]:
    """What a headline is about: its longer words and figures, or pairs of signs; else all of it.

    `least` is how many letters a word has that tells anything.
    """
    words, ids = _title_words(title), title_ids(title)
    signs = list(map(_is_sign, words))
    terms = {i for i, word in zip(ids, words, strict=True) if _tells(word, least)}
    terms |= {_pair(ids[n], ids[n + 1]) for n in range(len(ids) - 1) if signs[n] and signs[n + 1]}
    return frozenset(terms or ids)


def _tells(word: str, least: int) -> bool:
    """Whether a word of a headline is long enough to say what it is about."""
    if "\uac00" <= word <= "\ud7a4":  # a syllable of Hangul is a letter
        return len(word) >= 2
    # Hebrew and Arabic leave out their vowels.
    return len(word) >= least - ("\u0590" <= word < "\u0780") or word[0].isdigit()


def count_words(line: str) -> int:
    """How many words a line has, or letters where no spaces are."""
    return len(_title_words(line))


def text_terms(text: Text) -> set[int]:
    """All that `title_terms` may find in a text."""
    if text.script.spaced:
        return set(text.ids)
    return set(text.ids) | set(map(_pair, text.ids, text.ids[1:]))


def cut_out(source: str, passages: Sequence[tuple[int, int]], longest: int) -> Iterator[str]:
    """Each passage from one word to another, as it is written, with what stands between.

    A passage of more than so many characters is cut.
    """
    text = normal(source)
    words = _WORDS[_is_special(text)].finditer(text)
    spans = [word.span() for word in islice(words, max((last for _, last in passages), default=0))]
    for first, last in passages:
        passage = text[spans[first][0] : spans[last - 1][1]]
        yield passage if len(passage) <= longest else passage[: longest - 1] + "…"


def normal(text: str) -> str:
    """The beginning of a text, in one Unicode form (NFKC), so that copies differ in words only."""
    text = text[: LIMIT * _LONGEST // 2]
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text
    return unicodedata.normalize("NFKC", text)


class _Numbers(dict[str, int]):
    """A number for each word, letter case, accents and thousands' commas aside; -1 for an end."""

    def __missing__(self, word: str) -> int:
        folded = word[:_LONGEST].casefold()
        if word in _ENDS:
            number = _END_ID
        else:
            if folded[0].isdigit():
                folded = "".join(str(unicodedata.digit(c, c)) for c in folded)
                if _THOUSANDS.match(folded):
                    folded = folded.replace(",", "").replace(".", "")
            elif not folded.isascii():
                folded = _OPTIONAL.sub("", unicodedata.normalize("NFD", folded)) or folded
            number = crc32(folded.encode("utf-8", "replace")) & _ID_BITS
        self[word] = number
        return number


class _Pieces(dict[str, tuple[int, ...]]):
    """The numbers of the words in what stands between two blanks, and of ends after them."""

    def __missing__(self, text: str) -> tuple[int, ...]:
        pieces = tuple(map(_numbers().__getitem__, _TOKENS[False].findall(text)))
        if len(text) <= _LONGEST:
            self[text] = pieces
        return pieces


_MOST_NUMBERS = 200_000
_cache = _Numbers()
_NEW_LINE = " \ue000 "  # a character that no text has a meaning for
_known_pieces = _Pieces({_NEW_LINE.strip(): (_END_ID,)})


def _numbers() -> _Numbers:
    """The numbers of words seen so far; forgotten from time to time, for memory is bounded."""
    if len(_cache) > _MOST_NUMBERS:
        _cache.clear()
    return _cache


def _pieces() -> _Pieces:
    if len(_known_pieces) > _MOST_NUMBERS:
        _known_pieces.clear()
        _known_pieces[_NEW_LINE.strip()] = (_END_ID,)
    return _known_pieces


def _pair(x: int, y: int) -> int:
    return x * 31 + y + (1 << 32)


def _is_sign(word: str) -> bool:
    """Whether a word is one letter of a script that has no spaces."""
    return len(word) == 1 and word >= "\u0e01"


def _weight(word: str) -> int:
    if len(word) > 1 or word < "\u0e01" or "\uac00" <= word <= "\ud7a3":
        return _WORD_WEIGHT
    return _LETTER_WEIGHT if word < "\u1800" else _SIGN_WEIGHT


def _is_special(text: str) -> bool:
    return not text.isascii() and _SPECIAL.search(text) is not None


def _title_words(title: str) -> list[str]:
    title = normal(title)
    return _WORDS[_is_special(title)].findall(title)[:LIMIT]


def _without_ends(numbers: list[int]) -> tuple[list[int], list[int]]:
    """Where the ends stand, and all that stands between them."""
    ends: list[int] = []
    ids: list[int] = []
    start = 0
    for _ in range(numbers.count(_END_ID)):
        end = numbers.index(_END_ID, start)
        ends.append(end)
        ids += numbers[start:end]
        start = end + 1
    ids += numbers[start:]
    return ends, ids


def _opens(ends: list[int], words: int) -> list[int]:
    # The n-th end is followed by the word whose place is that of the end, less n ends before it.
    places = {0, *(place - before for before, place in enumerate(ends))}
    return sorted(place for place in places if place < words)


def _units(opens: list[int], words: int, least: int) -> list[int]:
    units: list[int] = []
    for place in opens:
        if not units or place - units[-1] >= least:
            units.append(place)
    if len(units) > 1 and words - units[-1] < least:
        units.pop()
    return units


def _shingles(
    ids: list[int], units: list[int], script: Script, weights: list[int] | None
) -> list[tuple[int, int]]:
    """The shingles that are kept; `weights` says what each token tells, if not all are words."""
    after = _ends(weights) if weights else range(_SHINGLE, len(ids) + 1)
    # Chosen by two of its words alone, which is cheap, then hashed with all.
    lasts = [ids[end - 1] for end in after] if weights else ids[_SHINGLE - 1 :]
    head = int(_HEAD * script.per_word)
    places = {place for place in units if place < len(after)}
    mixed = map(xor, ids[:head], lasts)
    places.update([place for place, mix in enumerate(mixed) if not mix & _KEEP_HEAD])
    raw = _bytes(ids)
    lows = raw[::4][: len(lasts)]
    last_lows = _bytes(lasts)[::4] if weights else raw[4 * (_SHINGLE - 1) :: 4]
    places.update(_kept(lows, last_lows))
    # 47 bits: SQLite stores them in six bytes, and 10^8 of them hardly ever collide.
    return [
        (place, crc32(raw[4 * place : 4 * after[place]]) << 15 ^ (ids[place] * 0x9E5 & 0x7FFF))
        for place in sorted(places)
    ]


# Which bytes have none of the bits of _KEEP.
_IS_KEPT = bytes(not byte & _KEEP for byte in range(256))


def _kept(lows: bytes, last_lows: bytes) -> Iterator[int]:
    """The places where the two bytes, the lowest of two words' numbers, have no bit of _KEEP."""
    mixed = int.from_bytes(lows, "big") ^ int.from_bytes(last_lows, "big")
    marks = mixed.to_bytes(len(lows), "big").translate(_IS_KEPT)
    place = marks.find(1)
    while place >= 0:
        yield place
        place = marks.find(1, place + 1)


def _ends(weights: list[int]) -> list[int]:
    """Where the shingle from each token on ends: it tells as much as five words, or just more."""
    before = list(accumulate(weights, initial=0))  # what the tokens before each tell
    enough = [told + _ENOUGH for told in before[: bisect_right(before, before[-1] - _ENOUGH)]]
    return list(map(bisect_left, repeat(before), enough))


def _bytes(ids: list[int]) -> bytes:
    numbers = array("I", ids)
    if byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _script(tokens: Sequence[str]) -> Script:
    sample = [token for token in tokens[:80] if token not in _ENDS]
    lower = sum(map(str.islower, sample))
    if lower < 0.3 * len(sample):  # all capitals, or a script that has none
        single = list(filter(_is_sign, sample))
        if len(single) * 2 > len(sample):
            signs = sum(word >= "\u3005" for word in single)
            return SIGNS if signs * 2 > len(single) else LETTERS
        return CASELESS
    return SPACED if any(word[0].isupper() for word in sample) else CASELESS
