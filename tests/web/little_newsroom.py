"""A small newsroom in a store: stories with origins, copies, credits, and feeds that fare ill."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from aggregator.model import (
    Agency,
    Amendment,
    AmendmentKind,
    Credit,
    Decision,
    Document,
    Enclosure,
    EntryKeys,
    Extent,
    Face,
    FeedSpec,
    Hunk,
    NearMiss,
    Origin,
    Outlet,
    ParsedEntry,
    PollRecord,
    Provenance,
    Reading,
    Role,
    StoryQuery,
    Where,
)
from aggregator.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)

OUTLETS = {
    "post": Outlet("The Harbour Post", ("harbourpost.example",)),
    "valley": Outlet("Valley Republisher", ("valley.example",)),
    "lakes": Outlet("Lakes Wire", ("lakeswire.example",)),
    "courier": Outlet("Hill Courier", ("hillcourier.example",)),
    "mina": Outlet("ميناء اليوم", ("mina.example",)),
    "gang": Outlet("港口日报", ("gangkou.example",)),
    "blatt": Outlet("Hafenblatt", ("hafenblatt.example",)),
    "slow": Outlet("Slow Gazette", ("slow.example",)),
    "lost": Outlet("Lost Tribune", ("lost.example",)),
}
CATEGORIES = {"post": "Harbour", "valley": "Region", "lakes": "World", "courier": "Region"}


def body(*paragraphs: str) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


@dataclass
class Filed:
    """One entry to be filed as a copy."""

    by: str
    title: str
    html: str
    minutes: int = 0
    credits: tuple[Credit, ...] = ()
    edits: tuple[str, ...] = ()
    score: float = 1.0
    author: str = ""
    language: str = "en"
    enclosures: tuple[Enclosure, ...] = ()
    published: datetime | None = None


@dataclass
class Told:
    """A story to be told, with what is known of its origin."""

    copies: list[Filed]
    origin: str = ""
    agency: str = ""
    chain: tuple[str, ...] = ()
    conflict: str = ""
    reason: str = "credited by 1 of 2 copies and itself among them"
    minutes: int = 0
    id: str = field(default="", init=False)


def credit(by: str, quote: str, where: Where = Where.BODY, **more) -> Credit:
    outlet = OUTLETS[by]
    role = Role.AGENCY if by == "lakes" else Role.PUBLISHER
    values = {"role": role, "extent": Extent.FULL, "confidence": 0.97, "rank": 30} | more
    url = f"https://{outlet.domain}/a"
    return Credit(outlet.name, outlet.name, outlet.domain, url, quote=quote, where=where, **values)


FERRY = body(
    "The night ferry between the old harbour and the north bank will run until three in the "
    "morning from April, the port authority said on Sunday, after a winter in which the last "
    "boat left at ten.",
    "Two boats will share the crossing, which takes eleven minutes, and a third will be kept "
    "at the quay for the nights of the lantern fair.",
    "“People who clean our offices should not have to walk over the bridge at four,” said the "
    "harbour master, who had asked for the change three times.",
    "The timetable will be printed on the back of the tide tables, as it was until 1987.",
)


def stories() -> list[Told]:
    return [
        Told(
            [
                Filed("valley", "You won’t believe when the ferry sails now", FERRY, 4,
                      (credit("post", "This story originally appeared on Harbourpost.example"),),
                      ("headline changed", "boilerplate appended"), 0.93),
                Filed("post", "Night ferry to run until three from April",
                      FERRY + '<img src="https://harbourpost.example/ferry.jpg" alt="The ferry">',
                      0, (credit("lakes", "OLD HARBOUR (Lakes Wire) —", Where.DATELINE, rank=10),),
                      author="Ada Quay",
                      enclosures=(Enclosure("https://harbourpost.example/ferry.jpg", "image/jpeg",
                                            48_000),)),
                Filed("courier", "Ferry: late boats from April", FERRY[:400] + "</p>", 25,
                      (), ("headline changed", "cut to 55 %", "2 paragraphs added"), 0.88),
                Filed("slow", "Night ferry to run until three from April", FERRY, 40,
                      (credit("post", "The post Night ferry appeared first on The Harbour Post"),)),
            ],
            "post", "lakes", ("Valley Republisher", "The Harbour Post", "Lakes Wire"), minutes=55,
            reason="The Harbour Post is credited by 2 of 4 copies and is itself among them",
        ),
        Told([Filed("gang", "港口夜间渡轮四月起延长至凌晨三点",
                    body("港务局周日表示，旧港与北岸之间的夜间渡轮将从四月起运行至凌晨三点。"
                         "整个冬天，末班船都在十点离开。"), language="zh")],
             "gang", chain=("港口日报",), minutes=50,
             reason="it carries the story itself and credits nobody"),
        Told([Filed("mina", "عبّارة الميناء الليلية تعمل حتى الثالثة ابتداءً من نيسان",
                    body("قالت سلطة الميناء يوم الأحد إن العبّارة الليلية بين الميناء القديم والضفة "
                         "الشمالية ستعمل حتى الثالثة فجرًا ابتداءً من نيسان."), language="ar"),
              Filed("valley", "Night boats", "<p>A translation, they say.</p>", 3)],
             "mina", "lakes", ("ميناء اليوم", "Lakes Wire"), minutes=44),
        Told([Filed("courier", "Council votes to keep the Tuesday market where it is",
                    body("The market stays in Rope Street. The council voted nine to four on "
                         "Thursday against moving it to the car park behind the swimming baths, "
                         "after traders had filled the gallery with cabbages."))],
             "courier", chain=("Hill Courier",), minutes=30,
             reason="it carries the story itself and credits nobody"),
        Told([Filed("valley", "Lighthouse keeper’s logbooks found behind a wall",
                    body("Forty-one logbooks that the keepers of the eastern light wrote between "
                         "1871 and 1902 were found when a wall was opened for new pipes.")),
              Filed("slow", "Logbooks of the eastern light found in a wall", body("Forty-one."), 9,
                    (), ("headline changed",), 0.91)],
             conflict="Valley Republisher names Hill Courier, Slow Gazette names The Harbour Post; "
             "both marks are of the same strength, so neither is asserted.", minutes=21),
        Told([Filed("blatt", "Nachtfähre soll ab April bis drei Uhr fahren, Bürgerinitiative "
                    "Donaudampfschifffahrtsgesellschaft begrüßt Hafenverwaltungsentscheidung",
                    body("Die Nachtfähre zwischen altem Hafen und Nordufer fährt ab April bis drei "
                         "Uhr morgens, wie die Hafenverwaltung am Sonntag mitteilte."),
                    language="de")],
             "blatt", "lakes", ("Hafenblatt", "Lakes Wire"), minutes=-60 * 26,
             reason="it carries the story itself, with the agency in its dateline"),
        Told([Filed("lakes", "Rowers’ eight wins the lake race for the third time",
                    body("The eight of the Quay club won the lake race by a length and a half on "
                         "Saturday, its third win in a row and its last with this crew.")),
              *(Filed(by, f"Quay eight win again ({by})", body("The eight of the Quay club won."),
                      n, (credit("lakes", "(Lakes Wire)", Where.BYLINE),))
                for n, by in enumerate(("post", "courier", "valley", "slow", "blatt"), 5))],
             "lakes", chain=("Hill Courier", "Lakes Wire"), minutes=-60 * 29,
             reason="credited by 5 of 6 copies and itself among them"),
    ]  # fmt: skip


def fill(store: Store, told: list[Told] | None = None, *, now: datetime = NOW) -> list[Told]:
    """Put the newsroom into the store, its first polls at `now`; the stories, with their ids."""
    told = stories() if told is None else told
    specs = [
        FeedSpec(f"https://{o.domain}/feed.xml", o.name, o.domain, CATEGORIES.get(key))
        for key, o in OUTLETS.items()
    ]
    store.list_feeds(specs, now)
    feeds = {feed.spec.domain: feed for feed in store.listed()}
    for story in sorted(told, key=lambda s: s.minutes):
        story.id = tell(store, feeds, story, now)
    for story in told:
        if any(copy.title.startswith("Ferry: late boats") for copy in story.copies):
            _correct(store, story.id)
    _polls(store, feeds, now)
    return told


def _correct(store: Store, story_id: str) -> None:
    """The origin of the ferry's story has corrected an hour; one copy has the old one."""
    entries = {copy.outlet: copy.entry for copy in store.story(story_id).copies}
    number = entries["The Harbour Post"]
    hunk = Hunk("the north bank will run until", "two", "three", "in the morning from April, the")
    notice = "Correction: The last boat leaves at three, not two."
    at = NOW + timedelta(minutes=80)
    with store.writing(LONG_AGO) as transaction:
        (was,) = transaction.earlier([number]).values()
        old = replace(was, html=was.html.replace("until three", "until two"))
        transaction.keep(number, old, at)
        transaction.correct(
            Amendment(number, "", at, AmendmentKind.CHANGED, notice, hunks=(hunk,),
                       still=(entries["Slow Gazette"],))
        )  # fmt: skip
        transaction.published()


