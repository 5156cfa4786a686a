"""The way of one entry, from URL to output. Read it from top to bottom.

    poll      fetch the feed; unchanged means done
    parse     its bytes to entries; which of them are new or changed?      (in a worker process)
    complete  fetch the article pages of those that are teasers
    read      clean text, credits, shingles                                (in a worker process)
    file      store, match with the stories there are, choose each story's origin and face
                                                                  (in the writer's transaction)

What is done in worker processes stands in `reading`, what in the transaction in `filing`. These
three modules join the stages; each stage knows the model and nothing else.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from weakref import WeakValueDictionary

import structlog

from aggregator.credit import Directory
from aggregator.errors import AggregatorError, FetchError, OvertakenError, ParseError
from aggregator.fetch import Accept, Bounds, Fetcher
from aggregator.filing import Filed, file, show, take_back
from aggregator.lessons import Changed, changed, digest, failed, unchanged, wants_full
from aggregator.model import (
    Feed,
    FullText,
    KeptDocument,
    ParsedEntry,
    ParsedFeed,
    PollOutcome,
    Reading,
    Response,
    Validators,
)
from aggregator.outlets import outlet_of
from aggregator.parse import Identified, feeds_named, identify, is_teaser, parse_page
from aggregator.publish import without_secrets
from aggregator.reading import Task, parse, read
from aggregator.store import Store, Transaction
from aggregator.tracing import span
from aggregator.workers import Workers
from aggregator.writer import Writer

_PAGE_TRIES = 3
_MOST_PAGES = 100  # article pages that are fetched in one poll; the rest are left to the next
_MOST_LOOKS = 5  # pages that are looked for in one poll, of entries that left their feed
_GONE = {404, 410}
# Entries are filed in batches, so that a kill in the middle of many page fetches loses few.
_BATCH = 20
_BATCH_WITHOUT_PAGES = 200
_READ_AT_ONCE = 3 * (os.cpu_count() or 1)  # feeds

_STATUS = "http.response.status_code"  # as OpenTelemetry calls it

_FOUND_BY_PAGE = "its address gives an HTML page; the feed that the page names is read instead"

log = structlog.get_logger(__name__)


class Pipeline:
    """The stages, joined. `poll` is called for one feed at a time, for many feeds at once.

    `shared`: other processes file entries in the same store. Should two of them poll one feed at
    once, as one was thought dead, only one files it: the other's poll raises OvertakenError.
    """

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
        shared: bool = False,
    ) -> None:
        self._shared = shared
        self._fetcher = fetcher
        self._workers = workers
        self._store = store
        self._writer = writer
        self._directory = directory
        self._bounds = bounds
        self._clock = clock
        self._dice = dice
        # What was read of many feeds is not kept at hand until the writer comes to it.
        self._desk = asyncio.Semaphore(_READ_AT_ONCE)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def change(self, bounds: Bounds, directory: Directory, workers: Workers) -> None:
        """Go on with these; polls that are under way take them up at their next stage."""
        self._bounds, self._directory, self._workers = bounds, directory, workers

    async def poll(self, feed: Feed) -> PollOutcome:
        """Poll one feed and file what is new in it. Errors of the feed become its outcome."""
        with span("poll", {"feed.url": without_secrets(feed.spec.url)}) as told:
            async with self._turn(feed.id):
                outcome = await self._poll(feed)
            told.tell(
                {
                    "poll.result": outcome.result,
                    _STATUS: outcome.status,
                    "poll.entries": outcome.entries,
                    "poll.entries.new": outcome.entries_new,
                    "poll.merged": outcome.merged,
                    "error.type": outcome.error_reason,
                }
            )
            if outcome.error:
                told.failed(outcome.error_reason)
            return outcome

    async def pushed(
        self, feed_id: int, body: bytes, url: str, content_type: str
    ) -> PollOutcome | None:
        """File what a WebSub hub brought. None where the feed is no more, or it cannot be read."""
        async with self._turn(feed_id):
            feeds = await asyncio.to_thread(self._store.numbered, [feed_id])
            document = KeptDocument(body, url, content_type)
            try:
                parsed, listed = await self._parse(document)
            except ParseError as error:  # the hub's fault, not the feed's
                log.warning("push_unreadable", topic=url, reason=error.reason)
                return None
            for feed in feeds:
                # Like an answer that has what is new only.
                response = Response(url, url, "", 226, {}, body, feed.validators, len(body), 0.0)
                with contextlib.suppress(OvertakenError):  # it was polled at the same moment
                    return await self._take(feed, response, document, parsed, listed, by_hub=True)
            return None

    def _turn(self, feed_id: int) -> asyncio.Lock:
        """One at a time for each feed: a push may come while it is polled."""
        return self._turns.setdefault(feed_id, asyncio.Lock())

    async def _poll(self, feed: Feed) -> PollOutcome:
        try:
            response = await self._ask(feed)
            document = await self._to_read(feed, response)
            if document is None:
                return await self._unchanged(feed, response)
            try:
                parsed, listed = await self._parse(document)
            except ParseError as error:
                response, document = await self._named_instead(feed, document, error)
                parsed, listed = await self._parse(document)
                parsed = replace(parsed, problems=(*parsed.problems, _FOUND_BY_PAGE))
        except (FetchError, ParseError) as error:
            return await self._failed(feed, error)
        return await self._take(feed, response, document, parsed, listed)

    async def _take(
        self,
        feed: Feed,
        response: Response,
        document: KeptDocument,
        parsed: ParsedFeed,
        listed: list[Identified],
        *,
        by_hub: bool = False,
    ) -> PollOutcome:
        """Complete, read and file what is new or changed in a document, polled or pushed."""
        outlet = outlet_of(feed, parsed, self._directory)
        found, fresh, stored = await asyncio.to_thread(self._new_or_changed, feed, listed)
        filed, pages_owed, allowed = Filed(), 0, _MOST_PAGES
        size = _BATCH if any(task.wants_page for task in fresh) else _BATCH_WITHOUT_PAGES
        # Feeds list the newest first; stories are numbered as they are filed, so oldest first.
        for batch in _batches(fresh[::-1], size):
            complete = []
            for task in batch:
                complete.append(await self._complete(feed, task, allowed))
                allowed -= complete[-1].page_state != "none"
            pages_owed += sum(task.page_state == "failed" for task in complete)
            async with self._desk:
                now = self._clock()
                try:
                    with span("read", {"entries": len(complete)}):
                        readings = await self._workers.run(
                            read, outlet, parsed.language, complete, now
                        )
                except ParseError as error:
                    return await self._failed(feed, error)
                job = partial(
                    file, feed=feed, readings=readings, directory=self._directory, now=now
                )
                if self._shared:
                    job = partial(_unless_filed, job, feed, readings, stored | set(filed.numbers))
                with span("file", {"entries": len(readings)}):
                    filed += await self._writer.write(job)
        present = {item.known_id for item in found if item.known_id} | set(filed.numbers)
        read_now = Changed(
            parsed,
            document,
            filed.entries_new,
            filed.entries_changed,
            tuple(date for item in listed if (date := item.entry.published or item.entry.updated)),
            pages_owed,
            by_hub,
        )
        return await self._changed(feed, response, read_now, filed, present)

    # --------------------------------------------------------------------------- the stages

    async def _ask(self, feed: Feed) -> Response:
        """Ask for the feed; in full now and then, to see whether its validators tell the truth."""
        full = wants_full(feed, self._clock())
        with span("fetch", {"url.full": without_secrets(feed.poll_url)}) as told:
            response = await self._fetcher.get(
                feed.poll_url,
                validators=Validators() if full else feed.validators,
                waited=feed.error_reason == "asked_to_wait",
            )
            told.tell({_STATUS: response.status, "http.response.body.size": len(response.body)})
        return response

    async def _to_read(self, feed: Feed, response: Response) -> KeptDocument | None:
        """The document that is to be read; None where nothing changed and nothing is owed.

        While article pages are owed, the last document is read again, so that they are tried
        again without asking the server for what it has given already.
        """
        same = bool(response.body) and digest(response.body) == feed.body_digest
        if not response.not_modified and not same:
            return KeptDocument(response.body, response.final_url, response.content_type)
        return await asyncio.to_thread(self._store.kept, feed.id) if feed.pages_owed else None

    async def _parse(self, document: KeptDocument) -> tuple[ParsedFeed, list[Identified]]:
        with span("parse"):
            return await self._workers.run(
                parse, document.body, document.url, document.content_type
            )

    async def _named_instead(
        self, feed: Feed, document: KeptDocument, error: ParseError
    ) -> tuple[Response, KeptDocument]:
        """The feed that an HTML page names, where a feed was; tried once for each such page.

        Raises the error, where it was about something else or this leads nowhere.
        """
        if error.reason != "html_page" or feed.error_reason == "html_page":
            raise error
        named = await self._workers.run(feeds_named, document.body, document.url)
        if not named or named[0] == feed.poll_url:
            raise error
        try:
            response = await self._fetcher.get(named[0])
        except FetchError as failure:
            log.info("discovery_failed", feed=feed.spec.url, url=named[0], reason=failure.reason)
            raise error from failure
        found = KeptDocument(response.body, response.final_url, response.content_type)
        return response, found

    def _new_or_changed(
        self, feed: Feed, listed: Sequence[Identified]
    ) -> tuple[list[Identified], list[Task], set[int]]:
        """Which entries are which, those that must be read (again), and what is stored of them."""
        known = self._store.known(feed.id, [item.keys for item in listed])
        pages = {entry.id: (state, tries) for entry, state, tries in known}
        found = identify(listed, [entry for entry, _, _ in known])
        tasks = []
        for item in found:
            state, tries = pages.get(item.known_id or 0, ("none", 0))
            again = state == "failed" and tries < _PAGE_TRIES
            if item.known_id is None or item.changed or again:
                wants_page = _wants_page(feed, item.entry)
                tasks.append(Task(item, wants_page, page_tries=0 if item.changed else tries))
        return found, tasks, set(pages)

    async def _complete(self, feed: Feed, task: Task, allowed: int) -> Task:
        """Fetch the article page, when the feed carries only a teaser.

        Where no more are `allowed`, the page is owed, and fetched after the next poll.
        """
        entry = task.found.entry
        if not task.wants_page:
            return task
        if allowed <= 0:
            return replace(task, page_state="failed")
        try:
            with span("page", {"url.full": without_secrets(entry.url)}):
                response = await self._fetcher.get(entry.url, accept=Accept.PAGE)
                page = await self._workers.run(
                    parse_page,
                    response.body,
                    url=response.final_url,
                    content_type=response.content_type,
                )
        except (FetchError, ParseError) as error:
            log.info("page_failed", feed=feed.spec.url, url=entry.url, reason=error.reason)
            if error.reason == "robots":  # it says so for good
                return task
            tries = task.page_tries + (error.reason != "host_resting")
            return replace(task, page_state="failed", page_tries=tries)
        return replace(task, page=page, page_state="read")

    async def _look_after(self, feed: Feed, missed: Sequence[tuple[int, str]]) -> None:
        """Tell what was withdrawn: what left its feed before older entries, and has no page.

        Either alone says nothing: feeds have reasons of their own to leave something out.
        """
        if feed.spec.full_text is FullText.NEVER:  # its pages are not to be asked for
            return
        gone = []
        for number, url in missed[:_MOST_LOOKS]:
            try:
                await self._fetcher.get(url, accept=Accept.PAGE)
            except FetchError as error:
                if error.status in _GONE:
                    log.info("withdrawn", feed=feed.spec.url, url=url, status=error.status)
                    gone.append(number)
        if gone:
            now = self._clock()
            job = partial(take_back, gone=gone, directory=self._directory, now=now)
            await self._writer.write(job)

    async def retire(self, retention: timedelta) -> dict[str, int]:
        """Forget entries and stories that are older; how many of what that were."""
        now = self._clock()

        def job(transaction: Transaction) -> dict[str, int]:
            gone, faceless = transaction.retire(now, retention)
            show(transaction, faceless, self._directory, now)
            return gone

        return await self._writer.write(job)

    # ------------------------------------------------------------------ how a poll can end

    async def _unchanged(self, feed: Feed, response: Response) -> PollOutcome:
        record = unchanged(feed, response, self._clock(), self._bounds, self._dice)
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
        record = failed(feed, error, self._clock(), self._bounds, self._dice)
        await self._writer.write(lambda transaction: transaction.record(record))
        return PollOutcome(
            feed.spec.url,
            "failed",
            status=record.status,
            error=str(error),
            error_reason=error.reason,
        )

    async def _changed(
        self, feed: Feed, response: Response, found: Changed, filed: Filed, present: set[int]
    ) -> PollOutcome:
        record = changed(feed, response, found, self._clock(), self._bounds, self._dice)
        whole = not response.partial and not found.parsed.cut_off
        missed: list[tuple[int, str]] = []

        def finish(transaction: Transaction) -> None:
            if whole:  # what a part does not list may still be there
                missed[:] = transaction.drop(feed.id, present, record.at)
            transaction.record(record)

        await self._writer.write(finish)
        await self._look_after(feed, missed)
        return PollOutcome(
            feed.spec.url,
            "not_modified" if response.not_modified else "fetched",
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


def _unless_filed(
    job: Callable[[Transaction], Filed],
    feed: Feed,
    readings: Sequence[Reading],
    ours: set[int],
    transaction: Transaction,
) -> Filed:
    """File readings, if nobody filed them since they were looked for.

    `ours` are the entries that were stored then, or filed by ourselves.
    """
    new = [reading.keys for reading in readings if reading.known_id is None]
    if new and transaction.known(feed.id, new) - ours:
        raise OvertakenError(
            f"{feed.spec.url} was polled by another process meanwhile.", reason="overtaken"
        )
    return job(transaction)


def _wants_page(feed: Feed, entry: ParsedEntry) -> bool:
    if not entry.url or feed.spec.full_text is FullText.NEVER:
        return False
    return feed.spec.full_text is FullText.ALWAYS or is_teaser(entry)


def _batches(tasks: Sequence[Task], size: int) -> Iterable[Sequence[Task]]:
    return (tasks[start : start + size] for start in range(0, len(tasks), size))
