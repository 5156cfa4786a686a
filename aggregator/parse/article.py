"""Where on a page its article stands: from the first to the last line, and nothing else.

trafilatura finds the text, and drops just the lines that tell where it comes from ("This story
originally appeared on ..."), which look like the buttons around them. So its text only shows us
the place: the innermost element that holds most of it. In that element the article goes from the
first line that was found to the last, and on until something else begins.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import trafilatura
from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.model import Block, BlockKind
from aggregator.parse.boilerplate import begins_other_things, cleaned, may_credit
from aggregator.parse.layout import Layout, as_html, below, layout_of, markup
from aggregator.parse.page_words import page_words
from aggregator.parse.text import with_few_marks

_MOST_OF_TEXT = 0.8  # of what was found must be in the container
_SMALL_PART = 0.25  # of the text; what is named like noise and holds more of it is the article
_MOST_TAGS = 30_000  # for trafilatura, as the next: its time grows with their square
_MOST_LINKS = 500  # of one block
_LONGEST_TEXT = 200_000  # characters of an extracted text that are looked at
_SHORT_LINE = 15  # letters; shorter ones must be found as a line
_BEFORE = 6  # short blocks before the first found one: dateline, byline
_AFTER = 15  # blocks after the last found one
_BEHIND = 25  # blocks behind the container that are looked through for a credit
_LONGEST_SHORT = 200  # characters
_FULL = 100  # characters of a full paragraph
_HEADLINES = 4  # linked lines; so many among few others are a list of stories
_SMALL = frozenset(
    {"p", "span", "li", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "tr", "tbody"}
)
_NOT_WORDS = re.compile(r"[\W_]+")

# It reports each page without an article as an error, which it is not.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Article:
    """The article's blocks, and its markup, which is not sanitised."""

    blocks: tuple[Block, ...] = ()
    html: str = ""


def find_article(tree: LexborHTMLParser, html: str, *, url: str, title: str) -> Article:
    """The article of a page; empty where it has none. What is not in it is taken out of `tree`.

    `html` is the source of `tree`, `url` the page's address, `title` its headline.
    """
    body = tree.body
    if body is None:
        return Article()
    layout = layout_of(body, url)
    for matched in _candidates(body, layout, html):
        article = _article(layout, matched, title)
        if article.blocks:
            return article
    return Article()


def _candidates(body: LexborNode, layout: Layout, html: str) -> Iterator[list[int]]:
    """The places of what may be the article, the likeliest first."""
    words = page_words()
    extracted = _matched(layout, _extracted(layout, html))
    known = _in_known(body, layout, words.containers)
    # Where a page lists many other stories, extraction can take their first words for the text.
    if _substance(layout, known) > 1.5 * _substance(layout, extracted):
        extracted, known = known, extracted
    yield extracted
    yield known
    yield _in_known(body, layout, words.wide_containers)


def _substance(layout: Layout, places: Iterable[int]) -> int:
    """How many characters of full paragraphs there are, each counted once."""
    texts = {layout.spots[place].block for place in places}
    return sum(len(b.text) for b in texts if len(b.text) >= _FULL and _linked(b) < 0.5)


def _article(layout: Layout, matched: list[int], title: str) -> Article:
    """The article that is about where `matched` are; empty where that is none."""
    container = _container(layout, matched)
    if container is None:
        return Article()
    weights = _weights(layout, matched)
    noisy = {e for e in layout.noise if weights[e] < _SMALL_PART * weights[container]}
    inside = [
        place
        for place in layout.within(container)
        if noisy.isdisjoint(below(layout.spots[place].around, container))
    ]
    chosen = _chosen(layout, inside, set(matched), title)
    kept = cleaned([layout.spots[place].block for place in chosen])
    found = [block for _, block in kept]
    if not _is_article(found):
        return Article()
    behind = _credits_behind(layout, container, noisy)
    html = markup(layout, container, {chosen[place]: block for place, block in kept}, noisy)
    html += "".join(f"<p>{as_html(block)}</p>" for block in behind)
    return Article((*found, *behind), html)


# ----------------------------------------------------------------------- where the article is


def _extracted(layout: Layout, html: str) -> str:
    """The text that trafilatura finds; "" where it finds none, fails, or would take too long."""
    most_links = max((len(spot.block.links) for spot in layout.spots), default=0)
    if most_links > _MOST_LINKS or html.count("<") > _MOST_TAGS:
        return ""
    try:
        html = with_few_marks(html)
        text = trafilatura.extract(html, include_comments=False, include_tables=True)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError):
        return ""
    return (text or "")[:_LONGEST_TEXT]


def _matched(layout: Layout, extracted: str) -> list[int]:
    """The places of the blocks whose text was extracted."""
    if not extracted:
        return []
    lines = {_letters(line) for line in extracted.split("\n")}
    whole = _letters(extracted)
    matched = []
    for place, spot in enumerate(layout.spots):
        letters = _letters(spot.block.text)
        if letters in lines if len(letters) < _SHORT_LINE else letters in whole:
            matched.append(place)
    return matched


