"""Where a phrase must stand to count, and what beside it makes it something else."""

import re

from aggregator.credit.body import Body
from aggregator.credit.patterns import words_of
from aggregator.credit.phrases import Means, Phrase, Phrases, Place
from aggregator.model import Block, BlockKind

# For phrases that are lines of their own: in how many blocks at the head they count, and how many
# full paragraphs may follow them at the end.
_LINES = {Place.LINE: (3, 2), Place.LABEL: (2, 1), Place.END: (0, 1)}
_QUOTES = frozenset('"“„«‘「『《')
_QUOTE_OPEN, _QUOTE_CLOSE = frozenset("“„«「『"), frozenset("”»」』")
_QUOTE_ENDS = frozenset('"“”»’」』》')
_SENTENCE_END = re.compile(r"[.!?…。！？।۔؟](?=[\s)\]”\"’»*_]|[A-Z]|$)|$")
AFTER_NAME = re.compile(r"(?:\s*\([^()]{2,12}\))?[\s)\]”\"’»*_.!?。！？،,;|）】」』》〉।۔]*$")
_NEXT_LABEL = re.compile(r"\s*[|｜]|\s*(?:[/·•]\s*)?[^\s:：]{1,12}\s?[:：]")
_ADDRESS = re.compile(r"[\s,;(–—-]*(?:https?://|www\.)\S+")
_SIGNED_BY = re.compile(r"(?:/[a-zà-ÿ]{1,5}){1,2}\.?")
_BY_SOMEBODY = re.compile(r"\s*/|[\s”\"’,]*\bby\s+(?!arrangement|permission)[A-Z]")
_LONGEST_REST = 400  # characters of a sentence that are looked at behind a name
_UNSPACED = "\u0e00"  # from here on are the letters of scripts without spaces
_SHORT_REST = 40  # characters of a date, or of what a name names


def is_in_place(phrase: Phrase, body: Body, number: int, start: int, end: int) -> bool:
    """Whether a phrase that stands from one place to another counts there."""
    block = body.blocks[number]
    text = block.text
    begins = start in body.beginnings(number)
    if number >= body.cut:  # teasers of other texts, whose credits are theirs
        own = phrase.place is Place.ANYWHERE and (not phrase.has_title or body.names_title(text))
        return own and begins and block.kind is BlockKind.PARAGRAPH and number >= body.count - 2
    tail = body.is_tail(number, end)
    if phrase.place is Place.ANYWHERE:
        near = body.is_head(number) or tail or (begins and body.is_short(number))
        return near and not (phrase.sure and _is_inserted(body, text, start, end))
    if phrase.place is Place.FRAGMENT:
        near = tail or body.is_first(number)
        return near and block.kind is not BlockKind.LIST_ITEM and not goes_on(body, text, end)
    blocks, most = _LINES[phrase.place]
    if not (tail and body.prose_after(number) < most) and not (number < blocks and begins):
        return False
    return _is_alone(phrase, body, _rest(text, end))


def _is_alone(phrase: Phrase, body: Body, rest: str) -> bool:
    """Whether what follows in the same sentence leaves a phrase a line of its own."""
    if not phrase.final:  # "Fonte: Agência Brasil" names one, though "agência" names none
        return phrase.means is not Means.UNNAMED or not rest.lstrip()[:1].isupper()
    if AFTER_NAME.match(rest) is not None:
        return True
    return not phrase.strict and _says_no_more(body, rest)


def _rest(text: str, end: int) -> str:
    """What follows in the same sentence."""
    text = text[end : end + _LONGEST_REST]
    match = _SENTENCE_END.search(text)
    return text[: match.end()] if match else text


