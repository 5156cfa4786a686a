"""A story's provenance as a picture: who had it when, and who credits whom. Geometry only.

Each party has a lane: the agency and the origin at the top, the copies below in the order in which
we saw them. A filled dot says when we first saw the copy, a hollow one how its publisher dates it.
Arcs lead from who credits to whom they credit; their numbers are those of the marks' quotes.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.model import Credit, Extent, Role, Story
from aggregator.publish import inert
from aggregator.web.wording import ROLES, WHERE, later

WIDE, NARROW = 680, 340
_MOST_LANES = 24
_OLDEST = timedelta(days=3)  # how far before our first sight a publisher's date is believed
_TOP, _GUTTER_STEP, _DOT = 14, 17, 5.0
_LETTER, _SIGN = 7.6, 14.0  # pixels that a character takes, about


@dataclass(frozen=True, slots=True)
class Proof:
    """Why an arc is there: one mark in one copy."""

    quote: str
    verb: str
    where: str
    partly: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One party of the story, and its place in the picture."""

    name: str
    short: str  # what there is room for
    y: float
    track: float  # y of its line of time
    seen: float | None  # x of our first sight; None for one whose copy we do not have
    dated: float | None  # x of the publisher's own date
    label: str  # beside the dot
    label_x: float
    label_y: float
    anchor: str  # of the label: "start" or "end"
    role: str  # "origin", "agency" or "copy"


