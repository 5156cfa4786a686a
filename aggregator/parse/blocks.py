"""HTML, or plain text, to blocks of clean text with their kinds and links."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.model import Block, BlockKind, Link
from aggregator.parse.guards import LONGEST_HTML, is_tangled
from aggregator.parse.phrases import load_phrases
from aggregator.parse.text import encodable, folded, is_composed, visible
from aggregator.parse.urls import absolute

MOST_BLOCKS = 10_000  # of one text; the rest is left out

_SKIPPED = frozenset({
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "canvas",
    "audio", "video", "map", "head", "title", "nav", "dialog", "button", "select", "textarea",
    "datalist", "input", "noembed", "noframes", "math",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "legend", "li", "main", "menu",
    "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_KINDS: Final = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), BlockKind.HEADING),
    **dict.fromkeys(("li", "dd"), BlockKind.LIST_ITEM),
    **dict.fromkeys(("figure", "figcaption", "caption"), BlockKind.CAPTION),
    "blockquote": BlockKind.QUOTE,
    "aside": BlockKind.ASIDE,
    "pre": BlockKind.CODE,
}
# Inside of these, what a paragraph, a heading or a list is called matters no more.
_DOMINANT = frozenset({BlockKind.QUOTE, BlockKind.CAPTION, BlockKind.ASIDE})
_CELLS = frozenset({"td", "th"})

_TAG = re.compile(r"<(?:/?[a-zA-Z]|!--)")
_BLOCK_TAG = re.compile(
    r"<(?:p|br|div|li|tr|h[1-6]|blockquote|section|article|pre|dd|dt)\b", re.IGNORECASE
)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_HIDDEN_HINTS = (
    "hidden", "isplay:", "DISPLAY", "screen-reader", "sr-only", "caption", "credit",
)  # fmt: skip
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDING_CLASS = re.compile(r"(?:^|[\s_-])(?:screen-reader-text|sr-only|visually-?hidden)(?:\s|$)")
_CAPTION_CLASS = re.compile(
    r"(?:^|[\s_-])(?:caption(?:[_-]?text)?|(?:image|img|photo|picture|video|media)[_-]{0,2}credits?)"
    r"(?:\s|$)",
    re.IGNORECASE,
)

_BREAK: Final = "\x00<br>"  # no text has it

_ENDS = frozenset(".!?…:;)]}\"'”’»›*。！？：；」』）】〉》।۔؟。|>—–-")
_OPENERS = frozenset("([{*—–-•·“\"'«‹„【《（「『>|©@#")
_BESIDE_PICTURE = 40  # characters; a longer line beside a picture is text
_LONG_LINE = 60  # characters; a shorter line that just ends was ended on purpose
_FULL_LINE = 40  # characters; no text is wrapped at fewer


def blocks(html: str, *, base_url: str = "") -> tuple[Block, ...]:
    """The text of `html` as blocks, in order; empty ones are left out.

    Plain text is read as well: there, lines are paragraphs. Links are absolute http(s), against
    `base_url`. No more than LONGEST_HTML characters and MOST_BLOCKS blocks are read; markup that
    is made to be slow to parse (see `guards`) is read as text without markup. Never raises.
    """
    if not html or html.isspace():
        return ()
    html = encodable(html[:LONGEST_HTML])
    if not _TAG.search(html):
        return _from_lines(unescape(html) if "&" in html else html)
    if is_tangled(html):
        return _from_lines(unescape(_ANY_TAG.sub("\n", html)))
    if not _BLOCK_TAG.search(html):
        html = _BLANK_LINE.sub("<br><br>", html)
    body = LexborHTMLParser(html).body
    if body is None:
        return ()
    reader = _Reader(base_url, body, attentive=any(hint in html for hint in _HIDDEN_HINTS))
    reader.read(body)
    return tuple(reader.blocks[:MOST_BLOCKS])


def placed_blocks(root: LexborNode, *, base_url: str) -> list[tuple[Block, LexborNode]]:
    """The blocks of a parsed page, each with the innermost block element that it stands in."""
    reader = _Reader(base_url, root, attentive=True)
    reader.read(root)
    return list(zip(reader.blocks, reader.places, strict=True))[:MOST_BLOCKS]


class _Reader:
    """Walks a tree once and collects its blocks."""

    def __init__(self, base_url: str, root: LexborNode, *, attentive: bool) -> None:
        self.blocks: list[Block] = []
        self.places: list[LexborNode] = []  # of each block, the element it stands in
        self._place = root
        self._base_url = base_url
        self._attentive = attentive
        self._pieces: list[str] = []
        self._links: list[tuple[int, int, str]] = []  # pieces from, to; where they lead
        self._link: tuple[int, str] | None = None  # the link that is open
        self._breaks = False
        self._pictured = False  # the block that is being collected begins with a picture
        self._kind = BlockKind.PARAGRAPH

    def read(self, root: LexborNode) -> None:
        # An explicit stack: the depth of a document is not Python's to bear.
        above: list[tuple[LexborNode, str, BlockKind, LexborNode]] = []
        node = root.first_child
        kind, place = self._kind, self._place
        while True:
            while node is None:  # this element's children are done
                if not above:
                    self._flush()
                    return
                parent, tag, kind, place = above.pop()
                if tag in _BLOCKS:
                    self._flush()
                elif tag == "a":
                    self._end_link()
                self._kind, self._place = kind, place
                node = parent.next
            name = node.tag
            if name == "-text":
                self._pieces.append(node.text_content or "")
                node = node.next
                continue
            if name == "br":
                self._pieces.append(_BREAK)
                self._breaks = True
            elif name == "img":
                self._pictured = self._pictured or not "".join(self._pieces).strip()
            elif name in _SKIPPED or name is None:
                pass
            elif child := self._begin(node, name):
                above.append((node, name, kind, place))
                kind, place = self._kind, self._place
                node = child
                continue
            node = node.next

    def _begin(self, node: LexborNode, name: str) -> LexborNode | None:
        """Begin an element. Its first child, or None where there is nothing to be read in it."""
        kind = None
        if self._attentive and (attributes := node.attributes):
            if _hides(attributes):
                return None
            if _CAPTION_CLASS.search(attributes.get("class") or ""):
                kind = BlockKind.CAPTION
        if name in _BLOCKS:
            self._flush()
            kind = kind or _KINDS.get(name)
            if len(self.blocks) >= MOST_BLOCKS:
                return None
        elif name in _CELLS:
            self._begin_cell()
        elif name == "a":
            self._begin_link(node.attributes.get("href"))
        elif name == "wbr":
            return None
        child = node.first_child
        if child is None:
            if name == "a":
                self._end_link()
            return None
        if name in _BLOCKS:
            self._place = node
        self._kind = _within(self._kind, kind, name)
        return child

    def _begin_cell(self) -> None:
        """A row of short cells is one line; in layouts made of tables, cells hold whole texts."""
        if self._breaks or sum(map(len, self._pieces)) > _LONG_LINE:
            self._flush()
        else:
            self._pieces.append(" ")

    def _begin_link(self, href: str | None) -> None:
        self._end_link()
        url = absolute(href, self._base_url) if href and href[0] != "#" else None
        if url:
            self._link = (len(self._pieces), url)

    def _end_link(self) -> None:
        if self._link is not None:
            start, url = self._link
            self._link = None
            if len(self._pieces) > start:
                self._links.append((start, len(self._pieces), url))

    def _flush(self) -> None:
        """End the block that is being collected; an open link goes on in the next."""
        pieces = self._pieces
        if not pieces:
            self._pictured = False
            return
        open_link = self._link
        if len(pieces) == 1 and pieces[0].isspace():  # what stands between most blocks
            self._begin_block(open_link)
            return
        self._end_link()
        links = self._links
        if not links and not self._breaks:
            text = folded("".join(pieces))
            if text:
                who = self._pictured and len(text) <= _BESIDE_PICTURE
                self._add(Block(text, BlockKind.CAPTION if who else self._kind))
        elif self._breaks:
            self._lines(pieces, links)
        else:
            text, placed = _placed(pieces, links)
            if text:
                self._add(Block(text, self._kind, placed))
        self._begin_block(open_link)

    def _begin_block(self, open_link: tuple[int, str] | None) -> None:
        self._pieces, self._links, self._breaks, self._pictured = [], [], False, False
        self._link = (0, open_link[1]) if open_link is not None else None

    def _lines(self, pieces: list[str], links: list[tuple[int, int, str]]) -> None:
        """Blocks of pieces that line breaks divide; a line that merely goes on is joined."""
        joined: list[str] = []
        placed: list[Link] = []
        length = breaks = 0
        for line, inside, before in _divided(pieces, links):
            text, its_links = _placed(line, inside)
            breaks += before
            if not text:
                continue
            if joined and (breaks > 1 or reads_as_separate(joined[-1], text)):
                self._add(Block(" ".join(joined), self._kind, tuple(placed)))
                joined, placed, length = [], [], 0
            placed += [Link(k.start + length, k.end + length, k.url) for k in its_links]
            joined.append(text)
            length += len(text) + 1
            breaks = 0
        if joined:
            self._add(Block(" ".join(joined), self._kind, tuple(placed)))

    def _add(self, block: Block) -> None:
        self.blocks.append(block)
        self.places.append(self._place)


def _within(outer: BlockKind, inner: BlockKind | None, name: str) -> BlockKind:
    """What a text is that stands in both; `name` is the inner element's."""
    if outer is BlockKind.CAPTION and name == "table":  # set as a figure, as some editors do
        return BlockKind.PARAGRAPH
    if inner is None:
        return outer
    if outer is BlockKind.CAPTION and name == "blockquote":  # a quotation set as a figure
        return BlockKind.QUOTE
    if name == "figcaption" and outer is not BlockKind.ASIDE:
        return BlockKind.CAPTION
    headed_item = outer is BlockKind.LIST_ITEM and inner is BlockKind.HEADING
    return outer if outer in _DOMINANT or headed_item else inner


