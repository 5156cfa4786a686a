"""The way of one entry, from URL to output. Read it from top to bottom.

    poll      fetch the feed; unchanged means done
    parse     its bytes to entries; which of them are new or changed?
    complete  fetch the article pages of those that are teasers
    read      clean text, credits, shingles                         (in a worker process)
    file      store, match with the stories there are, choose each story's origin and face

Only this module joins the stages; each of them knows the model and nothing else.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from random import Random
from typing import Literal

import structlog

from aggregator.credit import (
    Directory,
    carrier_of,
    load_directory,
    read_credits,
    trace,
)
from aggregator.errors import AggregatorError, FetchError, ParseError
from aggregator.fetch import Accept, Bounds, Fetcher, after_failure, after_success
from aggregator.match import decide, fingerprint
from aggregator.model import (
    Block,
    Carried,
    Copy,
    Decision,
    Document,
    Feed,
    FullText,
    Outlet,
    Page,
    ParsedFeed,
    PollOutcome,
    PollRecord,
    Reading,
    Response,
    Validators,
)
from aggregator.outlets import outlet_of
from aggregator.parse import (
    Identified,
    identify,
    is_teaser,
    parse_feed,
    parse_page,
    tidy,
    told_apart,
)
from aggregator.store import Store, Transaction
from aggregator.story import compose, story_text
from aggregator.workers import Workers
from aggregator.writer import Writer

_PAGE_TRIES = 3
_MOST_PAGES = 100  # article pages that are fetched in one poll; the rest are left to the next
_SAME_TIME = timedelta(hours=6)
# Entries are filed in batches, so that a kill in the middle of many page fetches loses few.
_BATCH = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """One entry that is new or changed, with its article page when one was fetched."""

    found: Identified
    page: Page | None = None
    page_state: Literal["none", "read", "failed"] = "none"
    page_tries: int = 0


@dataclass(frozen=True, slots=True)
class Filed:
    """What filing entries came to."""

    numbers: tuple[int, ...] = ()
    entries_new: int = 0
    entries_changed: int = 0
    stories_new: int = 0
    merged: int = 0
    credits: Mapping[str, int] = field(default_factory=dict)  # by where they stand

    def __add__(self, other: "Filed") -> "Filed":
        return Filed(
            self.numbers + other.numbers,
            self.entries_new + other.entries_new,
            self.entries_changed + other.entries_changed,
            self.stories_new + other.stories_new,
            self.merged + other.merged,
            Counter(self.credits) + Counter(other.credits),
        )


class Pipeline:
    """The stages, joined. `poll` is called for one feed at a time, for many feeds at once."""

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        workers: Workers,
        store: Store,
        writer: Writer,
        directory: Directory,
        bounds: Bounds,
        clock: Callable[[], datetime],
        dice: Random,
    ) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._store = store
        self._writer = writer
        self._directory = directory
        self._bounds = bounds
        self._clock = clock
        self._dice = dice

    async def poll(self, feed: Feed) -> PollOutcome:
        """Poll one feed and file what is new in it. Errors of the feed become its outcome."""
        try:
            response = await self._fetcher.get(feed.poll_url, validators=feed.validators)
            same = _digest(response.body) == feed.body_digest and response.body
            if response.not_modified or same:
                return await self._unchanged(feed, response)
            parsed, listed = await self._workers.run(
                parse, response.body, response.final_url, response.content_type
            )
        except (FetchError, ParseError) as error:
            return await self._failed(feed, error)

        outlet = outlet_of(feed, parsed, self._directory)
        found, fresh = await asyncio.to_thread(self._new_or_changed, feed, listed)
        filed, pages_owed, allowed = Filed(), 0, _MOST_PAGES
        # Feeds list the newest first; stories are numbered as they are filed, so oldest first.
        for batch in _batches(fresh[::-1], _BATCH):
            complete = [await self._complete(feed, task, allowed) for task in batch]
            allowed -= sum(task.page_state != "none" for task in complete)
            pages_owed += sum(task.page_state == "failed" for task in complete)
            now = self._clock()
            try:
                readings = await self._workers.run(read, outlet, parsed.language, complete, now)
            except ParseError as error:
                return await self._failed(feed, error)
            job = partial(file, feed=feed, readings=readings, directory=self._directory, now=now)
            filed += await self._writer.write(job)
        present = {item.known_id for item in found if item.known_id} | set(filed.numbers)
        return await self._changed(feed, response, parsed, filed, present, pages_owed)

    # --------------------------------------------------------------------------- the stages

    def _new_or_changed(
        self, feed: Feed, listed: Sequence[Identified]
    ) -> tuple[list[Identified], list[Task]]:
        """Which entries are which, and those that must be read (again)."""
        known = self._store.known(feed.id, [item.keys for item in listed])
        pages = {entry.id: (state, tries) for entry, state, tries in known}
        found = identify(listed, [entry for entry, _, _ in known])
        tasks = []
        for item in found:
            state, tries = pages.get(item.known_id or 0, ("none", 0))
            again = state == "failed" and tries < _PAGE_TRIES
            if item.known_id is None or item.changed or again:
                tasks.append(Task(item, page_tries=0 if item.changed else tries))
        return found, tasks

    async def _complete(self, feed: Feed, task: Task, allowed: int) -> Task:
        """Fetch the article page, when the feed carries only a teaser.

        Where no more are `allowed`, the page is owed, and fetched after the next poll.
        """
        entry, wish = task.found.entry, feed.spec.full_text
        wanted = wish is FullText.ALWAYS or (wish is FullText.AUTO and is_teaser(entry))
        if not wanted or not entry.url:
            return task
        if allowed <= 0:
            return replace(task, page_state="failed")
        try:
            response = await self._fetcher.get(entry.url, accept=Accept.PAGE)
            page = await self._workers.run(
                parse_page,
                response.body,
                url=response.final_url,
                content_type=response.content_type,
            )
        except (FetchError, ParseError) as error:
            log.info("page_failed", feed=feed.spec.url, url=entry.url, reason=error.reason)
            return replace(task, page_state="failed", page_tries=task.page_tries + 1)
        return replace(task, page=page, page_state="read")

    async def retire(self, retention: timedelta) -> dict[str, int]:
        """Forget entries and stories that are older; how many of what that were."""
        now = self._clock()

        def job(transaction: Transaction) -> dict[str, int]:
            gone, faceless = transaction.retire(now, retention)
            _show(transaction, faceless, self._directory, now)
            return gone

        return await self._writer.write(job)

    # ------------------------------------------------------------------ how a poll can end

    async def _unchanged(self, feed: Feed, response: Response) -> PollOutcome:
        record = replace(
            self._success(feed),
            status=response.status,
            poll_url=response.permanent_url,
            # A 304 may carry new validators (RFC 9110, 15.4.5); none leaves the old ones.
            validators=response.validators if response.validators != Validators() else None,
        )
        await self._writer.write(lambda transaction: transaction.record(record))
        return PollOutcome(
            feed.spec.url, "not_modified", status=response.status, seconds=response.seconds
        )

    async def crashed(self, feed: Feed, error: Exception) -> PollOutcome:
        """Record a poll that ended in an error nobody foresaw, so that it is not tried at once."""
        told = f"{type(error).__name__}: {error}"
        remedy = "This is a bug in aggregator; the log has the whole of it."
        return await self._failed(feed, AggregatorError(told, reason="crashed", remedy=remedy))

    async def _failed(self, feed: Feed, error: AggregatorError) -> PollOutcome:
        now = self._clock()
        then = after_failure(
            now,
            self._bounds,
            self._dice,
            failures=feed.failures + 1,
            retry_after=getattr(error, "retry_after", None),
            gone=error.reason == "gone",
        )
        status = getattr(error, "status", None)
        record = PollRecord(
            feed.id,
            now,
            then.at,
            then.interval,
            status,
            error=str(error),
            error_reason=error.reason,
        )
        await self._writer.write(lambda transaction: transaction.record(record))
        return PollOutcome(
            feed.spec.url, "failed", status=status, error=str(error), error_reason=error.reason
        )

    async def _changed(  # noqa: PLR0917  (all that one poll brought)
        self,
        feed: Feed,
        response: Response,
        parsed: ParsedFeed,
        filed: Filed,
        present: set[int],
        pages_owed: int,
    ) -> PollOutcome:
        # While pages are owed, the feed is asked for unconditionally, so that they are tried again.
        owed = pages_owed > 0
        record = replace(
            self._success(feed, parsed),
            status=response.status,
            poll_url=response.permanent_url,
            validators=Validators() if owed else response.validators,
            body_digest="" if owed else _digest(response.body),
            title=parsed.title,
            site_url=parsed.url,
            note=_note(parsed, pages_owed),
        )

        def finish(transaction: Transaction) -> None:
            transaction.drop(feed.id, present, record.at)
            transaction.record(record)

        await self._writer.write(finish)
        return PollOutcome(
            feed.spec.url,
            "fetched",
            status=response.status,
            entries=len(present),
            entries_new=filed.entries_new,
            entries_changed=filed.entries_changed,
            stories_new=filed.stories_new,
            merged=filed.merged,
            body_bytes=len(response.body),
            seconds=response.seconds,
            credits=filed.credits,
            note=record.note or "",
        )

    def _success(self, feed: Feed, parsed: ParsedFeed | None = None) -> PollRecord:
        now = self._clock()
        # An unchanged document has its last wish stand; one that just recovered has none.
        ttl = parsed.ttl if parsed else (feed.interval if not feed.failures else None)
        then = after_success(now, self._bounds, self._dice, ttl=ttl)
        return PollRecord(feed.id, now, then.at, then.interval)


# ----------------------------------------------------------- parse, read: in a worker process

_learned: tuple[Outlet, ...] = ()


def know_outlets(outlets: tuple[Outlet, ...]) -> None:
    """Tell this process of the outlets of the user's own feeds. Called when a worker starts."""
    global _learned  # noqa: PLW0603  (a worker's memory is the only place it can stand)
    _learned = outlets
    _directory.cache_clear()