def _letters(text: str) -> str:
    return _NOT_WORDS.sub("", text.casefold())


def _in_known(body: LexborNode, layout: Layout, selectors: Iterable[str]) -> list[int]:
    """The places of the blocks in the first of the elements where articles stand."""
    for selector in selectors:
        for node in body.css(selector)[:5]:
            within = layout.within(node.mem_id)
            text = [layout.spots[place].block for place in within]
            if any(b.kind is BlockKind.PARAGRAPH and _linked(b) < 0.5 for b in text):
                return within
    return []


def _weights(layout: Layout, matched: Iterable[int]) -> Counter[int]:
    """How many characters of the matched blocks are in each element."""
    weights: Counter[int] = Counter()
    for place in matched:
        spot = layout.spots[place]
        for element in spot.around:
            weights[element] += len(spot.block.text)
    return weights


def _container(layout: Layout, matched: Sequence[int]) -> int | None:
    """The innermost element that holds most of the matched text and can hold more than a line."""
    if not matched:
        return None
    weights = _weights(layout, matched)
    total = sum(len(layout.spots[place].block.text) for place in matched)
    heavy = [e for e, weight in weights.items() if weight >= _MOST_OF_TEXT * total]
    able = [e for e in heavy if layout.nodes[e].tag not in _SMALL]
    return max(able, key=lambda e: layout.depths[e], default=None)


# --------------------------------------------------------------------- from where to where it goes


def _chosen(layout: Layout, inside: Sequence[int], matched: set[int], title: str) -> list[int]:
    """The article's blocks among those in its container, by place."""
    found = [i for i, place in enumerate(inside) if place in matched]
    if not found:
        return []
    first, last = found[0], found[-1]
    blocks = [layout.spots[place].block for place in inside]
    headline = _letters(title)
    before: list[int] = []
    for i in range(first - 1, max(first - 2 * _BEFORE, 0) - 1, -1):
        block = blocks[i]
        if _is_headline(block, headline) or begins_other_things(block) or len(before) >= _BEFORE:
            break
        if block.kind is BlockKind.CAPTION or _stands_alone(block):
            before.append(inside[i])
    after: list[int] = []
    parent = _parent(layout, inside[last])
    for i in range(last + 1, min(last + 1 + _AFTER, len(blocks))):
        block = blocks[i]
        if begins_other_things(block):
            break
        beside = parent in layout.spots[inside[i]].around and _stands_alone(block)
        if may_credit(block) or (beside and i == last + 1 + len(after)):
            after.append(inside[i])
    middle = inside[first : last + 1]
    return [
        place
        for place in (*reversed(before), *middle, *after)
        if not _is_headline(layout.spots[place].block, headline)
    ]


def _is_headline(block: Block, headline: str) -> bool:
    return bool(headline) and _letters(block.text) == headline


def _stands_alone(block: Block) -> bool:
    """Whether it may be a byline, a dateline or the like: short, and no list of links."""
    if len(block.text) > _LONGEST_SHORT or block.kind is BlockKind.LIST_ITEM:
        return False
    return _linked(block) < 0.8 or may_credit(block)


def _parent(layout: Layout, place: int) -> int:
    around = layout.spots[place].around
    return around[-2] if len(around) > 1 else around[-1]


def _credits_behind(layout: Layout, container: int, noisy: set[int]) -> list[Block]:
    """Credit lines that stand behind the container, as some layouts have it."""
    last = layout.within(container)[-1]
    found = []
    for spot in layout.spots[last + 1 : last + 1 + _BEHIND]:
        block = spot.block
        outside = (layout.noise | layout.footers | noisy).intersection(spot.around)
        if begins_other_things(block):
            break
        if not outside and may_credit(block) and _linked(block) < 1 and _is_line(block):
            found.append(block)
    return found


def _is_line(block: Block) -> bool:
    return block.kind is BlockKind.PARAGRAPH and len(block.text) > _SHORT_LINE


def _is_article(found: Sequence[Block]) -> bool:
    """Whether the blocks are a text, and no list of headlines."""
    text = [b for b in found if b.kind not in (BlockKind.CAPTION, BlockKind.ASIDE)]
    length = sum(len(b.text) for b in text)
    linked = sum(_linked(b) * len(b.text) for b in text)
    headlines = sum(_linked(b) > 0.8 for b in text)
    listed = headlines >= _HEADLINES and headlines > 0.3 * len(text)
    repeated = len(text) > 2 * _HEADLINES and len({b.text for b in text}) < 0.3 * len(text)
    return length > 0 and linked < 0.5 * length and not listed and not repeated


def _linked(block: Block) -> float:
    """The share of the block's text that is links."""
    return sum(link.end - link.start for link in block.links) / max(len(block.text), 1)
