"""Whom a text credits: all marks of one text, each proved by its quote, nearest outlet first."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from aggregator.credit.body import Body
from aggregator.credit.built import find_built
from aggregator.credit.datelines import dateline
from aggregator.credit.directory import Directory
from aggregator.credit.domains import host_of, is_page, registrable_domain
from aggregator.credit.marks import MarkReader
from aggregator.credit.names import NameReader
from aggregator.credit.naming import Name, Naming
from aggregator.credit.own import Own
from aggregator.credit.phrases import Means, Place, load_phrases
from aggregator.credit.prose import Found, find_phrases
from aggregator.credit.ranks import Rank, sure
from aggregator.credit.signatures import READ, signatures
from aggregator.credit.wire import Agencies, Wire
from aggregator.model import Block, Credit, Extent, Mark, Outlet, OutletKind, Role, Where

_LONGEST_QUOTE = 400
_HEAD_BLOCKS = 7  # in which a dateline may stand, behind bylines and captions
_HEAD_PARAGRAPHS = 3  # with as many letters as follow, in which it may stand
_LONG = 120


def read_credits(
    body: tuple[Block, ...],
    *,
    marks: tuple[Mark, ...],
    carrier: Outlet,
    url: str,
    title: str,
    language: str,
    directory: Directory,
) -> tuple[Credit, ...]:
    """Whom a text credits, nearest outlet first: who handed it on before who wrote it.

    `body` is the clean text of a copy, `marks` the markup of its feed and page, `url` the address
    of the copy. One outlet may be credited by several marks; each is given. What credits the
    carrier itself, under any of its names, is left out. Never raises.
    """
    readers = _readers(directory, carrier, host_of(url), language)
    own, naming, agencies = readers.own, readers.naming, readers.agencies
    text = Body(body, load_phrases(), title)
    found: list[tuple[int, Credit]] = [(_NEAR, credit) for credit in readers.marks.read(marks)]
    if title and own.is_transport:
        found += ((_NEAR, credit) for credit in readers.marks.of_title(title))
    told = list(find_phrases(text, readers.names))
    named = {
        f.block for f in told if f.phrase.linked or any(_counts(n, f, naming) for n in f.names)
    }
    told += find_built(text, readers.names, named)
    relayed = any(_is_relayed(phrase, directory) for phrase in told)
    for phrase in told:
        if relayed or not phrase.phrase.relayed:
            found += _of_phrase(phrase, naming, directory, language)
    lines = {phrase.block for phrase in told}
    for wire in (*datelines(text, agencies), *signatures(text, agencies, lines)):
        found += _of_wire(wire, own, directory)
    return _ordered(_without_echoes(found))


@dataclass(frozen=True, slots=True)
class _Readers:
    """What reads the texts of one carrier."""

    own: Own
    naming: Naming
    names: NameReader
    agencies: Agencies
    marks: MarkReader


@lru_cache(maxsize=512)
def _readers(directory: Directory, carrier: Outlet, host: str, language: str) -> _Readers:
    """Kept, as a feed has many texts."""
    phrases = load_phrases()
    own = Own(directory, carrier, host)
    naming = Naming(directory, phrases, own)
    agencies = Agencies(directory, phrases, own, language)
    marks = MarkReader(directory, naming, agencies)
    return _Readers(own, naming, NameReader(naming), agencies, marks)


_RELAY, _NEAR, _FAR, _SIDE = range(4)


def _is_relayed(found: Found, directory: Directory) -> bool:
    """Whether a phrase names somebody who hands on what others wrote."""
    names = (*found.relays, *found.names)
    return any(name.outlet and directory.is_relay(name.outlet.name) for name in names)


def datelines(body: Body, agencies: Agencies) -> Iterator[Wire]:
    """The first dateline in the first blocks of a text."""
    paragraphs = 0
    for number, block in enumerate(body.blocks[:_HEAD_BLOCKS]):
        if block.kind in READ and paragraphs < _HEAD_PARAGRAPHS:
            paragraphs += len(block.text) > _LONG
            wire = dateline(block.text, number, agencies)
            if wire is not None:
                yield wire
                return


def _of_phrase(
    found: Found, naming: Naming, directory: Directory, language: str
) -> Iterator[tuple[int, Credit]]:
    phrase = found.phrase
    if phrase.means is Means.UNNAMED and not any(_counts(n, found, naming) for n in found.names):
        yield _SIDE, _unnamed(found.quote, found.block, Where.BODY)
        return
    if phrase.outlet:
        outlet = directory.by_name(phrase.outlet)
        if outlet is not None and not naming.own.is_own(outlet.name, "", outlet):
            implied = Name(found.start, found.end, found.quote, outlet, "", outlet.domain)
            yield _FAR, _credit(implied, found, Rank.SOURCE_LINE)
        return
    if phrase.linked:
        outlet = directory.by_domain(found.url)
        domain = outlet.domain if outlet else registrable_domain(found.url)
        name = Name(found.start, found.end, domain, outlet, found.url, domain)
        yield _NEAR, _credit(name, found, Rank.PROSE_LINK)
        return
    for name in found.relays:
        if _counts(name, found, naming):
            yield _RELAY, _credit(name, found, _rank(name, found))
    for name in found.names:
        if not directory.is_spoken(name.text, language):
            continue  # "Bron: CBS" is the statistics office of the Netherlands
        if _counts(name, found, naming):
            credit = _credit(name, found, _rank(name, found))
            yield _distance(credit, name, directory), credit


def _counts(name: Name, found: Found, naming: Naming) -> bool:
    """Whether a name in a phrase is somebody's, and not the carrier's own."""
    if naming.own.is_own(name.text, name.domain, name.outlet):
        return False
    if name.outlet is None and naming.own.is_own(name.text):
        return False
    phrase = found.phrase
    if name.company and not found.relays and phrase.place is not Place.ANYWHERE:
        return False
    certain = name.known or bool(found.url) or naming.is_named_like_outlet(name.text)
    if phrase.means is Means.REPORTING or phrase.known:
        return name.outlet is not None
    return certain or not phrase.sure


def _rank(name: Name, found: Found) -> Rank:
    phrase = found.phrase
    if phrase.means is Means.PART:
        return Rank.PART
    if phrase.means is Means.REPORTING:
        return Rank.REPORTING
    linked = bool(name.url) or bool(found.url)
    if phrase.place is Place.ANYWHERE or phrase.place is Place.FRAGMENT:
        return Rank.PROSE_LINK if linked else Rank.PROSE
    if linked:
        return Rank.PROSE
    agency = name.outlet is not None and name.outlet.kind is OutletKind.AGENCY
    return Rank.WIRE if agency else Rank.SOURCE_LINE


def _distance(credit: Credit, name: Name, directory: Directory) -> int:
    if credit.extent is Extent.PARTIAL or credit.role is Role.REPORTING:
        return _SIDE
    if name.outlet is not None and directory.is_relay(name.outlet.name):
        return _RELAY
    return _FAR if credit.role is Role.AGENCY else _NEAR


def _credit(name: Name, found: Found, rank: Rank) -> Credit:
    phrase = found.phrase
    outlet = name.outlet
    url = name.url
    domain = name.domain
    if found.url and (not domain or _same_site(found.url, name)):
        url = found.url
        domain = domain or registrable_domain(found.url)
    reporting = phrase.means is Means.REPORTING
    role = Role.AGENCY if outlet and outlet.kind is OutletKind.AGENCY else Role.PUBLISHER
    partial = phrase.means is Means.PART or reporting
    return Credit(
        name=outlet.name if outlet else _called(name, domain),
        as_written=name.text,
        domain=domain,
        url=url if is_page(url) else "",
        role=Role.REPORTING if reporting else role,
        extent=Extent.PARTIAL if partial else Extent.FULL,
        quote=found.quote[:_LONGEST_QUOTE],
        where=Where.BODY,
        confidence=sure(rank, known=name.known or bool(domain)),
        rank=rank,
        # What is said of another's reporting is part of the story, and is not cut from it.
        block=None if reporting else found.block,
    )


def _called(name: Name, domain: str) -> str:
    """What a stranger is called: by its domain, where a link is on a headline or "my blog"."""
    words = name.text.split()
    small = sum(word.islower() for word in words)
    return domain if domain and name.url and small and small > len(words) / 3 else name.text


def _same_site(url: str, name: Name) -> bool:
    domains = {name.domain, *(name.outlet.domains if name.outlet else ())}
    return registrable_domain(url) in {registrable_domain(domain) for domain in domains if domain}


def _of_wire(wire: Wire, own: Own, directory: Directory) -> Iterator[tuple[int, Credit]]:
    if not wire.outlets:
        yield _SIDE, _unnamed(wire.quote, wire.block, wire.where)
        return
    for outlet in wire.outlets:
        if own.is_own(outlet.name, "", outlet):
            continue
        agency = outlet.kind is OutletKind.AGENCY
        partial = wire.partial and outlet not in wire.whole
        rank = Rank.PART if partial else Rank.WIRE
        distance = _FAR if agency else _NEAR
        if directory.is_relay(outlet.name):
            distance = _RELAY
        credit = Credit(
            name=outlet.name,
            as_written=wire.written.strip(),
            domain=outlet.domain,
            url="",
            role=Role.AGENCY if agency else Role.PUBLISHER,
            extent=Extent.PARTIAL if partial else Extent.FULL,
            quote=wire.quote[:_LONGEST_QUOTE],
            where=wire.where,
            confidence=sure(rank, known=bool(outlet.domain)),
            rank=rank,
            block=wire.block,
        )
        yield (_SIDE if partial else distance), credit


def _unnamed(quote: str, block: int, where: Where) -> Credit:
    return Credit(
        name="",
        as_written="",
        domain="",
        url="",
        role=Role.UNNAMED,
        extent=Extent.FULL,
        quote=quote[:_LONGEST_QUOTE],
        where=where,
        confidence=sure(Rank.REPORTING, known=True),
        rank=Rank.REPORTING,
        block=block,
    )


def _without_echoes(found: list[tuple[int, Credit]]) -> list[tuple[int, Credit]]:
    """Without what a looser phrase read where another read the same outlet's name better."""
    read = [credit for _, credit in found if credit.block is not None and credit.as_written]
    return [item for item in found if not any(_is_echo(item[1], other) for other in read)]


def _is_echo(credit: Credit, other: Credit) -> bool:
    if credit.domain or credit.block is None or credit.block != other.block:
        return False
    mine, its = credit.as_written, other.as_written
    if not mine or mine == its:
        return False
    longer = len(other.quote) > len(credit.quote) and credit.quote in other.quote
    return its in mine or (bool(other.domain) and (mine in its or longer))


def _ordered(found: list[tuple[int, Credit]]) -> tuple[Credit, ...]:
    """Nearest outlet first; among equals the stronger mark; each mark once."""
    found.sort(key=lambda item: (item[0], -item[1].rank))
    seen: set[tuple[object, ...]] = set()
    kept: list[Credit] = []
    for _, credit in found:
        mark = (credit.name, credit.role, credit.extent, credit.quote, credit.block)
        if mark not in seen:
            seen.add(mark)
            kept.append(credit)
    return tuple(kept)