def _hides(attributes: Mapping[str, str | None]) -> bool:
    return (
        "hidden" in attributes
        or bool(_HIDING_STYLE.search(attributes.get("style") or ""))
        or bool(_HIDING_CLASS.search(attributes.get("class") or ""))
    )


def _divided(
    pieces: list[str], links: list[tuple[int, int, str]]
) -> Iterator[tuple[list[str], list[tuple[int, int, str]], int]]:
    """The pieces between line breaks, with the links in them, and the breaks before them."""
    start = first = 0
    for end in [i for i, piece in enumerate(pieces) if piece == _BREAK] + [len(pieces)]:
        inside = []
        while first < len(links) and links[first][0] < end:
            link_start, link_end, url = links[first]
            inside.append((max(link_start, start) - start, min(link_end, end) - start, url))
            if link_end > end:  # it goes on in the next line
                break
            first += 1
        yield pieces[start:end], inside, int(start > 0)
        start = end + 1


def _placed(pieces: list[str], links: list[tuple[int, int, str]]) -> tuple[str, tuple[Link, ...]]:
    """Pieces folded to one text, and the links at their places in it."""
    if not links:
        return folded("".join(pieces)), ()
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    length, space = 0, False
    for piece in pieces:
        text = folded(piece)
        seen = piece if piece.isprintable() else visible(piece)
        if text:
            if (space or seen[0].isspace()) and length:
                out.append(" ")
                length += 1
            starts.append(length)
            out.append(text)
            length += len(text)
            space = seen[-1].isspace()
        else:
            starts.append(-1)
            space = space or bool(seen)
        ends.append(length)
    placed = []
    for first, last, url in links:
        start = next((place for place in starts[first:last] if place >= 0), -1)
        if start >= 0:
            placed.append(Link(start, ends[last - 1], url))
    return _composed("".join(out), tuple(placed))


