"""How two texts lie side by side: one longest common subsequence, then what was moved."""

from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from aggregator.match.words import Text


@dataclass(frozen=True, slots=True)
class Run:
    """So many equal words in a row, from place `a` of one text and `b` of the other."""

    a: int
    b: int
    size: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two neighbouring runs in one text and the other; either may be empty."""

    a: tuple[int, int]
    b: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two texts side by side.

    `runs` are in the order of both texts, however short; `solid` are those long enough to be no
    accident, with what was moved; `matched` counts the words of those.
    """

    runs: list[Run]
    solid: list[Run]
    matched: int
    moved: int  # words of passages that stand in another order


def align(a: Text, b: Text) -> Alignment:
    """Align two texts; time grows with the product of their lengths, which `words.LIMIT` bounds."""
    least = max(a.script.run, b.script.run)
    runs = _runs(a.ids, b.ids)
    solid = [run for run in runs if run.size >= least]
    moved = 0
    matched = sum(run.size for run in solid)
    rest = min(len(a.ids), len(b.ids)) - matched
    if rest >= 4 * least and matched >= 4 * least:
        # Passages out of order are found by looking again, without what was found.
        more = _moved(a.ids, b.ids, solid, 2 * least)
        moved = sum(run.size for run in more)
        solid = sorted(solid + more, key=lambda run: run.a)
    return Alignment(runs, solid, matched + moved, moved)


def _runs(a: list[int], b: list[int]) -> list[Run]:
    return [
        Run(op.src_start, op.dest_start, op.src_end - op.src_start)
        for op in LCSseq.opcodes(a, b)
        if op.tag == "equal"
    ]


def _moved(a: list[int], b: list[int], solid: list[Run], least: int) -> list[Run]:
    taken_a = [place for run in solid for place in range(run.a, run.a + run.size)]
    taken_b = [place for run in solid for place in range(run.b, run.b + run.size)]
    left_a, left_b = a.copy(), b.copy()
    for place in taken_a:
        left_a[place] = -1 - 2 * place  # equal to nothing, not even to each other
    for place in taken_b:
        left_b[place] = -2 - 2 * place
    return [run for run in _runs(left_a, left_b) if run.size >= least]