def tell(store: Store, feeds, story: Told, now: datetime = NOW) -> str:
    start = now + timedelta(minutes=story.minutes)
    with store.writing(LONG_AGO) as transaction:
        number = transaction.new_story(start)
        for n, copy in enumerate(sorted(story.copies, key=lambda c: c.minutes)):
            _file(transaction, feeds, number, copy, start, first=n == 0)
        show(transaction, number, story, start)
    wanted = {copy.title for copy in story.copies}
    return next(s.id for s in store.stories(StoryQuery(limit=1000)) if s.title in wanted)


def _file(transaction, feeds, number, copy, start, *, first):
    outlet = OUTLETS[copy.by]
    seen = start + timedelta(minutes=copy.minutes)
    slug = abs(hash((copy.title, copy.by))) % 10**9
    entry = ParsedEntry(
        guid=str(slug), url=f"https://{outlet.domain}/{slug}", title=copy.title,
        author=copy.author, content_html=copy.html, language=copy.language,
        published=copy.published or seen - timedelta(minutes=12), enclosures=copy.enclosures,
    )  # fmt: skip
    reading = Reading(
        entry=entry, keys=EntryKeys(guid=entry.guid), digest=entry.guid, known_id=None,
        carrier=outlet, document=Document(outlet.name, copy.title, copy.html, seen), hashes=(),
        credits=copy.credits,
    )  # fmt: skip
    (entry_number,) = transaction.save(feeds[outlet.domain].id, [reading], seen)
    decision = Decision(number) if first else Decision(
        number, copy.score, 0.5,
        f"{copy.score:.0%} of the shorter text stands in the same order in both.",
        ("the port authority said on Sunday, after a winter in which the last boat left at ten",),
        copy.edits,
        (NearMiss(7, 0.31, "the same template, but other names and numbers"),),
    )  # fmt: skip
    transaction.place(entry_number, number, decision)