def _composed(text: str, links: tuple[Link, ...]) -> tuple[str, tuple[Link, ...]]:
    """The text in NFC, to which letters and accents of different elements may be joined."""
    if text.isascii() or not links or is_composed(text):
        return text, links
    cuts = sorted({place for link in links for place in (link.start, link.end)})
    parts, moved, length, last = [], {}, 0, 0
    for cut in [*cuts, len(text)]:
        place = max(cut, last)
        while last < place < len(text) and not is_composed(text[place - 1 : place + 1]):
            place += 1  # an accent stays with its letter
        parts.append(folded(f"x{text[last:place]}x")[1:-1])
        length += len(parts[-1])
        moved[cut] = length
        last = place
    whole = "".join(parts)
    return whole, tuple(
        Link(moved[k.start], moved[k.end], k.url) for k in links if moved[k.start] < moved[k.end]
    )


def reads_as_separate(line: str, following: str) -> bool:
    """Whether the second of two lines begins something new, rather than going on with the first."""
    begin = following[0]
    if line[-1] in _ENDS or begin in _OPENERS:
        return True
    if begin.islower() or begin in ",;.:":
        return False
    # A long line that just stops was wrapped, unless what follows is a line of its own.
    return len(line) < _LONG_LINE or len(following) < _LONG_LINE


def _from_lines(text: str) -> tuple[Block, ...]:
    """Plain text: lines are paragraphs, but for those that were wrapped at some column."""
    found: list[Block] = []
    for part in _BLANK_LINE.split(text.replace("\r\n", "\n").replace("\r", "\n")):
        for line in _unwrapped([line for line in map(folded, part.split("\n")) if line]):
            found.append(Block(line))
            if len(found) >= MOST_BLOCKS:
                return tuple(found)
    return tuple(found)


def _unwrapped(lines: list[str]) -> Iterator[str]:
    """The lines between two blank ones, with those joined that go on in the next."""
    if _is_wrapped(lines):
        yield " ".join(lines)
        return
    full = max(_FULL_LINE, 0.75 * max(map(len, lines), default=0))
    joined: list[str] = []
    for line in lines:
        if joined and not _goes_on(joined[-1], line, full):
            yield " ".join(joined)
            joined = []
        joined.append(line)
    if joined:
        yield " ".join(joined)


def _goes_on(line: str, following: str, full: float) -> bool:
    """Whether a line stops in the middle of a sentence that the following one ends."""
    if line[-1] in _ENDS or following[0] in _OPENERS:
        return False
    if following[0].isupper() and load_phrases().credits.search(following.casefold()):
        return False  # a line of credit
    return len(line) >= full or (following[0].islower() and len(line) >= _FULL_LINE)


def _is_wrapped(lines: list[str]) -> bool:
    if len(lines) < 3:
        return False
    lengths = [len(line) for line in lines[:-1]]
    longest = max(lengths)
    return 50 <= longest <= 100 and min(lengths) > longest - 20