def _says_no_more(body: Body, rest: str) -> bool:
    """Whether nothing but a date follows, or what the name names: "news agency", "website"."""
    if _NEXT_LABEL.match(rest):
        return any(map(str.isalnum, rest))  # Source: X  Author: Y
    if _ADDRESS.fullmatch(rest) or _SIGNED_BY.fullmatch(rest):
        return True  # Information from: X, http://www.x.com; Source: AFP/de
    words = words_of(rest) if len(rest) <= _SHORT_REST else []
    if not words:
        return False
    of = body.phrases.of
    relayed = words[0] == "via" and any(map(str.isupper, rest))
    if relayed or rest.strip(" +&/,.").lower() in of("agencies"):
        return True  # Source: X via Y; Source: X + agencies
    if len(words) <= 3 and all(word in of("behind") or word in of("site") for word in words):
        return True
    dated = any(letter.isdigit() for letter in rest)
    return dated and all(
        word[0].isdigit() or word in of("never") or word in of("at") or len(word) < 3
        for word in words
    )


def _is_inserted(body: Body, text: str, start: int, end: int) -> bool:
    """Whether the words are an aside of a sentence: The report, published by X, tells of delays."""
    rest = _rest(text, end)
    return (
        "," in text[start:end]
        and rest.lstrip('”"’») ').startswith(",")
        and body.phrases.of("again").isdisjoint(words_of(rest))
    )


def goes_on(body: Body, text: str, end: int) -> bool:
    """Whether a sentence that began like a credit turns out to tell something.

    "Originally published in The Beacon in 1911, the poem became famous".
    """
    rest = _rest(text, end)
    if _BY_SOMEBODY.match(rest):
        return True  # © 2026 AFP / Jane Roe took a picture, “The Bell” by Jane Roe is a book
    _, comma, more = rest.partition(",")
    told = words_of(more)
    if not comma or len(told) < 4 or not body.phrases.of("again").isdisjoint(told):
        return False
    return told[0] in body.phrases.of("tells")


def is_quoted(text: str, start: int) -> bool:
    """Whether a place in a text stands inside quotation marks."""
    before = text[max(0, start - 20) : start].rstrip("*_ ")
    if before[-1:] in _QUOTES:
        return True
    window = text[max(0, start - _LONGEST_REST) : start]
    behind = text[start : start + 2 * _LONGEST_REST]
    if window.count('"') % 2 and '"' in behind:
        return True
    opened = max(map(window.rfind, _QUOTE_OPEN))
    return opened > max(map(window.rfind, _QUOTE_CLOSE)) and any(
        mark in behind for mark in _QUOTE_CLOSE
    )


def is_of_picture(body: Body, text: str, start: int) -> bool:
    """Whether the words before, in the same sentence, speak of a picture."""
    before = text[max(0, start - 60) : start].rstrip(" *_")
    cut = max(before.rfind(mark, 0, -1) for mark in ".!?。！？।")
    return speaks_of_picture(body.phrases, before[cut + 1 :])


def speaks_of_picture(phrases: Phrases, text: str) -> bool:
    """Whether words speak of a photo, video, graphic or cartoon, so that a credit is its credit."""
    pictures = phrases.of("picture")
    if not pictures.isdisjoint(words_of(text)):
        return True
    if not text or max(text) < _UNSPACED:
        return False
    # Scripts without spaces: 图片来源, but not 图书馆, and 图：.
    return any(
        word in text if len(word) > 1 else f"{word}：" in text or f"{word}:" in text
        for word in pictures
        if word[0] >= _UNSPACED
    )


def is_title(body: Body, block: Block, span: tuple[int, int]) -> bool:
    """Whether words are a headline: the text's own, or in quotation marks, or a link."""
    text = block.text[span[0] : span[1]].strip(" *_,")
    if text[:1] in _QUOTES and len(text) > 6:
        return not _QUOTE_ENDS.isdisjoint(text[1:])  # a quotation that goes on is no headline
    plain = "".join(filter(str.isalnum, text.lower()))
    if len(plain) > 8 and plain == body.title:
        return True
    return any(link.start <= span[0] + 2 and link.end >= span[1] - 2 for link in block.links)
