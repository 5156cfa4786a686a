"""What pages show of stories and feeds: plain values for the templates, no decisions left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aggregator.model import (
    Amendment,
    AmendmentKind,
    Copy,
    Credit,
    Extent,
    FeedHealth,
    Hunk,
    NearMiss,
    Role,
    Story,
)
from aggregator.publish import (
    Party,
    carriers_of,
    credit_of,
    direction,
    excerpt,
    holders,
    inert,
    language_tag,
    shown,
    site_of,
    title,
    uri,
    without_secrets,
)
from aggregator.web.wording import ROLES, WHERE

_LEDE = 220  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """A story in the river."""

    id: str
    title: str
    url: str
    language: str
    source: Party  # the origin, else who carries it
    known: bool  # whether that is the origin
    source_domain: str
    agency: str
    categories: tuple[str, ...]
    lede: str
    first_seen: datetime
    updated: datetime | None
    carriers: tuple["Carrier", ...]
    corrected: str  # "corrected" or "withdrawn", where the text that is shown was

    @property
    def more(self) -> int:
        """How many outlets carry it besides the one that is named."""
        return len(self.carriers)


@dataclass(frozen=True, slots=True)
class Carrier:
    """An outlet that carries the story, with its own headline where it has one."""

    name: str
    url: str
    headline: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """A credit, told for people."""

    verb: str
    name: str
    quote: str
    where: str
    partly: bool
    url: str


@dataclass(frozen=True, slots=True)
class CopyView:
    """A copy on its story's page."""

    outlet: str
    site: str
    url: str
    headline: str
    same_headline: bool
    language: str
    published: datetime | None
    first_seen: datetime
    is_origin: bool
    evidence: tuple[Evidence, ...]
    similarity: int  # per cent
    edits: tuple[str, ...]
    reason: str
    passages: tuple[str, ...]
    near_misses: tuple[NearMiss, ...]
    entry: int
    key: str  # the outlet's, for its page
    old: bool  # whether it carries a text that was corrected elsewhere
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class AmendmentView:
    """What an outlet changed in its copy."""

    entry: int
    outlet: str
    url: str
    at: datetime
    did: str  # in a few words
    notice: str
    title_before: str
    title_after: str
    hunks: tuple[Hunk, ...]
    more: int
    still: tuple[Party, ...]
    withdrawn: bool
    language: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story's page."""

    row: Row
    credit_html: str
    credit_text: str
    credit_language: str
    html: str
    length: int
    origin_reason: str
    confidence: int
    conflict: str
    chain: tuple[Party, ...]
    copies: tuple[CopyView, ...]
    lead: int  # the number of the copy whose text is shown
    amendments: tuple[AmendmentView, ...]


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed on the page of sources."""

    name: str
    url: str
    site: str
    category: str
    state: str
    status: int | None
    error: str
    reason: str
    note: str
    failures: int
    entries: int
    polls: int
    unchanged: int  # of the polls
    last: datetime | None
    success: datetime | None
    next: datetime | None
    interval: timedelta
    added: bool  # through the API
    why: str  # the next poll is when it is
    a_day: str  # entries
    saved: int  # bytes
    push: str  # the host of the hub that brings its news


def row(story: Story) -> Row:
    """The story as the river shows it."""
    carriers = _carriers(story)
    if story.origin is not None:
        source = Party(
            inert(story.origin.name) or inert(story.origin.domain),
            uri(story.origin.url) or site_of(story.origin.domain),
        )
        domain = story.origin.domain
    elif carriers:
        source, domain = Party(carriers[0].name, carriers[0].url), story.copies[0].domain
        carriers = carriers[1:]
    else:
        source, domain = Party("Unknown"), ""
    edited = story.updated - story.first_seen >= timedelta(minutes=1)
    return Row(
        id=story.id,
        title=title(story),
        url=uri(story.url),
        language=language_tag(story.language),
        source=source,
        known=story.origin is not None,
        source_domain=domain,
        agency=inert(story.agency.name) if story.agency else "",
        categories=tuple(filter(None, map(inert, story.categories))),
        lede=excerpt(story.content_html, _LEDE),
        first_seen=story.first_seen,
        updated=story.updated if edited else None,
        carriers=tuple(carriers),
        corrected=_state(story),
    )


def story_view(story: Story) -> StoryView:
    """The story as its own page shows it."""
    credit = credit_of(story)
    shown_html = shown(story.content_html, media=False)
    return StoryView(
        row=row(story),
        credit_html=credit.html,
        credit_text=credit.text,
        credit_language=credit.language,
        html=shown_html,
        length=len(shown_html),
        origin_reason=inert(story.origin.reason) if story.origin else "",
        confidence=round(story.origin.confidence * 100) if story.origin else 0,
        conflict=inert(story.conflict),
        chain=tuple(_link_of_chain(name, story) for name in story.chain if inert(name)),
        copies=tuple(_copy(copy, story) for copy in story.copies),
        lead=story.lead,
        amendments=tuple(_corrected(found, story) for found in story.amendments),
    )


def feed_view(feed: FeedHealth) -> FeedView:
    """The feed as the page of sources shows it."""
    address = without_secrets(feed.url)
    return FeedView(
        name=inert(feed.name) or address,
        url=address,
        site=site_of(feed.domain),
        category=inert(feed.category),
        state=feed.state,
        status=feed.status,
        error=inert(feed.error),
        reason=feed.error_reason,
        note=inert(feed.note),
        failures=feed.failures,
        entries=feed.entries,
        polls=feed.polls,
        unchanged=feed.not_modified,
        last=feed.last_polled_at,
        success=feed.last_success_at,
        next=feed.next_poll_at,
        interval=feed.interval,
        added=feed.source == "api",
        why=inert(feed.why),
        a_day=f"{feed.entries_a_day:,.3g}" if feed.entries_a_day else "",
        saved=feed.bytes_saved,
        push=inert(urlsplit(feed.push).hostname or ""),
    )


def way(tag: str) -> str:
    """How a language is written, for `dir`; the browser is to look where none is known."""
    return direction(tag) if tag else "auto"


def _carriers(story: Story) -> list[Carrier]:
    first: dict[str, Copy] = {}
    for copy in story.copies:
        first.setdefault(inert(copy.outlet) or inert(copy.domain), copy)
    told = title(story)
    found = []
    for party in carriers_of(story):
        copy = first[party.name]
        headline = inert(copy.title)
        found.append(
            Carrier(
                party.name,
                party.url,
                headline if _folded(headline) != _folded(told) else "",
                copy.first_seen,
            )
        )
    return found


def _copy(copy: Copy, story: Story) -> CopyView:
    headline = inert(copy.title)
    origin = story.origin
    is_origin = origin is not None and (
        copy.url == origin.url or copy.domain == origin.domain != ""
    )
    # Of the original nobody would say that it was edited, whichever copy we saw first.
    edits = () if is_origin else copy.edits
    return CopyView(
        outlet=inert(copy.outlet) or inert(copy.domain) or "Unknown outlet",
        site=site_of(copy.domain),
        url=uri(copy.url),
        headline=headline or "Without a title",
        same_headline=_folded(headline) == _folded(title(story)),
        language=language_tag(copy.language),
        published=copy.published,
        first_seen=copy.first_seen,
        is_origin=is_origin,
        evidence=tuple(_evidence(credit) for credit in copy.credits),
        similarity=round(copy.similarity * 100),
        edits=tuple(filter(None, map(inert, edits))),
        reason=inert(copy.reason) if copy.threshold else "",
        passages=tuple(filter(None, map(inert, copy.passages))),
        near_misses=copy.near_misses,
        entry=copy.entry,
        key=copy.domain or copy.outlet,
        old=any(copy.entry in found.still for found in story.amendments),
        withdrawn=any(
            found.entry == copy.entry and found.kind is AmendmentKind.WITHDRAWN
            for found in story.amendments
        ),
    )


def _corrected(amendment: Amendment, story: Story) -> AmendmentView:
    copy = next((copy for copy in story.copies if copy.entry == amendment.entry), None)
    if amendment.kind is AmendmentKind.WITHDRAWN:
        did = "withdrew it"
    elif amendment.hunks:
        did = "changed the text" + (" and the headline" if amendment.title_after else "")
    else:
        did = "changed the headline" if amendment.title_after else "says that it was corrected"
    return AmendmentView(
        entry=amendment.entry,
        outlet=inert(copy.outlet if copy else amendment.outlet) or "An outlet",
        url=uri(copy.url) if copy else "",
        at=amendment.at,
        did=did,
        notice=inert(amendment.notice),
        title_before=inert(amendment.title_before),
        title_after=inert(amendment.title_after),
        hunks=amendment.hunks,
        more=amendment.more,
        still=tuple(holders(story, amendment)),
        withdrawn=amendment.kind is AmendmentKind.WITHDRAWN,
        language=language_tag(copy.language) if copy else "",
    )


def _state(story: Story) -> str:
    """Whether the text that is shown was corrected or withdrawn; a new headline is neither."""
    own = [found for found in story.amendments if found.entry == story.lead]
    if any(found.kind is AmendmentKind.WITHDRAWN for found in own):
        return "withdrawn"
    return "corrected" if any(found.hunks or found.notice for found in own) else ""


def _evidence(credit: Credit) -> Evidence:
    return Evidence(
        verb=ROLES[credit.role],
        name=inert(credit.name or credit.as_written) if credit.role is not Role.UNNAMED else "",
        quote=inert(credit.quote),
        where=WHERE[credit.where],
        partly=credit.extent is Extent.PARTIAL,
        url=uri(credit.url),
    )


def _link_of_chain(name: str, story: Story) -> Party:
    """A party of the chain, with the address by which the story knows it."""
    known: Sequence[tuple[str, str]] = [
        *((copy.outlet, copy.url) for copy in story.copies),
        *([(story.origin.name, story.origin.url)] if story.origin else []),
        *([(story.agency.name, site_of(story.agency.domain))] if story.agency else []),
    ]
    url = next((url for other, url in known if other.casefold() == name.casefold()), "")
    return Party(inert(name), uri(url))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