def show(transaction, number: int, story: Told, now: datetime, title: str = "") -> None:
    copies = transaction.copies([number])[number]
    lead = copies[0]
    origin = agency = None
    if story.origin:
        outlet = OUTLETS[story.origin]
        lead = next((c for c in copies if c.domain == outlet.domain), lead)
        role = Role.AGENCY if story.origin == "lakes" else Role.PUBLISHER
        origin = Origin(outlet.name, outlet.domain, lead.url, role, 0.97, story.reason)
    if story.agency:
        agency = Agency(OUTLETS[story.agency].name, OUTLETS[story.agency].domain)
    told = Provenance(origin, agency, story.chain, story.conflict)
    title = title or lead.title
    face = Face(lead.entry, title, lead.url, lead.language, told, f"{title} {story.origin}")
    transaction.show({number: face}, now)
    transaction.published()


def _polls(store: Store, feeds, now: datetime) -> None:
    trouble = {
        "slow.example": (
            None, "timeout",
            "https://user:secret@slow.example/feed.xml did not answer within 20 s. "
            "Try it in a browser; raise http.timeout if it is just slow.",
        ),
        "lost.example": (
            404, "http_404",
            "https://lost.example/feed.xml is not there (404). Look for the new address on "
            "lost.example, and change it in config.yaml.",
        ),
    }  # fmt: skip
    with store.writing(LONG_AGO) as transaction:
        for domain, feed in feeds.items():
            if domain == "blatt.example":
                continue
            status, reason, error = trouble.get(domain, (200, "", ""))
            hour = timedelta(hours=1)
            for n in range(4):
                at = now + timedelta(minutes=10 * n)
                code = 304 if n and not error else status
                note = "2 entries had no date" if domain == "valley.example" else None
                transaction.record(
                    PollRecord(feed.id, at, at + hour, hour, code, error=error,
                               error_reason=reason, note=note, why="an entry comes every 2 h",
                               wire_bytes=None if n else 40_000)
                )  # fmt: skip
