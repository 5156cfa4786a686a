"""Credit lines in the text of an article: phrases at the beginning of sentences."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from aggregator.credit.body import Body
from aggregator.credit.domains import registrable_domain
from aggregator.credit.names import NameReader
from aggregator.credit.naming import Name, deepest
from aggregator.credit.phrases import Index, Phrase, Place
from aggregator.credit.standing import AFTER_NAME, is_in_place, is_of_picture, is_quoted, is_title
from aggregator.model import Block, BlockKind

_READ = frozenset({BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.LIST_ITEM})
_LONGEST = 600  # characters of a phrase
_ARTICLE = re.compile(
    r"(?<=[^\W\d_]\s)(La|El|Los|Las|Le|Les|Il|Lo|O|A|Os|As|De|Het|Der|Die|Das|The)\s+$"
)
Keys = list[frozenset[str]]
_CLOSING = {"(": ")", "（": "）", "[": "]", "【": "】"}
_number = attrgetter("number")


@dataclass(frozen=True, slots=True)
class Found:
    """One phrase found in a text, with the names it credits; none where it names nobody."""

    phrase: Phrase
    block: int
    start: int
    end: int
    quote: str
    names: tuple[Name, ...]
    relays: tuple[Name, ...] = ()
    url: str = ""  # the page that the sentence leads to


@dataclass(slots=True)
class _Read:
    """What was read of a phrase: how far, and the names."""

    end: int
    names: list[Name]
    relays: list[Name]


def find_phrases(body: Body, names: NameReader) -> Iterator[Found]:
    """The phrases that stand in a text, in no particular order."""
    keywords = body.phrases.keywords
    words = keywords.intersection(body.words)
    line_words = words
    if body.line_words is not body.words:
        line_words = keywords.intersection(body.line_words)
    yield from _find(_sought(body.phrases.lines, line_words, body), body, names, lines=True)
    yield from _find(_sought(body.phrases.sentences, words, body), body, names, lines=False)


def _find(
    sought: Iterable[tuple[Phrase, Keys]], body: Body, names: NameReader, *, lines: bool
) -> Iterator[Found]:
    for phrase, (pieces, *others) in sought:
        read: dict[int, list[tuple[int, int]]] = {}  # by block, what was read as this phrase
        for number, place in _places(pieces, body, lines=lines):
            if phrase.leads and not body.may_start(number, place):
                continue
            if not _may_stand(phrase, body, number, place):
                continue
            if not body.holds(number, place, others):
                continue
            spans = read.setdefault(number, [])
            if any(start <= place < end for start, end in spans):
                continue
            found = _at(phrase, body, number, place, names)
            if found is not None:
                spans.append((found.start, found.end))
                yield found


def _places(pieces: frozenset[str], body: Body, *, lines: bool) -> Iterable[tuple[int, int]]:
    """Where any of some words stands, from the beginning to the end: a set has no order."""
    if len(pieces) == 1:
        return body.places(*pieces, lines=lines)
    return sorted({place for piece in pieces for place in body.places(piece, lines=lines)})


def _sought(index: Index, words: frozenset[str], body: Body) -> Iterator[tuple[Phrase, Keys]]:
    """Phrases whose words the text holds, with those words, the rarest first."""
    found = {phrase for word in index.sought & words for phrase in index.by_word[word]}
    there = [phrase for phrase in found if not any(map(words.isdisjoint, phrase.others))]
    for phrase in sorted(there, key=_number):
        yield phrase, [key & words for key in phrase.keys]
    if not body.is_unspaced:
        return
    text = body.lower
    found = {p for piece, sought in index.by_piece.items() if piece in text for p in sought}
    for phrase in sorted(found, key=_number):
        keys = [frozenset(piece for piece in key if piece in text) for key in phrase.keys]
        if all(keys):
            yield phrase, keys


def _may_stand(phrase: Phrase, body: Body, number: int, place: int) -> bool:
    """Whether a phrase one of whose words stands at a place can stand there, and count."""
    kind = body.blocks[number].kind
    if kind not in _READ and not (phrase.linked and kind is BlockKind.QUOTE):
        return False
    if phrase.place is Place.ANYWHERE:
        return body.is_head(number) or body.is_tail(number, place) or body.is_short(number)
    if number >= body.cut:
        return False
    if phrase.place is Place.FRAGMENT:
        return body.is_first(number) or body.is_tail(number, place)
    most = 2 if phrase.place is Place.LINE else 1
    if phrase.place is not Place.END and body.is_first(number):
        return True
    return body.is_tail(number, place) and body.prose_after(number) < most


def _at(phrase: Phrase, body: Body, number: int, place: int, names: NameReader) -> Found | None:
    """A phrase, one of whose words stands at a place."""
    for start, word in body.starts(number, place):
        if phrase.firsts is not None and word not in phrase.firsts:
            continue
        found = _match(phrase, body, number, start, names)
        if found is not None:
            return found
    return None


def _match(phrase: Phrase, body: Body, number: int, start: int, names: NameReader) -> Found | None:
    """A phrase that begins at a place."""
    block = body.blocks[number]
    text = block.text
    match = phrase.pattern.match(text, start, min(len(text), start + _LONGEST))
    if match is None or is_quoted(text, start) or is_of_picture(body, text, start):
        return None
    read = _Read(_before_article(text, match.end()), [], [])
    if not _read_slots(match, block, names, read):
        return None
    if phrase.final and not _read_end(phrase, body, block, names, read):
        alone = not text[read.end : read.end + 20].strip() and phrase.place is not Place.ANYWHERE
        return _in_next_block(phrase, body, number, names) if alone else None
    end = read.end
    if phrase.titled and not is_title(body, block, match.span("title")):
        return None
    url = url_of(block, start, read.names, names)
    if (phrase.linked and not url) or not is_in_place(phrase, body, number, start, end):
        return None
    quote = quote_of(text, start, end)
    return Found(phrase, number, start, end, quote, tuple(read.names), tuple(read.relays), url)


def _before_article(text: str, end: int) -> int:
    """Where a name begins whose article the phrase took for its own: "en La Voz", not "en la"."""
    match = _ARTICLE.search(text, max(0, end - 6), end)
    return match.start(1) if match is not None else end


def _read_slots(match: re.Match[str], block: Block, names: NameReader, read: "_Read") -> bool:
    """Read the names of the slots in a phrase; False where one holds none."""
    slots = match.groupdict()
    for slot, into in (("outlet", read.names), ("relay", read.relays)):
        if slots.get(slot):
            found = names.within(block, *match.span(slot))
            if slot == "relay":  # "in Moor Echo on Medium", but not "… on 2 March, in print"
                found = [name for name in found if name.known]
            into.extend(found)
            if not found:
                return False
    if not slots.get("email"):
        return True
    found = names.of_address(slots["email"], match.start(), match.end())
    read.names.extend(found)
    return bool(found)


def _read_end(phrase: Phrase, body: Body, block: Block, names: NameReader, read: "_Read") -> bool:
    """Read the names of the slot at the end of a phrase; False where there is none."""
    pipes, lower = phrase.has_title, phrase.language != "en"
    place = (id(block), read.end, pipes, lower)
    if place not in body.names_read:  # several phrases end at one place
        found = names.at(block, read.end, pipes=pipes, lower=lower)
        body.names_read[place] = found or _past_date(block, read.end, names)
    found = body.names_read[place]
    if not found:
        return False
    read.end = found[-1].end
    if len(found) == 1 and len(parts := names.chain(found[0])) == 2:
        read.relays.append(parts[0])
        found = parts[1:]
    (read.names if phrase.final == "outlet" else read.relays).extend(found)
    return True


def _in_next_block(phrase: Phrase, body: Body, number: int, names: NameReader) -> Found | None:
    """A label that is a block of its own, with the name in the next one."""
    following = number + 1
    if following >= min(body.cut, body.count):
        return None
    block = body.blocks[following]
    if len(block.text) > 50 or block.kind not in _READ:
        return None
    read = names.at(block, 0)
    if not read or AFTER_NAME.match(block.text, read[-1].end) is None:
        return None
    if not (body.is_head(number) or body.is_tail(number)):
        return None
    end = read[-1].end
    return Found(phrase, following, 0, end, block.text[:end], tuple(read))


def _past_date(block: Block, place: int, names: NameReader) -> list[Name]:
    """The names behind a date, a language or "the May issue of", which tell where it appeared."""
    start = names.past_asides(block.text, place)
    return names.at(block, start) if start >= 0 else []


def quote_of(text: str, start: int, end: int) -> str:
    """The exact words; with the brackets around them, if those hold nothing else."""
    first, last = start, end
    while first > 0 and text[first - 1].isspace():
        first -= 1
    while last < len(text) and text[last] in " .。।":
        last += 1
    closing = _CLOSING.get(text[first - 1 : first])
    if closing and text.startswith(closing, last):
        return text[first - 1 : last + 1]
    return text[start:end]


def url_of(block: Block, start: int, found: Sequence[Name], names: NameReader) -> str:
    """The page that the sentence leads to: the deepest link that is of an outlet it names."""
    links = [link for link in block.links if link.end > start]
    leads = [target for link in links if (target := names.naming.own.foreign(link.url))]
    domains = {registrable_domain(name.domain) for name in found if name.domain}
    if domains:
        leads = [url for url in leads if registrable_domain(url) in domains]
    elif len({registrable_domain(url) for url in leads}) > 1:
        return ""
    return deepest([*leads, *(name.url for name in found)])