def parse(body: bytes, url: str, content_type: str) -> tuple[ParsedFeed, list[Identified]]:
    """A feed document: what it says of itself, and its entries, each once."""
    feed = parse_feed(body, url=url, content_type=content_type)
    return replace(feed, entries=()), told_apart(feed.entries)


def read(outlet: Outlet, language: str, tasks: Sequence[Task], now: datetime) -> list[Reading]:
    """Read each entry: its clean text, whom it credits, and the shingles it is matched by."""
    return [_read_one(outlet, language, task, now) for task in tasks]


def _read_one(outlet: Outlet, language: str, task: Task, now: datetime) -> Reading:
    entry, page, directory = task.found.entry, task.page, _directory()
    carrier = carrier_of(outlet, entry, directory)
    body, shown = tidy(entry.html, base_url=entry.url)
    # The page has the fuller text, unless less was found in it than the feed offers.
    from_page = page is not None and _length(page.blocks) >= _length(body)
    if page is not None and from_page:
        body = page.blocks
    language = entry.language or (page.language if page else "") or language
    credits_found = read_credits(
        body,
        marks=entry.marks + (page.marks if page else ()),
        carrier=carrier,
        url=page.url if page else entry.url,
        title=entry.title,
        language=language,
        directory=directory,
    )
    offered = "content_html" if entry.content_html else "summary_html"
    document = Document(carrier.name, entry.title, story_text(body, credits_found), now)
    return Reading(
        entry=replace(entry, language=language, **{offered: shown}),  # type: ignore[arg-type]
        keys=task.found.keys,
        digest=task.found.digest,
        known_id=task.found.known_id,
        carrier=carrier,
        document=document,
        hashes=tuple(fingerprint(document)),
        credits=credits_found,
        page_html=page.html if page and from_page else "",
        page_state=task.page_state,
        page_tries=task.page_tries,
    )


