"""What passes between the stages: plain frozen dataclasses in the words of the field.

feeds -> fetch -> parse -> credit -> match -> story -> publish

No stage knows another; each takes and returns what is defined here. Times are timezone-aware
UTC datetimes, durations are timedeltas, URLs are absolute http(s) strings, HTML is sanitised
from `ParsedEntry` on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

# --------------------------------------------------------------------------- outlets and feeds


class OutletKind(StrEnum):
    """What an outlet is: a publisher with readers of its own, or a wire agency."""

    PUBLISHER = "publisher"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher as readers know it: one name, its aliases, its domains (the main one first)."""

    name: str
    domains: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kind: OutletKind = OutletKind.PUBLISHER

    @property
    def domain(self) -> str:
        """The main domain, or "" where none is known."""
        return self.domains[0] if self.domains else ""


class FullText(StrEnum):
    """When an entry's article page is fetched: for teasers, always, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed as the user listed it."""

    url: str
    name: str | None = None
    domain: str | None = None
    category: str | None = None
    full_text: FullText = FullText.AUTO


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to recognise an unchanged document by (RFC 9110, 8.8): opaque strings.

    They belong to the document at `url` and are sent to no other; "" where that is not known.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How often a publisher wants to be asked, as its last answer and document say."""

    max_age: timedelta | None = None  # Cache-Control or Expires, less the answer's age
    ttl: timedelta | None = None  # RSS 2.0 <ttl>
    every: timedelta | None = None  # sy:updatePeriod and sy:updateFrequency
    skip_hours: tuple[int, ...] = ()  # 0..23, GMT
    skip_days: tuple[int, ...] = ()  # 0 is Monday, GMT


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What polls have taught about when a feed has news."""

    since: datetime | None = None  # of its first good poll
    news_at: datetime | None = None  # of the last poll that found something new
    gap: timedelta | None = None  # between two entries, as their dates tell
    share: float = 0.0  # of polls that found something new; late ones count more
    polls: int = 0  # behind `share`


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that is polled, with what the last polls taught about it."""

    id: int
    spec: FeedSpec
    poll_url: str  # spec.url, or where permanent redirects led
    title: str = ""
    site_url: str = ""
    validators: Validators = Validators()
    body_digest: str = ""
    failures: int = 0  # in a row
    interval: timedelta = timedelta(minutes=30)
    next_poll_at: datetime | None = None
    error_reason: str = ""  # of the last poll; "" after a success
    wishes: Wishes = Wishes()
    rhythm: Rhythm = Rhythm()
    looked_at: datetime | None = None  # when its document was last had in full
    look_days: int = 1  # until it is asked for in full again, whatever its validators say
    pages_owed: bool = False  # article pages are still to be fetched; its document is kept
    pushed_at: datetime | None = None  # when a WebSub hub last brought something

    @property
    def name(self) -> str:
        """The outlet's name: as configured, else the feed's own title, else its URL."""
        return self.spec.name or self.title or self.spec.url


# --------------------------------------------------------------------------------------- fetch


@dataclass(frozen=True, slots=True)
class Response:
    """One finished exchange, redirects followed. A status of 200, 226 or 304; others are errors."""

    url: str  # what was asked for
    final_url: str  # what answered
    permanent_url: str  # where the leading permanent redirects (301, 308) led; `url` without any
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes  # content-decoded; empty on 304
    validators: Validators
    wire_bytes: int  # as transferred, before content decoding
    seconds: float

    @property
    def not_modified(self) -> bool:
        """Whether the server said that nothing changed (304)."""
        return self.status == 304

    @property
    def partial(self) -> bool:
        """Whether the body has only what is new since last time (226, RFC 3229)."""
        return self.status == 226

    @property
    def content_type(self) -> str:
        """The Content-Type header as sent, or ""."""
        return self.headers.get("content-type", "")


# --------------------------------------------------------------------------------------- parse


class MarkKind(StrEnum):
    """Machine-readable evidence of where a text comes from, by the place it was found in."""

    RSS_SOURCE = "rss-source"  # RSS 2.0 <source url="...">Name</source>
    ATOM_SOURCE = "atom-source"  # RFC 4287, 4.2.11
    DC_SOURCE = "dc-source"
    DC_PUBLISHER = "dc-publisher"
    AUTHOR = "author"  # dc:creator, <author>, byline
    VIA = "via"  # Atom rel="via"
    ORIG_LINK = "orig-link"  # feedburner:origLink
    EXTERNAL_URL = "external-url"  # JSON Feed external_url
    CANONICAL = "canonical"  # <link rel="canonical">, RFC 6596
    OG_URL = "og-url"
    SYNDICATION_SOURCE = "syndication-source"
    ORIGINAL_SOURCE = "original-source"
    JSON_LD = "json-ld"
    COUNTER = "counter"  # a republication counter (pixel or script)


@dataclass(frozen=True, slots=True)
class Mark:
    """One machine-readable mark as it stands in a feed or a page, not yet judged."""

    kind: MarkKind
    name: str = ""
    url: str = ""
    quote: str = ""  # the exact words or markup, for people


class BlockKind(StrEnum):
    """What a block of text is in its page; credit refuses captions and quotes."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST_ITEM = "list-item"
    QUOTE = "quote"
    CAPTION = "caption"
    ASIDE = "aside"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Link:
    """A link inside a block: `text[start:end]` is its text."""

    start: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class Block:
    """One block of clean text: whitespace folded, no markup, with its links."""

    text: str
    kind: BlockKind = BlockKind.PARAGRAPH
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with an entry. `length` in bytes, 0 where unknown."""

    url: str
    type: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry as its feed has it, sanitised."""

    guid: str = ""
    url: str = ""
    title: str = ""  # plain text
    author: str = ""
    summary_html: str = ""
    content_html: str = ""  # "" where the feed has a summary only
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def html(self) -> str:
        """The fullest text that the feed offers."""
        return self.content_html or self.summary_html


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """One feed document."""

    format: str  # feedparser's word: "rss20", "atom10", "json11", ...
    title: str = ""
    url: str = ""  # the site
    language: str = ""
    ttl: timedelta | None = None
    entries: tuple[ParsedEntry, ...] = ()
    skipped: int = 0  # entries beyond the limit, or without anything to tell them by
    problems: tuple[str, ...] = ()  # what was odd, for /sources
    update_every: timedelta | None = None  # sy:updatePeriod and sy:updateFrequency
    skip_hours: tuple[int, ...] = ()  # 0..23, GMT
    skip_days: tuple[int, ...] = ()  # 0 is Monday, GMT
    hub: str = ""  # the WebSub hub that it names
    self_url: str = ""  # its own address, as it gives it
    cut_off: bool = False  # it ends before its end


