"""Who republishes whom, as a picture: origins at the left, carriers at the right, ribbons between.

Geometry only. Only the strongest flows are drawn; the page has all of them in tables.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.model import Exchange, Flow
from aggregator.publish import inert
from aggregator.web.picture import fitting
from aggregator.web.wording import span

WIDE, NARROW = 960, 340
MOST = 30  # outlets on a side
_MOST_FLOWS = 120
_STEP, _TOP, _THICKEST, _THINNEST = 26, 30, 14.0, 1.5


@dataclass(frozen=True, slots=True)
class End:
    """An outlet at one side of the picture."""

    key: str
    name: str
    short: str
    y: float
    stories: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """What flows from one outlet to another."""

    path: str
    width: float
    told: str


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """The whole drawing at one width."""

    width: int
    height: int
    left: float
    right: float
    origins: tuple[End, ...]
    carriers: tuple[End, ...]
    ribbons: tuple[Ribbon, ...]
    drawn: int  # flows
    all: int


def flow_picture(exchange: Exchange, width: int = WIDE) -> FlowPicture:
    """The exchange, drawn so wide."""
    names = {share.key: inert(share.name) or share.key for share in exchange.outlets}
    room = (width - (90 if width < 500 else 320)) / 2
    left, right = room + 8, width - room - 8
    flows = _strongest(exchange.flows)
    thickest = max((flow.stories for flow in flows), default=1)
    lent, taken = _sums(flows)
    order = {key: n for n, key in enumerate(sorted(lent, key=lambda k: (-lent[k], k)))}
    middle = _middles(flows, order)
    behind = {key: n for n, key in enumerate(sorted(taken, key=lambda k: (middle[k], k)))}
    # The shorter side stands in the middle of the longer one.
    rows = max(len(order), len(behind))
    above = {side: (rows - len(keys)) / 2 for side, keys in (("l", order), ("r", behind))}

    def y(side: str, number: int) -> float:
        return _TOP + _STEP * (above[side] + number)

    ribbons = []
    for flow in sorted(flows, key=lambda f: f.stories):
        start, end = y("l", order[flow.origin]), y("r", behind[flow.carrier])
        bend = (right - left) * 0.45
        ribbons.append(
            Ribbon(
                f"M{left:g} {start:g}C{left + bend:g} {start:g} {right - bend:g} {end:g} "
                f"{right:g} {end:g}",
                round(max(_THINNEST, _THICKEST * flow.stories / thickest), 1),
                told(flow, names),
            )
        )
    ends = [
        tuple(
            End(key, names[key], fitting(names[key], room), y(side, number), sums[key])
            for key, number in places.items()
        )
        for side, places, sums in (("l", order, lent), ("r", behind, taken))
    ]
    height = round(_TOP + _STEP * rows)
    return FlowPicture(
        width, height, left, right, ends[0], ends[1], tuple(ribbons), len(flows),
        len(exchange.flows),
    )  # fmt: skip


def told(flow: Flow, names: Mapping[str, str]) -> str:
    """A flow in a sentence."""
    count = "1 story" if flow.stories == 1 else f"{flow.stories} stories"
    sentence = f"{names[flow.carrier]} carried {count} of {names[flow.origin]}"
    return f"{sentence}, in the median {span(flow.lag)} later" if flow.lag else sentence


def _strongest(flows: Sequence[Flow]) -> list[Flow]:
    """The strongest flows between not more than `MOST` outlets on each side."""
    origins: set[str] = set()
    carriers: set[str] = set()
    chosen: list[Flow] = []
    for flow in flows:
        full = (flow.origin not in origins and len(origins) >= MOST) or (
            flow.carrier not in carriers and len(carriers) >= MOST
        )
        if full or len(chosen) >= _MOST_FLOWS:
            continue
        origins.add(flow.origin)
        carriers.add(flow.carrier)
        chosen.append(flow)
    return chosen


def _sums(flows: Sequence[Flow]) -> tuple[dict[str, int], dict[str, int]]:
    lent: dict[str, int] = defaultdict(int)
    taken: dict[str, int] = defaultdict(int)
    for flow in flows:
        lent[flow.origin] += flow.stories
        taken[flow.carrier] += flow.stories
    return dict(lent), dict(taken)


def _middles(flows: Sequence[Flow], order: Mapping[str, int]) -> dict[str, float]:
    """Where each carrier's origins stand on average, so that few ribbons cross."""
    weights: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for flow in flows:
        weights[flow.carrier].append((order[flow.origin], flow.stories))
    return {
        key: sum(place * weight for place, weight in found) / sum(weight for _, weight in found)
        for key, found in weights.items()
    }