@cache
def _directory() -> Directory:
    return load_directory().with_outlets(_learned)


# ------------------------------------------------------- file: in the writer's transaction


def file(
    transaction: Transaction,
    *,
    feed: Feed,
    readings: Sequence[Reading],
    directory: Directory,
    now: datetime,
) -> Filed:
    """Store the entries, make each a copy of a story, and give the stories their faces."""
    before = transaction.documents([r.known_id for r in readings if r.known_id is not None])
    numbers = transaction.save(feed.id, readings, now)
    transaction.index.prime([hash_ for reading in readings for hash_ in reading.hashes])
    listed = transaction.stories_at(feed.id, (reading.keys.link for reading in readings))
    touched: set[int] = set()
    stories_new = merged = 0
    for number, reading in zip(numbers, readings, strict=True):
        story, news = _place(
            transaction, number, reading, before=before.get(number), listed=listed, now=now
        )
        touched.add(story)
        stories_new += news == "story"
        merged += news == "copy"
    _show(transaction, touched, directory, now)
    known = sum(reading.known_id is not None for reading in readings)
    credited = Counter(credit.where.value for reading in readings for credit in reading.credits)
    return Filed(tuple(numbers), len(readings) - known, known, stories_new, merged, credited)


def _place(
    transaction: Transaction,
    number: int,
    reading: Reading,
    *,
    before: Document | None,
    listed: dict[str, list[tuple[int, datetime | None]]],
    now: datetime,
) -> tuple[int, Literal["story", "copy", "stays"]]:
    """Make an entry a copy of a story: its own, one that has its text, or a new one.

    `before` is the entry's text as it was until now, where it is an old one.
    """
    document, hashes = reading.document, reading.hashes
    current = transaction.story_of(number) if reading.known_id is not None else None
    if current is not None:
        if not transaction.alone(current):  # others rely on it: an edit parts nobody
            transaction.index.add(current, document, hashes)
            return current, "stays"
        if before is not None:
            transaction.index.remove(current, fingerprint(before))

    decision = _same_address(listed, reading) or decide(document, transaction.index)
    same = {story for story in (current, decision.story, *decision.also) if story is not None}
    target = min(same) if same else transaction.new_story(now)
    for younger in sorted(same - {target}):
        transaction.join(target, younger, _hashes_of(transaction, younger))
        for link, found in listed.items():
            listed[link] = [(target if s == younger else s, at) for s, at in found]
    transaction.place(number, target, decision)
    transaction.index.add(target, document, hashes)
    if decision.story is not None:
        return target, "copy"
    return target, "story" if current is None else "stays"