@dataclass(frozen=True, slots=True)
class EntryKeys:
    """What one entry may be recognised by in later polls; "" where it lacks the thing.

    Each is a hex digest. `guid` is "" where the feed repeats it within one document.
    """

    guid: str = ""
    link: str = ""
    text: str = ""  # of the title and body
    title: str = ""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A stored entry as the next poll's identification sees it."""

    id: int
    keys: EntryKeys
    digest: str  # of all that a subscriber would see; differs when the entry changed


@dataclass(frozen=True, slots=True)
class Page:
    """An article page, its marks read before extraction discards them."""

    url: str
    title: str = ""
    language: str = ""
    blocks: tuple[Block, ...] = ()  # the article alone, without navigation, appeals and teasers
    html: str = ""  # the same, as sanitised HTML
    marks: tuple[Mark, ...] = ()


# -------------------------------------------------------------------------------------- credit


class Role(StrEnum):
    """Who a credit names. The last two are shown and never are an origin."""

    PUBLISHER = "publisher"
    AGENCY = "agency"
    REPORTING = "reporting"  # "told Reuters", "first reported by"
    UNNAMED = "unnamed"  # "published from a syndicated feed"


class Extent(StrEnum):
    """Whether a credit is for the whole text or for a part ("with inputs from", via, h/t)."""

    FULL = "full"
    PARTIAL = "partial"


class Where(StrEnum):
    """Where a credit stands."""

    BODY = "body"
    DATELINE = "dateline"
    BYLINE = "byline"
    TITLE = "title"
    FEED = "feed"  # markup of the feed
    PAGE = "page"  # markup of the article page


