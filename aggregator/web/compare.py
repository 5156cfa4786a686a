"""Two texts side by side: what was cut, what was added, what stayed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Literal

from aggregator.changes import matched, words_of
from aggregator.publish import shown

MOST_WORDS = 4000  # of a text that are compared
_BLOCK = re.compile(
    r"</?(?:p|div|li|ul|ol|dl|dt|dd|h[1-6]|blockquote|pre|figure|figcaption|table|tr|section|"
    r"article|header|footer|aside|hr|br)\b[^>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^>]*>")

Kind = Literal["same", "cut", "added"]


@dataclass(frozen=True, slots=True)
class Run:
    """Words that stand in both texts, or in one only."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Two paragraphs that belong together; one side is empty where the other text has none."""

    left: tuple[Run, ...]
    right: tuple[Run, ...]

    @property
    def same(self) -> bool:
        """Whether both sides say the same."""
        return bool(self.left and self.right) and all(
            run.kind == "same" for run in (*self.left, *self.right)
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts, paragraph beside paragraph."""

    rows: tuple[Row, ...]
    cut: int  # words
    added: int
    kept: int
    clipped: bool  # whether there was more text than is compared

    @property
    def identical(self) -> bool:
        """Whether not a word differs."""
        return not self.cut and not self.added


def paragraphs(html: str) -> list[str]:
    """The paragraphs of somebody's HTML as plain text."""
    pieces = _BLOCK.split(shown(html, media=False))
    texts = (" ".join(unescape(_TAG.sub("", piece)).split()) for piece in pieces)
    return [text for text in texts if text]


def compare(left: Sequence[str], right: Sequence[str]) -> Comparison:
    """Compare two texts, given as their paragraphs."""
    a, b = _words(left), _words(right)
    clipped = len(a) > MOST_WORDS or len(b) > MOST_WORDS
    a, b = a[:MOST_WORDS], b[:MOST_WORDS]
    kept_a, kept_b, partner = _matched(a, b)
    rows = tuple(_rows(_paragraphs(a, kept_a, "cut"), _paragraphs(b, kept_b, "added"),
                       _partners(a, b, partner)))  # fmt: skip
    kept = sum(kept_a)
    return Comparison(rows, len(a) - kept, len(b) - sum(kept_b), kept, clipped)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str  # with the space after it
    key: str  # what makes it the same word
    paragraph: int


def _words(texts: Sequence[str]) -> list[_Word]:
    return [
        _Word(word, key, number)
        for number, text in enumerate(texts)
        for word, key in words_of(text)
    ]


def _matched(
    a: Sequence[_Word], b: Sequence[_Word]
) -> tuple[list[bool], list[bool], dict[int, int]]:
    """Which words of each text stand in the other, in order; and which of `a` is which of `b`."""
    kept_a, kept_b = [False] * len(a), [False] * len(b)
    partner: dict[int, int] = {}
    for of_a, of_b, size in matched(_pairs(a), _pairs(b)):
        for n in range(size):
            kept_a[of_a + n] = kept_b[of_b + n] = True
            partner[of_a + n] = of_b + n
    return kept_a, kept_b, partner


def _pairs(words: Sequence[_Word]) -> list[tuple[str, str]]:
    return [(word.text, word.key) for word in words]


def _paragraphs(words: Sequence[_Word], kept: Sequence[bool], other: Kind) -> list[tuple[Run, ...]]:
    found: list[list[tuple[Kind, str]]] = []
    last = -1
    for word, same in zip(words, kept, strict=True):
        kind: Kind = "same" if same else other
        if word.paragraph != last:
            found.append([])
            last = word.paragraph
        runs = found[-1]
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1] + word.text)
        else:
            runs.append((kind, word.text))
    return [tuple(Run(kind, text) for kind, text in runs) for runs in found]


def _partners(a: Sequence[_Word], b: Sequence[_Word], partner: dict[int, int]) -> dict[int, int]:
    """Which paragraph of the right text belongs to each of the left: most words in common."""
    votes: dict[int, dict[int, int]] = {}
    for of_a, of_b in partner.items():
        of = votes.setdefault(a[of_a].paragraph, {})
        of[b[of_b].paragraph] = of.get(b[of_b].paragraph, 0) + 1
    chosen: dict[int, int] = {}
    least = -1
    for left in sorted(votes):
        right = max(votes[left], key=lambda p: (votes[left][p], -p))
        if right > least:
            chosen[left] = least = right
    return chosen


def _rows(
    left: Sequence[tuple[Run, ...]], right: Sequence[tuple[Run, ...]], partners: dict[int, int]
) -> Iterator[Row]:
    waiting = 0
    for number, paragraph in enumerate(left):
        partner = partners.get(number)
        if partner is None:
            yield Row(paragraph, ())
            continue
        yield from (Row((), right[n]) for n in range(waiting, partner))
        yield Row(paragraph, right[partner])
        waiting = partner + 1
    yield from (Row((), rest) for rest in right[waiting:])