@dataclass(frozen=True, slots=True)
class Arc:
    """Who credits whom."""

    number: int
    carrier: str
    credited: str
    path: str
    tip: str  # the arrow's head
    x: float  # of the number
    y: float
    partly: bool
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole drawing at one width."""

    width: int
    height: int
    gutter: float
    left: float
    right: float
    lanes: tuple[Lane, ...]
    arcs: tuple[Arc, ...]
    first: datetime | None
    last: datetime | None
    left_out: int

    @property
    def told(self) -> str:
        """The picture in sentences, for those who do not see it."""
        parts = [f"{lane.name}: {lane.label}." for lane in self.lanes]
        parts += [f"{arc.carrier} credits {arc.credited}." for arc in self.arcs]
        return " ".join(parts)


@dataclass(slots=True)
class _Party:
    name: str
    role: str
    seen: datetime | None = None
    dated: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Edge:
    carrier: int  # indices of parties
    credited: int
    proofs: tuple[Proof, ...]


def picture(story: Story, width: int = WIDE) -> Picture:
    """The story's provenance, drawn so wide."""
    parties, edges, left_out = _graph(story)
    levels = _levels(edges)
    frame = _frame(width, levels)
    times = _range(parties)
    lanes = tuple(_lane(party, number, frame, times) for number, party in enumerate(parties))
    arcs = tuple(
        _arc(number, edge, level, lanes, gutter=frame.gutter)
        for number, (edge, level) in enumerate(zip(edges, levels, strict=True), 1)
    )
    height = round(_TOP + frame.step * len(lanes) + 26)
    first, last = times or (None, None)
    return Picture(
        width, height, frame.gutter, frame.left, frame.right, lanes, arcs, first, last, left_out
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where things stand at one width: gutter of arcs, names, line of time."""

    gutter: float
    left: float
    right: float
    step: float
    room: float  # for a name
    narrow: bool


def _frame(width: int, levels: Sequence[int]) -> _Frame:
    narrow = width < 500
    gutter = 16 + _GUTTER_STEP * (max(levels, default=-1) + 1)
    left = gutter + 8 if narrow else gutter + 210
    right = width - 12
    room = (right if narrow else left - 16) - gutter - 8
    return _Frame(gutter, left, right, 62 if narrow else 38, room, narrow)


def _graph(story: Story) -> tuple[list[_Party], list[_Edge], int]:
    parties: dict[str, _Party] = {}
    known: dict[str, str] = {}  # names and domains to keys

    def party(name: str, domain: str, role: str) -> str:
        names = [word.casefold() for word in (domain, name) if word]
        key = next((known[word] for word in names if word in known), names[0] if names else "")
        if key and key not in parties:
            parties[key] = _Party(inert(name) or inert(domain), role)
        for word in names:
            known.setdefault(word, key)
        return key

    if story.agency is not None:
        party(story.agency.name, story.agency.domain, "agency")
    if story.origin is not None:
        party(story.origin.name, story.origin.domain, "origin")
    carriers = []
    for copy in story.copies:
        key = party(copy.outlet, copy.domain, "copy")
        carriers.append((key, copy))
        if key and parties[key].seen is None:
            parties[key].seen, parties[key].dated = copy.first_seen, copy.published
    proofs: dict[tuple[str, str], dict[Proof, None]] = {}
    for key, copy in carriers:
        for credit in copy.credits:
            if credit.role is Role.UNNAMED or not (credit.name or credit.domain):
                continue
            target = party(credit.name, credit.domain, "copy")
            if key and target and target != key:
                proofs.setdefault((key, target), {})[_proof(credit)] = None
    names = list(parties)[:_MOST_LANES]
    place = {key: number for number, key in enumerate(names)}
    edges = [
        _Edge(place[a], place[b], tuple(found))
        for (a, b), found in proofs.items()
        if a in place and b in place
    ]
    return [parties[key] for key in names], edges, len(parties) - len(names)


def _proof(credit: Credit) -> Proof:
    return Proof(
        inert(credit.quote),
        ROLES[credit.role],
        WHERE[credit.where],
        credit.extent is Extent.PARTIAL,
    )


def _levels(edges: Sequence[_Edge]) -> list[int]:
    """For each arc a place in the gutter, so that none lies on another."""
    taken: list[list[tuple[int, int]]] = []
    levels = [0] * len(edges)
    order = sorted(range(len(edges)), key=lambda n: (abs(edges[n].carrier - edges[n].credited), n))
    for number in order:
        edge = edges[number]
        low, high = sorted((edge.carrier, edge.credited))
        level = next(
            (
                level
                for level, spans in enumerate(taken)
                if all(high < a or b < low for a, b in spans)
            ),
            len(taken),
        )
        if level == len(taken):
            taken.append([])
        taken[level].append((low, high))
        levels[number] = level
    return levels


def _range(parties: Iterable[_Party]) -> tuple[datetime, datetime] | None:
    seen = [party.seen for party in parties if party.seen]
    if not seen:
        return None
    dated = [party.dated for party in parties if party.dated and _believed(party, seen)]
    first, last = min(seen + dated), max(seen)
    return (first, last) if last > first else (first, first + timedelta(minutes=1))


def _believed(party: _Party, seen: Sequence[datetime]) -> bool:
    return party.dated is not None and min(seen) - _OLDEST <= party.dated <= max(seen)


def _lane(
    party: _Party, number: int, frame: _Frame, times: tuple[datetime, datetime] | None
) -> Lane:
    y = _TOP + frame.step * number + 12
    track = y + 17 if frame.narrow else y
    left, right = frame.left, frame.right
    seen = dated = None
    label = "named, its copy not seen here"
    if times is not None and party.seen is not None:
        seen = _x(party.seen, times, left, right)
        if party.dated and times[0] <= party.dated <= times[1]:
            dated = _x(party.dated, times, left, right)
        label = _label(party, times)
    beside = 14.0
    start = seen if seen is not None else left - beside + 6
    ends = start + beside + _wide(label) > right
    return Lane(
        name=party.name,
        short=fitting(party.name, frame.room),
        y=y,
        track=track,
        seen=seen,
        dated=dated,
        label=label,
        label_x=round(start - beside if ends else start + beside, 1),
        label_y=track + 16 if frame.narrow else track - 7 if seen is not None else track + 4,
        anchor="end" if ends else "start",
        role=party.role,
    )


def _label(party: _Party, times: tuple[datetime, datetime]) -> str:
    assert party.seen is not None
    lag = party.seen - times[0]
    if party.dated and times[0] <= party.dated <= party.seen:
        if party.dated == times[0]:
            return f"dated first, seen {later(lag)}" if lag else "first"
        if party.seen - party.dated >= timedelta(minutes=1):
            return f"dated {later(party.dated - times[0])}, seen {later(lag)}"
    return "first seen" if not lag else f"seen {later(lag)}"


def _x(moment: datetime, times: tuple[datetime, datetime], left: float, right: float) -> float:
    share = (moment - times[0]) / (times[1] - times[0])
    return round(left + _DOT + share * (right - left - 2 * _DOT), 1)


def _arc(number: int, edge: _Edge, level: int, lanes: Sequence[Lane], *, gutter: float) -> Arc:
    start, end = lanes[edge.carrier].y - 4, lanes[edge.credited].y - 4
    # Two arrows that meet at one lane do not lie on each other.
    start += 4 if start > end else -4
    end += -4 if start < end else 4
    edge_x, x = gutter + 1, gutter - 10 - _GUTTER_STEP * (level + 0.5)
    bend = 8 if end > start else -8
    path = (
        f"M{edge_x:g} {start:g}H{x + 8:g}Q{x:g} {start:g} {x:g} {start + bend:g}"
        f"V{end - bend:g}Q{x:g} {end:g} {x + 8:g} {end:g}H{edge_x - 4:g}"
    )
    tip = f"M{edge_x - 6:g} {end - 4:g}L{edge_x + 1:g} {end:g}L{edge_x - 6:g} {end + 4:g}Z"
    partly = all(proof.partly for proof in edge.proofs)
    carrier, credited = lanes[edge.carrier].name, lanes[edge.credited].name
    middle = (start + end) / 2
    return Arc(number, carrier, credited, path, tip, x, middle, partly, edge.proofs)


def fitting(name: str, room: float) -> str:
    """As much of a name as there is room for."""
    if _wide(name) <= room:
        return name
    cut = name
    while cut and _wide(cut) > room - _LETTER:
        cut = cut[:-1]
    return cut.rstrip() + "…"


def _wide(text: str) -> float:
    return sum(_SIGN if unicodedata.east_asian_width(c) in "WF" else _LETTER for c in text)
