"""The blocks of a text, and where in it a credit counts."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from aggregator.credit.naming import Name
from aggregator.credit.patterns import FIRST_WORD, plain_words, words_of
from aggregator.credit.phrases import Phrases
from aggregator.model import Block, BlockKind

_HEAD_BLOCKS, _TAIL_BLOCKS = 4, 10
_NEAR = 700  # characters from the beginning or the end of a text
_TAIL = 3000  # characters of the last blocks that are near the end
_SHORT_TEXT = 4000
_SHORT_BLOCK = 500
_FULL = 80  # a paragraph with fewer characters may be anything
_LINES = 3  # blocks at the head in which a line of credit counts
_SMALL_WORD = 4  # letters; a shorter one stands inside of many others
_BEFORE = 300  # characters of a sentence before a word of a phrase
_MOST_PLACES = 40  # of one word, counted from the beginning, and as many from the end
_LAST = "\U0010ffff"  # sorts behind all words
_BREAK = re.compile(r"[.!?…。！？।۔؟|*•·()\[\]（）【】:：—–\-\n]")
_START = re.compile(
    # A sentence's end, abbreviations aside; a space may be missing where tags were stripped.
    r"(?:(?<!\b[A-Z])(?<!\bSt)(?<!\bDr)(?<!\bMs)(?<!\bMr)[.!?…]+[)\]”\"’»]*"
    r"(?=\s|[^\W\d_a-zß-öø-ÿа-яё]|$)"
    r"|[。！？।۔؟|*•·()\[\]（）【】\n]"
    r"|(?:^|(?<=[.!?…)])|(?<=[.!?…)]\s))[—–-]{1,2}(?=\s|\w)"  # a dash behind a sentence
    r"|(?P<label>[:：]))"
    r"[\s*_]*"
)
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_DATED = re.compile(r"[\d\s:./年月日-]{6,20}(?=\D)")
_NOTE = re.compile(r"(?:[\w'’]{2,12}\s){1,3}[—–-]{1,2}\s")
_LEAD = re.compile(r"[\s*_•·—–\-+<>|(\[（【※■◆●▲▼☆★]*")


class Body:
    """A text's blocks, with what is needed to look into them quickly."""

    def __init__(self, blocks: Sequence[Block], phrases: Phrases, title: str = "") -> None:
        self._title = title
        self.blocks = blocks
        self.phrases = phrases
        self.count = len(blocks)
        self.lower = _lower("\n".join([block.text for block in blocks]))
        plain = plain_words(self.lower)
        self.words = plain.split()  # as phrases are found by
        # Letter for letter, but where a sign became several.
        self._plain = plain if len(plain) == len(self.lower) else ""
        self._begins: list[int] = []  # of each block, in the text
        self._prose = [0]  # full paragraphs up to each block
        total = 0
        for block in blocks:
            size = len(block.text)
            self._begins.append(total)
            self._prose.append(
                self._prose[-1] + (size > _FULL and block.kind is BlockKind.PARAGRAPH)
            )
            total += size + 1
        self._total = total
        self.cut = self._where_others_begin()
        self._beginnings: dict[int, frozenset[int]] = {}
        self._places: dict[tuple[str, bool], list[tuple[int, int]]] = {}
        self._starts: dict[int, list[tuple[int, str]]] = {}
        self.names_read: dict[tuple[int, int, bool, bool], list[Name]] = {}

    def _where_others_begin(self) -> int:
        """The block with which teasers of other texts begin: a heading like "Related"."""
        ends = self.phrases.of("ends")
        for number, block in enumerate(self.blocks):
            text = block.text
            if number and len(text) <= 40 and text.strip(" :：").lower() in ends:
                return number
        return self.count

    @cached_property
    def title(self) -> str:
        """The letters of the text's headline, in lower case."""
        return "".join(filter(str.isalnum, self._title.lower()))

    def names_title(self, text: str) -> bool:
        """Whether words hold the text's own headline."""
        return bool(self.title) and self.title in "".join(filter(str.isalnum, text.lower()))

    @cached_property
    def is_unspaced(self) -> bool:
        """Whether it holds letters of a language that puts no spaces between words."""
        return not self.lower.isascii() and _UNSPACED.search(self.lower) is not None

    @cached_property
    def lines(self) -> list[tuple[int, int]]:
        """The parts of the text in which a line of credit counts: from where to where."""
        begins = self._begins
        first = dict.fromkeys(range(min(_LINES, self.count)), _BEFORE)
        last = {}
        for number in range(self.cut - 1, max(-1, self.cut - _TAIL_BLOCKS - 1), -1):
            if self.prose_after(number) >= _LINES - 1:
                break
            last[number] = _TAIL
        spans = [(begins[n], begins[n] + min(size, self._size(n))) for n, size in first.items()]
        for number, size in sorted(last.items()):
            end = begins[number] + self._size(number)
            begin = max(begins[number], end - size)
            if spans and begin < spans[-1][1]:
                begin = spans.pop()[0] if number in first else begin
            spans.append((begin, end))
        return spans

    @cached_property
    def line_words(self) -> list[str]:
        """The words of those parts; of a short text, all words."""
        if self._total < _SHORT_TEXT:
            return self.words
        return plain_words("\n".join([self.lower[a:b] for a, b in self.lines])).split()

    def _size(self, number: int) -> int:
        return len(self.blocks[number].text)

    def places(self, word: str, *, lines: bool) -> list[tuple[int, int]]:
        """Where a word stands in the text, or its lines of credit: block and place.

        Of a word that stands often, the first places and the last few.
        """
        found = self._places.get((word, lines))
        if found is None:
            parts = self.lines if lines else [(0, self._total)]
            found = self._places[word, lines] = self._found(word, parts)
        return found

    def _found(self, word: str, parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        text, begins, found = self.lower, self._begins, []
        whole = len(word) <= _SMALL_WORD and word.isalnum() and word[-1:] < "\u0e00"
        for begin, end in parts:
            for place in _places(text, word, begin, end):
                if whole and (
                    text[place - 1 : place].isalnum()
                    or text[place + len(word) : place + len(word) + 1].isalnum()
                ):
                    continue
                number = bisect_right(begins, place) - 1
                found.append((number, place - begins[number]))
        return found

    def words_in(self, number: int) -> list[str]:
        """The words of one block."""
        begin = self._begins[number]
        end = begin + self._size(number)
        return (self._plain[begin:end] or plain_words(self.lower[begin:end])).split()

    def has_any(self, number: int, words: Iterable[str]) -> bool:
        """Whether a block holds one of some words."""
        text, begin = self.lower, self._begins[number]
        end = begin + self._size(number)
        return any(text.find(word, begin, end) >= 0 for word in words)

    def holds(self, number: int, place: int, keys: Iterable[frozenset[str]]) -> bool:
        """Whether a word of each key stands near a place in a block."""
        begin, find = self._begins[number], self.lower.find
        first = begin + max(0, place - _BEFORE)
        last = min(begin + self._size(number), first + 3 * _BEFORE)
        for words in keys:
            for word in words:
                if find(word, first, last) >= 0:
                    break
            else:
                return False
        return True

    def may_start(self, number: int, place: int) -> bool:
        """Whether no letter stands before a place, so that a sentence may begin there."""
        first = self._begins[number]
        place += first - 1
        while place >= first and self.lower[place] in " \n*_":
            place -= 1
        return place < first or not self.lower[place].isalpha()

    def starts(self, number: int, place: int) -> Iterator[tuple[int, str]]:
        """Where sentences begin in a block, up to a place: the nearest first, with its word."""
        found = self._starts.get(number)
        if found is None:
            size = self._size(number)
            # In a block that is long, only those near its beginning and its end.
            parts = [(0, size)] if size <= 2 * _TAIL else [(0, _TAIL), (size - _TAIL, size)]
            found = [start for part in parts for start in self._starts_in(number, *part)]
            self._starts[number] = found
        for start, word in reversed(found[: bisect_right(found, (place, _LAST))]):
            if start < place - _BEFORE:
                return
            yield start, word

    def _starts_in(self, number: int, first: int, last: int) -> Iterator[tuple[int, str]]:
        text, begin = self.blocks[number].text, self._begins[number]
        found = {start for start in self.beginnings(number) if first <= start <= last}
        for sign in _BREAK.finditer(text, first, last):
            match = _START.match(text, sign.start())
            if match is None or match.end() > last:
                continue
            if match["label"] is None or self._is_note(text, match.start()):
                found.add(match.end())
        for start in sorted(found):
            word = FIRST_WORD.match(self.lower, begin + start, begin + last)
            yield start, word[0] if word else ""

    def beginnings(self, number: int) -> frozenset[int]:
        """Where a block begins: its very beginning, and behind marks and a date."""
        found = self._beginnings.get(number)
        if found is None:
            text = self.blocks[number].text
            lead = _LEAD.match(text)
            first = lead.end() if lead else 0
            dated = _DATED.match(text, first)
            note = _NOTE.match(text, first)  # EDITOR'S NOTE — This
            noted = note and not self.phrases.of("notes").isdisjoint(words_of(note[0]))
            more = {match.end() for match in (dated, note if noted else None) if match}
            found = frozenset({0, first, *more})
            self._beginnings[number] = found
        return found

    def _is_note(self, text: str, colon: int) -> bool:
        """Whether a colon follows a label, such as "Editor's note", and no part of a sentence."""
        before = text[max(0, colon - 60) : colon]
        label = before[max(before.rfind(mark) for mark in ".!?。()（）|*") + 1 :].split()
        if " ".join(label).lower() in self.phrases.of("ends"):
            return False  # Related: what another text says of itself
        return len(label) < 3 or not self.phrases.of("notes").isdisjoint(words_of(" ".join(label)))

    def prose_after(self, number: int) -> int:
        """How many full paragraphs follow a block, before teasers of other texts begin."""
        last = min(self.cut, number + 20)
        return max(0, self._prose[last] - self._prose[number + 1])

    def is_first(self, number: int) -> bool:
        """Whether a block is one of the first few."""
        return number < _HEAD_BLOCKS

    def is_head(self, number: int) -> bool:
        """Whether a block stands near the beginning."""
        return number < _HEAD_BLOCKS or self._begins[number] <= _NEAR

    def is_tail(self, number: int, place: int = 0) -> bool:
        """Whether a place in a block stands near the end of the text."""
        if number >= self.cut:
            return False
        end = self._begins[self.cut] if self.cut < self.count else self._total
        rest = end - self._begins[number] - place
        return rest <= _NEAR or (number >= self.cut - _TAIL_BLOCKS and rest <= _TAIL)

    def is_short(self, number: int) -> bool:
        """Whether a block is short enough to be a line of its own."""
        return len(self.blocks[number].text) <= _SHORT_BLOCK


def _lower(text: str) -> str:
    """The text in lower case, letter by letter."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    # A letter like "İ" becomes two.
    return "".join([letter.lower()[:1] for letter in text])


def _places(text: str, word: str, begin: int, end: int) -> list[int]:
    places: list[int] = []
    place = text.find(word, begin, end)
    while place >= 0 and len(places) < _MOST_PLACES:
        places.append(place)
        place = text.find(word, place + len(word), end)
    if place < 0:
        return places
    last, place = place, text.rfind(word, begin, end)
    while place >= last and len(places) < 2 * _MOST_PLACES:
        places.append(place)
        place = text.rfind(word, begin, place)
    return places