def _hashes_of(transaction: Transaction, story: int) -> list[int]:
    copies = transaction.copies([story]).get(story, ())
    texts = transaction.documents([copy.entry for copy in copies]).values()
    return [hash_ for text in texts for hash_ in fingerprint(text)]


def _same_address(
    listed: Mapping[str, Sequence[tuple[int, datetime | None]]], reading: Reading
) -> Decision | None:
    """Two feeds that list one page at about one time list one text, however much they quote.

    The time keeps apart what an outlet puts at one address day after day.
    """
    published = reading.entry.published
    if published is None:
        return None
    for story, at in listed.get(reading.keys.link, ()):
        if at is not None and abs(at - published) <= _SAME_TIME:
            reason = "Both feeds list the same page."
            return Decision(story, score=1.0, threshold=1.0, reason=reason)
    return None


def _show(
    transaction: Transaction, stories: Iterable[int], directory: Directory, now: datetime
) -> None:
    """Choose origin and face of each story from all its copies, and publish what changed."""
    told = transaction.copies(sorted(stories))
    texts = transaction.documents([copy.entry for copies in told.values() for copy in copies])
    faces = {
        story: compose(copies, trace([_carried(copy) for copy in copies], directory), texts)
        for story, copies in told.items()
    }
    changed = transaction.show(faces, now)
    if faces:
        transaction.published()
    log.debug("shown", stories=len(faces), changed=changed)


def _carried(copy: Copy) -> Carried:
    outlet = Outlet(copy.outlet, (copy.domain,) if copy.domain else ())
    return Carried(
        outlet, copy.url, copy.first_seen, copy.credits, copy.published, key=str(copy.entry)
    )


# ---------------------------------------------------------------------------- small tools


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest() if body else ""


def _note(parsed: ParsedFeed, pages_owed: int) -> str:
    notes = list(parsed.problems)
    if parsed.skipped:
        notes.append(f"{parsed.skipped} entries were left out")
    if pages_owed:
        notes.append(f"{pages_owed} article pages are still to be fetched")
    return "; ".join(notes)


def _length(body: Iterable[Block]) -> int:
    return sum(len(block.text) for block in body)


def _batches(tasks: Sequence[Task], size: int) -> Iterable[Sequence[Task]]:
    return (tasks[start : start + size] for start in range(0, len(tasks), size))
