"""Blocks and the elements they stand in, so that what is cut from a text goes from its markup."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.model import Block
from aggregator.parse.blocks import blocks, placed_blocks
from aggregator.parse.boilerplate import cleaned
from aggregator.parse.dom import remove
from aggregator.parse.guards import is_tangled
from aggregator.parse.page_words import page_words


@dataclass(slots=True)
class Spot:
    """One block of the page, and the elements around it, the outermost first."""

    block: Block
    around: tuple[int, ...]


@dataclass(slots=True)
class Layout:
    """All blocks of a page with their places in it."""

    spots: list[Spot] = field(default_factory=list)
    nodes: dict[int, LexborNode] = field(default_factory=dict)
    depths: dict[int, int] = field(default_factory=dict)
    noise: set[int] = field(default_factory=set)  # elements that say they are no part of articles
    footers: set[int] = field(default_factory=set)

    def within(self, element: int) -> list[int]:
        """The places, among all blocks, of those in an element."""
        return [i for i, spot in enumerate(self.spots) if element in spot.around]


def tidy(html: str, *, base_url: str = "") -> tuple[tuple[Block, ...], str]:
    """Sanitised `html` without the boilerplate around the story: clean blocks, and as markup."""
    found = blocks(html, base_url=base_url)
    kept = cleaned(found)
    left = tuple(block for _, block in kept)
    return left, html if left == found else _without(html, base_url, found, kept)


def _without(
    html: str, base_url: str, found: Sequence[Block], kept: Sequence[tuple[int, Block]]
) -> str:
    """The markup of what is kept; where it cannot be cut out of its elements, in new ones."""
    body = None if "<" not in html or is_tangled(html) else LexborHTMLParser(html).body
    layout = layout_of(body, base_url) if body is not None else Layout()
    loose = body is None or any(spot.around[-1] == body.mem_id for spot in layout.spots)
    if body is None or loose or [spot.block for spot in layout.spots] != list(found):
        return "".join(f"<p>{as_html(block)}</p>" for _, block in kept)
    markup(layout, body.mem_id, dict(kept), set())
    return body.inner_html or ""


def layout_of(body: LexborNode, url: str) -> Layout:
    """The layout of a parsed page or text; `url` is what its links are read against."""
    layout = Layout()
    words = page_words()
    known: dict[int, tuple[int, ...]] = {}
    for block, place in placed_blocks(body, base_url=url):
        climbed: list[LexborNode] = []
        node: LexborNode | None = place
        while node is not None and node.mem_id not in known:
            climbed.append(node)
            node = node.parent if node.mem_id != body.mem_id else None
        around = known[node.mem_id] if node is not None else ()
        for new in reversed(climbed):
            own = new.mem_id
            around = (*around, own)
            known[own] = around
            layout.nodes[own] = new
            layout.depths[own] = len(around)
            if own != body.mem_id and words.is_noise(new.attributes):
                layout.noise.add(own)
            if new.tag == "footer":
                layout.footers.add(own)
        layout.spots.append(Spot(block, around))
    return layout


def below(around: tuple[int, ...], container: int) -> tuple[int, ...]:
    """The elements around a block that are inside the container."""
    return around[around.index(container) + 1 :]


def markup(layout: Layout, container: int, chosen: Mapping[int, Block], noisy: set[int]) -> str:
    """The container's markup without what is not `chosen` (blocks by place) or `noisy`."""
    all_blocks: Counter[int] = Counter()
    chosen_blocks: Counter[int] = Counter()
    own: dict[int, list[int]] = {}  # places of the blocks that stand directly in an element
    for place in layout.within(container):
        around = layout.spots[place].around
        inner = below(around, container)
        all_blocks.update(inner)
        own.setdefault(around[-1], []).append(place)
        if place in chosen:
            chosen_blocks.update(inner)
    for element, places in own.items():
        before = [layout.spots[place].block for place in places]
        kept = [chosen[place] for place in places if place in chosen]
        leaf = element != container and all_blocks[element] == len(places)
        if kept and kept != before and leaf:
            layout.nodes[element].inner_html = "<br>".join(map(as_html, kept))
    remove(layout.nodes[e] for e in all_blocks if not chosen_blocks[e] or e in noisy)
    return layout.nodes[container].html or ""


def as_html(block: Block) -> str:
    """A block as markup: its text and links, escaped."""
    parts, place = [], 0
    for link in block.links:
        parts.append(escape(block.text[place : link.start]))
        words = escape(block.text[link.start : link.end])
        parts.append(f'<a href="{escape(link.url)}">{words}</a>')
        place = link.end
    parts.append(escape(block.text[place:]))
    return "".join(parts)
