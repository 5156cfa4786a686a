"""Machine-readable marks of feeds and pages, judged: which of them credit somebody, and whom."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from aggregator.credit.directory import Directory, is_domain_like
from aggregator.credit.domains import is_page, registrable_domain
from aggregator.credit.naming import Naming
from aggregator.credit.ranks import Rank, sure
from aggregator.credit.signatures import credited
from aggregator.credit.wire import Agencies
from aggregator.model import Credit, Extent, Mark, MarkKind, Outlet, OutletKind, Role, Where

_LONGEST_NAME = 80
_LONGEST_QUOTE = 400
_TAG = re.compile(r"<[^<>]{0,300}>")
_FEED = frozenset(
    {
        MarkKind.RSS_SOURCE,
        MarkKind.ATOM_SOURCE,
        MarkKind.DC_SOURCE,
        MarkKind.DC_PUBLISHER,
        MarkKind.VIA,
        MarkKind.ORIG_LINK,
        MarkKind.EXTERNAL_URL,
    }
)
_RANKS = {
    MarkKind.RSS_SOURCE: Rank.FEED,
    MarkKind.ATOM_SOURCE: Rank.FEED,
    MarkKind.DC_SOURCE: Rank.FEED,
    MarkKind.DC_PUBLISHER: Rank.METADATA,
    MarkKind.AUTHOR: Rank.METADATA,
    MarkKind.VIA: Rank.PART,
    MarkKind.ORIG_LINK: Rank.FEED,
    MarkKind.EXTERNAL_URL: Rank.FEED,
    MarkKind.CANONICAL: Rank.PAGE,
    MarkKind.OG_URL: Rank.PAGE,
    MarkKind.SYNDICATION_SOURCE: Rank.PAGE,
    MarkKind.ORIGINAL_SOURCE: Rank.PART,
    MarkKind.JSON_LD: Rank.METADATA,
    MarkKind.COUNTER: Rank.PAGE,
}
# Their addresses are those of an outlet's site or feed, rather than of the text.
_OF_SITES = frozenset(
    {
        MarkKind.RSS_SOURCE,
        MarkKind.ATOM_SOURCE,
        MarkKind.COUNTER,
        MarkKind.AUTHOR,
    }
)
# These lead to a page, or say nothing: a site's root is what a theme or plug-in leaves behind.
_NEED_A_PATH = frozenset({MarkKind.CANONICAL, MarkKind.OG_URL})
# Free words that may be the publisher's company or a person: taken if they can be told.
_DOUBTFUL = frozenset({MarkKind.DC_PUBLISHER, MarkKind.AUTHOR, MarkKind.JSON_LD})
# Whom schema.org has for who is not the publisher; a page that names one does it on purpose.
_SURE_PROPERTY = re.compile(
    r'"(?:provider|sourceOrganization|creditText)"|"author": \{"@type": "NewsMediaOrganization"'
    r'|itemprop="(?:provider|sourceOrganization)"|class="source-org"'
)
_COMPANY = re.compile(
    r"\b(?:media|group|newspapers|publishing|publications|publishers|holdings?|communications|"
    r"network|company|corporation|inc|ltd|limited|llc|plc|gmbh|ag|verlag|editores|editora|grupo|"
    r"groupe|gruppo|mediengruppe|s\.?a|s\.?r\.?l|s\.?p\.?a|b\.?v|pty)\b\.?$",
    re.IGNORECASE,
)
_BASED_ON = re.compile(r"isBasedOn", re.IGNORECASE)
_PARTS = re.compile(r"\s*(?:\||,|;|/|&|•|\s[-–—]\s|[()]|\s(?:and|und|et|y|e)\s)\s*")
_EMAIL_NAME = re.compile(r"[^\s@]+@[^\s@]+\s*\((?P<name>[^()]+)\)")


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom a mark names."""

    written: str
    outlet: Outlet | None
    domain: str
    url: str
    quote: str