@dataclass(frozen=True, slots=True)
class Credit:
    """One found attribution mark."""

    name: str  # as the directory of outlets has it; "" for Role.UNNAMED
    as_written: str
    domain: str
    url: str  # the credited outlet's own page of this text, where the mark links to one
    role: Role
    extent: Extent
    quote: str  # the exact words
    where: Where
    confidence: float  # 0..1
    rank: int = 0  # strength of this kind of evidence; higher outranks lower
    block: int | None = None  # index of the block the quote stands in, where it stands in one


@dataclass(frozen=True, slots=True)
class Carried:
    """A copy as the choice of origin sees it: who carries the text where, crediting whom."""

    outlet: Outlet
    url: str
    first_seen: datetime
    credits: tuple[Credit, ...] = ()
    published: datetime | None = None
    key: str = ""  # breaks ties; stable


@dataclass(frozen=True, slots=True)
class Origin:
    """The outlet (and URL) that a story is attributed to, with the reason."""

    name: str
    domain: str
    url: str
    role: Role
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Agency:
    """The agency behind an origin, where the agency's own page is not known."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """The chain for one story. `origin` is None where the truth is that nobody knows."""

    origin: Origin | None
    agency: Agency | None = None
    chain: tuple[str, ...] = ()  # names: carrier, whom it credits, ..., down to the agency
    conflict: str = ""  # a sentence, where two equal marks disagree


# --------------------------------------------------------------------------------------- match


@dataclass(frozen=True, slots=True)
class Document:
    """A text to be matched, without boilerplate and credit lines; a line is a paragraph."""

    outlet: str
    title: str
    text: str
    seen: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A text that the index holds for a story, to be compared with a new one."""

    outlet: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A story that was considered and refused."""

    story: int
    score: float
    reason: str
    id: str = ""  # the story's public id, where a store has given it one


@dataclass(frozen=True, slots=True)
class Decision:
    """What matching decided about one document, and why."""

    story: int | None  # None: a story of its own
    score: float = 0.0  # 0..1, coverage of the shorter text
    threshold: float = 0.0
    reason: str = ""  # a sentence
    passages: tuple[str, ...] = ()  # shared, longest first, a few
    edits: tuple[str, ...] = ()  # "headline changed", "boilerplate appended", ...
    near_misses: tuple[NearMiss, ...] = ()
    also: tuple[int, ...] = ()  # stories beside it that tell the same text, to be joined with it
    whole: bool = False  # whether nearly all of either text is in the other


@dataclass(frozen=True, slots=True)
class Reading:
    """One new or changed entry, read: what the store keeps of it and what matching sees."""

    entry: ParsedEntry
    keys: EntryKeys
    digest: str
    known_id: int | None  # the stored entry that it is, if it was seen before
    carrier: Outlet
    document: Document
    hashes: tuple[int, ...]
    credits: tuple[Credit, ...]
    page_html: str = ""
    page_state: Literal["none", "read", "failed"] = "none"
    page_tries: int = 0


# --------------------------------------------------------------------------------- amendments


class AmendmentKind(StrEnum):
    """What an outlet did to a text that was published."""

    CHANGED = "changed"
    NOTICE = "notice"  # it says so itself, and what was there before is not known
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Version:
    """What an entry was until a moment, as its feed offered it."""

    until: datetime
    title: str
    html: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """One changed passage, with the words around it, which are the same before and after."""

    before: str
    cut: str
    added: str
    after: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """What one outlet changed in its copy of a story after we had seen it."""

    entry: int
    outlet: str
    at: datetime  # when we saw it
    kind: AmendmentKind
    notice: str = ""  # the publisher's own words
    title_before: str = ""  # "" where the title stayed
    title_after: str = ""
    hunks: tuple[Hunk, ...] = ()
    more: int = 0  # changed passages beyond those
    still: tuple[int, ...] = ()  # entries of the story that carry the old text


# ----------------------------------------------------------------------------- story and publish


@dataclass(frozen=True, slots=True)
class Copy:
    """An entry seen as a member of a story."""

    outlet: str
    domain: str
    url: str
    title: str
    published: datetime | None
    first_seen: datetime
    credits: tuple[Credit, ...] = ()
    similarity: float = 1.0
    edits: tuple[str, ...] = ()
    reason: str = ""  # why it was held to be a copy
    passages: tuple[str, ...] = ()
    threshold: float = 0.0
    near_misses: tuple[NearMiss, ...] = ()
    feed_url: str = ""
    entry: int = 0  # the entry's number in the store
    category: str = ""
    language: str = ""
    author: str = ""
    length: int = 0  # of its text, in characters


@dataclass(frozen=True, slots=True)
class Face:
    """What a subscriber sees of a story: its lead copy's title and text, and whom it credits."""

    lead: int  # the entry whose title and text are shown
    title: str
    url: str
    language: str
    provenance: Provenance
    digest: str  # of the text, title and origin: when it changes, the item was updated


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was said of a story for good, and no later decision takes back.

    `merge`: a person joined the story `other` to it. `split`: a person took the copy at `url` out
    of it, into the story `other`. `outgrown`: so did the program, when the copy's text had grown
    into another.
    """

    kind: Literal["merge", "split", "outgrown"]
    other: str  # a story's public id
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """All copies of the same text, as it is published."""

    id: str  # minted once, never changes
    title: str
    url: str  # the original's where known, else the best copy's
    first_seen: datetime
    updated: datetime
    origin: Origin | None = None
    agency: Agency | None = None
    chain: tuple[str, ...] = ()
    conflict: str = ""
    copies: tuple[Copy, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = ""
    author: str = ""
    published: datetime | None = None
    lead: int = 0  # the entry whose title and text are shown
    content_html: str = ""  # what a feed offered, sanitised, without boilerplate
    full_html: str = ""  # the fetched page's text, for outputs that say `content: full`
    enclosures: tuple[Enclosure, ...] = ()
    amendments: tuple[Amendment, ...] = ()  # newest first
    rulings: tuple[Ruling, ...] = ()  # in order of time


class Content(StrEnum):
    """What of a text an output shows. Credit and link always stand."""

    FEED = "feed"
    SUMMARY = "summary"
    FULL = "full"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StoryQuery:
    """Which stories an output or a page wants; empty means any. Newest first_seen first."""

    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()  # names or domains of any copy's carrier
    words: str = ""
    limit: int = 50
    before: str = ""  # id of the last story of the previous page
    after: str = ""  # id of the first story of the page that follows; nil: the oldest stories
    origins: tuple[str, ...] = ()  # names or domains of whom stories are attributed to
    agency: bool | None = None  # whether it comes from an agency
    copies: int = 0  # how many it has at least
    since: datetime | None = None  # when it was first seen at the earliest
    archive: int | None = None  # number of an archive document: its stories alone
    age: timedelta | None = None  # `since`, as said where no clock is at hand


@dataclass(frozen=True, slots=True)
class Channel:
    """The merged feed itself: what the document says about itself."""

    title: str
    url: str  # of the feed document
    home_url: str
    description: str = ""
    content: Content = Content.FEED
    updated: datetime | None = None
    next_url: str = ""  # of the document with the stories that come after these
    current_url: str = ""  # of the feed that the document is a part of; "" is `url`
    previous_url: str = ""
    last_url: str = ""
    archived: bool = False  # one of the documents that never change (RFC 5005, 4)
    prev_archive_url: str = ""
    next_archive_url: str = ""
    hubs: tuple[str, ...] = ()  # which tell of changes (WebSub)
    style_url: str = ""  # of the CSS that a browser shows it with


# --------------------------------------------------------------------------------------- health


FeedState = Literal["new", "ok", "failing", "gone"]


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """A feed as /sources and `aggregator feeds list` show it."""

    url: str
    name: str
    domain: str
    category: str
    state: FeedState
    last_polled_at: datetime | None
    last_success_at: datetime | None
    next_poll_at: datetime | None
    interval: timedelta
    status: int | None
    error: str = ""  # the last error, with its remedy; "" after a success
    error_reason: str = ""
    failures: int = 0
    entries: int = 0
    polls: int = 0
    not_modified: int = 0
    note: str = ""  # what was odd in the last document
    why: str = ""  # why the next poll is when it is
    remedy: str = ""  # what to do about the error; `error` ends with it, too
    validators: Validators = Validators()
    entries_a_day: float | None = None  # as its entries' dates tell
    bytes_saved: int = 0  # that "unchanged" answers did not transfer
    poll_url: str = ""  # where it is asked for, which a permanent redirect may have changed
    push: str = ""  # the WebSub hub that brings its news, where one does
    id: int = 0
    source: str = "config"  # or "api": added there, and kept whatever the configuration lists


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed's subscription at a WebSub hub. `token` is the unguessable part of its callback."""

    feed_id: int
    token: str
    secret: str
    hub: str
    topic: str
    failures: int = 0
    asked: bool = False
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A feed's document that is read again, because article pages of it are still to be had."""

    body: bytes
    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class PollRecord:
    """What one poll taught about its feed, as the store keeps it."""

    feed_id: int
    at: datetime
    next_poll_at: datetime
    interval: timedelta
    status: int | None = None
    poll_url: str = ""  # "" leaves it as it was
    validators: Validators | None = None  # None leaves them as they were
    body_digest: str | None = None
    title: str | None = None
    site_url: str | None = None
    note: str | None = None
    error: str = ""  # "" means success
    error_reason: str = ""
    remedy: str = ""
    why: str = ""  # why the next poll is when it is
    postponed: bool = False  # nothing was asked: all but the next poll stays as it was
    wishes: Wishes | None = None
    rhythm: Rhythm | None = None
    looked_at: datetime | None = None
    look_days: int | None = None
    wire_bytes: int | None = None  # of a whole document, as transferred
    owed: KeptDocument | Literal[False] | None = False  # False leaves it as it was
    hub: tuple[str, str] | None = None  # the WebSub hub and topic that it names
    pushed_at: datetime | Literal[False] | None = False  # False leaves it as it was


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one poll of one feed came to."""

    feed_url: str
    result: Literal["fetched", "not_modified", "failed"]
    status: int | None = None
    entries: int = 0
    entries_new: int = 0
    entries_changed: int = 0
    stories_new: int = 0
    merged: int = 0
    body_bytes: int = 0
    seconds: float = 0.0
    error: str = ""
    error_reason: str = ""
    credits: Mapping[str, int] = field(default_factory=dict)  # by where they stood
    note: str = ""  # what was odd in the document


# ------------------------------------------------------------------------------------- outlets


@dataclass(frozen=True, slots=True)
class OutletShare:
    """What one outlet was seen to do: how many stories it carries, and how many are its own."""

    key: str  # its domain, else its name; both in lower case
    name: str
    domain: str
    stories: int  # that it carries
    original: int  # that it is the origin of
    lent: int = 0  # of those, how many others carry
    own: int = 0  # of the stories that it carries, how many are its own

    @property
    def share(self) -> float | None:
        """The share of its own among the stories that it carries; None where it carries none."""
        return self.own / self.stories if self.stories else None


@dataclass(frozen=True, slots=True)
class Flow:
    """How many stories of one outlet another one carries, and how long after it."""

    origin: str  # keys of `OutletShare`
    carrier: str
    stories: int
    lag: timedelta | None = None  # the median, by our own first-seen times
    timed: int = 0  # copies that the median is of


@dataclass(frozen=True, slots=True)
class Crediting:
    """How often one outlet's entries credit somebody."""

    carrier: str  # a key of `OutletShare`
    name: str
    domain: str
    role: Role
    entries: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """Who republishes whom, among the newest stories. The busiest come first."""

    outlets: tuple[OutletShare, ...] = ()
    flows: tuple[Flow, ...] = ()
    credits: tuple[Crediting, ...] = ()
    stories: int = 0  # that were looked at


@dataclass(frozen=True, slots=True)
class QueueState:
    """How the queue of many machines is doing, at one moment."""

    waiting: int  # jobs that nobody has begun
    running: int
    oldest: timedelta | None  # how long the one that waits longest has waited; None: none waits
    workers: int  # that showed a sign of life within the last minute

    def __str__(self) -> str:
        oldest = f", the oldest for {self.oldest.total_seconds():.0f} s" if self.oldest else ""
        return (
            f"{self.waiting} jobs wait{oldest}, {self.running} are under way; "
            f"{self.workers} workers show a sign of life"
        )
