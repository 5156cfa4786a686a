"""What a person is told of two copies: the passages they share, and what was edited."""

from aggregator.match.align import Alignment
from aggregator.match.words import normal, read, spans
from aggregator.model import Document, Member

_PASSAGES = 3
_LONGEST = 300  # characters of a passage that are shown


def passages_of(text: str, alignment: Alignment) -> tuple[str, ...]:
    """The longest shared passages, as the new text has them; longest first."""
    where = spans(normal(text))
    runs = sorted(alignment.solid, key=lambda run: (-run.size, run.a))[:_PASSAGES]
    told = []
    for run in runs:
        passage = normal(text)[where[run.a][0] : where[run.a + run.size - 1][1]]
        told.append(passage if len(passage) <= _LONGEST else passage[: _LONGEST - 1] + "…")
    return tuple(told)


def edits_between(document: Document, member: Member, alignment: Alignment) -> tuple[str, ...]:
    """How the new text differs from a member of its story, in words for people."""
    a, b = read(document.text), read(member.text)
    told = []
    if read(document.title).ids != read(member.title).ids:
        told.append("headline changed")
    edges = [(0, 0), *((r.a + r.size, r.b + r.size) for r in alignment.runs)]
    starts = [*((r.a, r.b) for r in alignment.runs), (len(a.ids), len(b.ids))]
    paragraph = 12 * a.script.per_word
    gaps = [
        (start[0] - edge[0], start[1] - edge[1]) for edge, start in zip(edges, starts, strict=True)
    ]
    if gaps[0] != (0, 0) and max(gaps[0]) < paragraph:
        told.append("beginning changed")
    if gaps[-1][0] >= paragraph:
        told.append("text appended")
    if gaps[-1][1] >= paragraph:
        told.append("end cut")
    if any(here >= paragraph > there for here, there in gaps[:-1]):
        told.append("passages added")
    if any(there >= paragraph > here for here, there in gaps[:-1]):
        told.append("passages cut")
    if any(min(gap) >= paragraph for gap in gaps):
        told.append("passages rewritten")
    if sum(0 < max(gap) < paragraph for gap in gaps[1:-1]):
        told.append("words changed")
    if alignment.moved:
        told.append("passages moved")
    return tuple(told)