class MarkReader:
    """Judges the marks of one text."""

    def __init__(self, directory: Directory, naming: Naming, agencies: Agencies) -> None:
        self._directory = directory
        self._naming = naming
        self._own = naming.own
        self._agencies = agencies

    def read(self, marks: Sequence[Mark]) -> Iterator[Credit]:
        """The credits that the marks give, in their order."""
        own_page = any(
            m.kind is MarkKind.CANONICAL and m.url and self._own.is_own_link(m.url) for m in marks
        )
        for mark in marks:
            if mark.kind is MarkKind.AUTHOR:
                yield from self._by_author(mark)
                continue
            if mark.kind is MarkKind.OG_URL and own_page:
                continue  # the page says itself that it is its own
            credit = self._credit(mark)
            if credit is None:
                continue
            if mark.kind is MarkKind.EXTERNAL_URL and not self._is_authors(credit.domain, marks):
                credit = _partial(credit)  # a link post: it points there
            yield credit

    def _is_authors(self, domain: str, marks: Sequence[Mark]) -> bool:
        """Whether a domain is that of an outlet among the authors."""
        domain = registrable_domain(domain)
        outlets = [outlet for mark in marks for outlet in self._authors(mark)[0]]
        return any(o.domain and registrable_domain(o.domain) == domain for o in outlets)

    def of_title(self, title: str) -> Iterator[Credit]:
        """The " - Outlet" with which a transport ends its titles."""
        head, dash, name = title.rpartition(" - ")
        name = name.strip()
        if not dash or not head or not name or len(name) > 60:
            return
        outlet = self._directory.by_name(name)
        if self._own.is_own(name, "", outlet) or self._naming.is_nothing(name):
            return
        domain = (
            outlet.domain if outlet else (registrable_domain(name) if is_domain_like(name) else "")
        )
        found = _Found(name, outlet, domain, "", f"- {name}")
        yield _made(found, Rank.FEED, Where.TITLE)

    # ---------------------------------------------------------------------------------- one mark

    def _credit(self, mark: Mark) -> Credit | None:
        url = self._own.foreign(mark.url) if mark.url else ""
        if not self._may_count(mark, url):
            return None
        name = _plain(mark.name)
        if is_domain_like(name) and not url:
            url = self._own.foreign(f"https://{name}/")
        outlet = self._directory.by_name(name) if name else None
        there = self._directory.by_domain(url) if url else None
        if there is not None and (outlet is None or not name):
            outlet = there
        domain = registrable_domain(url) if url else ""
        if outlet is not None and outlet.domain:
            domain = outlet.domain
        if not self._is_anothers(mark, name, domain, outlet):
            return None
        rank = _RANKS[mark.kind]
        if mark.kind is MarkKind.DC_SOURCE and not url:
            rank = Rank.METADATA
        if mark.kind is MarkKind.JSON_LD and _BASED_ON.search(mark.quote[:40]):
            rank = Rank.PART
        page = url if is_page(url) and mark.kind not in _OF_SITES else ""
        where = Where.FEED if mark.kind in _FEED else Where.PAGE
        found = _Found(name, outlet, domain, page, mark.quote or name or url)
        credit = _made(found, rank, where)
        return _partial(credit) if rank is Rank.PART else credit

    def _may_count(self, mark: Mark, url: str) -> bool:
        """Whether a mark leads away from the carrier, as far as its kind needs."""
        if mark.url and self._own.is_own_link(mark.url):
            return False
        if mark.kind in _NEED_A_PATH:
            return is_page(url)
        return bool(url or mark.name or not mark.url)

    def _is_anothers(self, mark: Mark, name: str, domain: str, outlet: Outlet | None) -> bool:
        """Whether what a mark names is an outlet, and not the carrier."""
        if not name and not domain:
            return False
        if self._own.is_own(name, domain, outlet) or (name and self._own.is_own(name, "", outlet)):
            return False
        sure_kind = mark.kind not in _DOUBTFUL or _SURE_PROPERTY.match(mark.quote) is not None
        if outlet is not None:
            return True
        # A name that nobody knows may be the carrier's company, or a person.
        if not sure_kind and _COMPANY.search(name):
            return False
        if domain:
            return True
        sure_name = sure_kind or self._naming.is_named_like_outlet(name)
        return sure_name and not self._naming.is_nothing(name)

    # ----------------------------------------------------------------------------------- authors

    def _authors(self, mark: Mark) -> tuple[tuple[Outlet, ...], tuple[Outlet, ...]]:
        """The outlets that an author's name names, and those of them that gave only a part."""
        if mark.kind is not MarkKind.AUTHOR:
            return (), ()
        name = _plain(mark.name)
        address = _EMAIL_NAME.fullmatch(name)
        if address is not None:
            name = address["name"]
        found = credited(name, 0, name, self._agencies)
        if found is not None:
            part = set(found.outlets) - set(found.whole) if found.partial else set()
            return found.outlets, tuple(part)
        outlet = self._directory.by_name(name) if name else None
        if outlet is None and mark.url and (name == "" or len(name.split()) == 1):
            outlet = self._directory.by_domain(mark.url)
        if outlet is None:
            outlets = (self._agencies.one(part) for part in _PARTS.split(name))
            return tuple(o for o in outlets if o and o.kind is OutletKind.AGENCY), ()
        return (outlet,), ()

    def _by_author(self, mark: Mark) -> Iterator[Credit]:
        outlets, part = self._authors(mark)
        for outlet in outlets:
            if self._own.is_own(outlet.name, outlet.domain, outlet):
                continue
            name, quote = _plain(mark.name), mark.quote or mark.name
            found = _Found(name, outlet, outlet.domain, "", quote)
            credit = _made(found, Rank.METADATA, Where.BYLINE)
            yield _partial(credit) if outlet in part else credit


def _made(found: _Found, rank: Rank, where: Where) -> Credit:
    outlet, written = found.outlet, found.written or found.domain
    agency = outlet is not None and outlet.kind is OutletKind.AGENCY
    return Credit(
        name=outlet.name if outlet else written,
        as_written=written,
        domain=found.domain,
        url=found.url,
        role=Role.AGENCY if agency else Role.PUBLISHER,
        extent=Extent.FULL,
        quote=found.quote[:_LONGEST_QUOTE],
        where=where,
        confidence=sure(rank, known=outlet is not None or bool(found.domain)),
        rank=rank,
    )


def _plain(name: str) -> str:
    """A name as words: markup and white space that got into it are gone."""
    if "<" in name:
        name = _TAG.sub(" ", name)
    return " ".join(name.split())[:_LONGEST_NAME].strip(" ,;|-–—")


def _partial(credit: Credit) -> Credit:
    confidence = sure(Rank.PART, known=bool(credit.domain))
    return replace(credit, extent=Extent.PARTIAL, confidence=confidence, rank=Rank.PART)
