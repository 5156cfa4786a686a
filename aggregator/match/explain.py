"""What a person is told of two copies: the passages they share, and what was edited."""

from collections.abc import Iterator
from itertools import pairwise

from aggregator.match.align import Alignment
from aggregator.match.verdict import Verdict
from aggregator.match.words import Text, cut_out, known, title_ids
from aggregator.model import Document, Member

_PASSAGES = 3
_LONGEST = 300  # characters of a passage that are shown
_PARAGRAPH = 12  # words; what is shorter is a matter of wording


def passages_of(text: str, alignment: Alignment) -> tuple[str, ...]:
    """The longest shared passages, as the new text has them; longest first."""
    runs = sorted(alignment.solid, key=lambda run: (-run[2], run[0]))[:_PASSAGES]
    return tuple(cut_out(text, [(of_a, of_a + size) for of_a, _, size in runs], _LONGEST))


def edits_between(document: Document, member: Member, verdict: Verdict) -> tuple[str, ...]:
    """How the new text differs from a member of its story, in words for people."""
    told = []
    if title_ids(document.title) != title_ids(member.title):
        told.append("headline changed")
    told += _edits(known(document.text), known(member.text), verdict)
    return tuple(told)


def _edits(a: Text, b: Text, verdict: Verdict) -> Iterator[str]:
    solid = max(a.script.run, b.script.run)
    runs = [run for run in verdict.alignment.runs if run[2] >= solid]
    runs = [(0, 0, 0), *runs, (len(a.ids), len(b.ids), 0)]
    gaps = [(y[0] - x[0] - x[2], y[1] - x[1] - x[2]) for x, y in pairwise(runs)]
    paragraph = _PARAGRAPH * a.script.per_word
    (here, there), inner, (more, less) = gaps[0], gaps[1:-1], gaps[-1]
    if 0 < max(here, there) < paragraph:
        yield "beginning changed"
    if any(added >= paragraph > cut for added, cut in gaps[:-1]):
        yield "passages added"
    if any(cut >= paragraph > added for added, cut in gaps[:-1]):
        yield "passages cut"
    if any(min(gap) >= paragraph for gap in gaps):
        yield "passages rewritten"
    if any(0 < max(gap) < paragraph for gap in inner):
        yield "words changed"
    if verdict.alignment.moved:
        yield "passages moved"
    if more >= paragraph:
        known_elsewhere = verdict.mask[-more:].count(1) * 2 >= more
        yield "boilerplate appended" if known_elsewhere else "text appended"
    if less >= paragraph:
        yield "end cut"
