"""How two texts lie side by side: one longest common subsequence, then what was moved."""

from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import LCSseq

from aggregator.match.words import Text

Run = tuple[int, int, int]  # so many (3rd) equal words, from a place in one text and the other


@dataclass(frozen=True, slots=True)
class Side:
    """One of two texts that are compared."""

    outlet: str
    title: str
    text: Text


@dataclass(frozen=True)
class Alignment:
    """Two texts side by side.

    `runs` are in the order of both texts, however short; `solid` are those long enough to be no
    accident, with what was moved, in the order of the first text.
    """

    runs: list[Run]
    solid: list[Run]
    moved: int  # words of passages that stand in another order

    @cached_property
    def matched(self) -> int:
        """How many words are in solid runs."""
        return sum(run[2] for run in self.solid)


def align(a: Text, b: Text) -> Alignment:
    """Align two texts; time grows with the product of their lengths, which `words.LIMIT` bounds."""
    least, shorter = max(a.script.run, b.script.run), min(len(a.ids), len(b.ids))
    runs = _runs(a.ids, b.ids)
    solid = [run for run in runs if run[2] >= least]
    matched = sum(run[2] for run in solid)
    # Passages out of order are found by looking again, without what was found.
    if matched >= max(4 * least, shorter / 5) and matched + 3 * least <= shorter:
        moved = _moved(a.ids, b.ids, solid, 2 * least)
        if moved:
            return Alignment(runs, sorted(solid + moved), sum(run[2] for run in moved))
    return Alignment(runs, solid, 0)


def _runs(a: list[int], b: list[int]) -> list[Run]:
    blocks = LCSseq.editops(a, b).as_matching_blocks()
    return [(block.a, block.b, block.size) for block in blocks if block.size]


def _moved(a: list[int], b: list[int], solid: list[Run], least: int) -> list[Run]:
    left_a, left_b = a.copy(), b.copy()
    for of_a, of_b, size in solid:
        # Equal to nothing, not even to each other.
        left_a[of_a : of_a + size] = range(-1 - of_a, -1 - of_a - size, -1)
        left_b[of_b : of_b + size] = range(-10_000 - of_b, -10_000 - of_b - size, -1)
    return [run for run in _runs(left_a, left_b) if run[2] >= least]
