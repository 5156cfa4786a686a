"""Whether a feed carries only the beginning of a text, so that the article's page is wanted."""

import re
from collections.abc import Sequence

from aggregator.model import Block, BlockKind, ParsedEntry
from aggregator.parse.blocks import blocks
from aggregator.parse.boilerplate import clean
from aggregator.parse.phrases import load_phrases

# In characters of Latin script; one of Chinese, Japanese, Korean, Thai counts for three.
_FULL = 1_200  # a text of so many that nothing says to be cut is a whole one
_BRIEF = 300  # of a brief: a short report of several whole paragraphs
_BRIEF_PARAGRAPHS = 3
_CONTENT = 600  # of what a feed calls its content, beside a shorter summary
_LONG_HTML = 30_000  # no teaser has so much markup
_LONG = 3 * _FULL
_END = 2_000

_CUT = re.compile(r"(?:…|\.{3}|\[…\]|\[\.{3}\]|\(…\)|\(\.{3}\)|&hellip;)[\s\"'”’»)\]]*$")
_TAG = re.compile(r"<[^<>]*>")
_SENTENCE = re.compile(r"[.!?。！？।۔؟][\"'”’»›)\]」』]*$")
_WIDE = re.compile("[\u0e00-\u0eff\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def is_teaser(entry: ParsedEntry) -> bool:
    """Whether the page should be fetched, because the feed offers less than the article has.

    A teaser is an entry with a page and without text; one whose text ends in an ellipsis or in
    "Read more"; or one with a short text, unless it is a brief of several whole paragraphs. What
    a feed gives as content beside a shorter summary (`content:encoded` beside `description`,
    Atom's `content` beside `summary`) is held to be the whole text earlier than what it gives
    as a description alone, since it is given for that purpose.
    """
    if not entry.url or len(entry.html) > _LONG_HTML or _is_plainly_whole(entry.html):
        return False
    found = [b for b in blocks(entry.html, base_url=entry.url) if b.kind is not BlockKind.CAPTION]
    whole = clean(found)
    length = sum(_weight(block.text) for block in whole)
    if not found or _is_cut(found, whole) or (_leads_on(found[-1].text) and length < 2 * _FULL):
        return True
    return length < _FULL and not _is_whole(entry, whole, length)


def _is_plainly_whole(html: str) -> bool:
    """Whether a text is so long that only an ellipsis near its end could say that it was cut."""
    if len(html) < _LONG or "…" in html[-_END:] or "..." in html[-_END:] or "&he" in html[-_END:]:
        return False
    return len(_TAG.sub("", html)) > _LONG


def _is_cut(found: Sequence[Block], whole: Sequence[Block]) -> bool:
    """Whether the text ends in an ellipsis. A credit line or the like may stand below the place."""
    return any(_CUT.search(block.text[-40:]) for block in (found[-1], *whole[-3:]))


def _is_whole(entry: ParsedEntry, whole: Sequence[Block], length: int) -> bool:
    """Whether a short text is a whole one: a brief, or content beside a shorter summary."""
    paragraphs = sum(bool(_SENTENCE.search(block.text[-40:])) for block in whole)
    if entry.content_html and entry.summary_html and length >= _CONTENT:
        return paragraphs > 1 or length > 2 * _weight_of(entry.summary_html)
    return paragraphs >= _BRIEF_PARAGRAPHS and length >= _BRIEF


def _leads_on(text: str) -> bool:
    """Whether a text ends by sending its reader on: "Read more", "Continue reading →"."""
    phrases = load_phrases()
    end = text[-80:].casefold().replace("’", "'").rstrip(" .…»›→>]):")
    for place in [0, *(match.end() for match in re.finditer(r"[\s(\[>]", end))]:
        match = phrases.more.match(end, place)
        if match is not None and (match.end() == len(end) or len(text) <= 80):
            return phrases.credits.search(end, place) is None
    return False


def _weight_of(html: str) -> int:
    return sum(_weight(block.text) for block in blocks(html))


def _weight(text: str) -> int:
    return len(text) + (0 if text.isascii() else 2 * len(_WIDE.findall(text)))
