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
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

import structlog

from aggregator.credit import Directory
from aggregator.errors import AggregatorError, FetchError, ParseError
from aggregator.fetch import Accept, Bounds, Fetcher, after_failure, after_success
from aggregator.filing import Filed, file, show, take_back
from aggregator.model import (
    Feed,
    FullText,
    ParsedEntry,
    ParsedFeed,
    PollOutcome,
    PollRecord,
    Response,
    Validators,
)
from aggregator.outlets import outlet_of
from aggregator.parse import Identified, identify, is_teaser, parse_page
from aggregator.reading import Task, parse, read
from aggregator.store import Store, Transaction
from aggregator.workers import Workers
from aggregator.writer import Writer

_PAGE_TRIES = 3
_MOST_PAGES = 100  # article pages that are fetched in one poll; the rest are left to the next
_MOST_LOOKS = 5  # pages that are looked for in one poll, of entries that left their feed
_GONE = {404, 410}
# Entries are filed in batches, so that a kill in the middle of many page fetches loses few.
_BATCH = 20
_BATCH_WITHOUT_PAGES = 200

log = structlog.get_logger(__name__)


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
        size = _BATCH if any(task.wants_page for task in fresh) else _BATCH_WITHOUT_PAGES
        # Feeds list the newest first; stories are numbered as they are filed, so oldest first.
        for batch in _batches(fresh[::-1], size):
            complete = []
            for task in batch:
                complete.append(await self._complete(feed, task, allowed))
                allowed -= complete[-1].page_state != "none"
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
                wants_page = _wants_page(feed, item.entry)
                tasks.append(Task(item, wants_page, page_tries=0 if item.changed else tries))
        return found, tasks

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

        missed: list[tuple[int, str]] = []

        def finish(transaction: Transaction) -> None:
            missed[:] = transaction.drop(feed.id, present, record.at)
            transaction.record(record)

        await self._writer.write(finish)
        await self._look_after(feed, missed)
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


def _wants_page(feed: Feed, entry: ParsedEntry) -> bool:
    if not entry.url or feed.spec.full_text is FullText.NEVER:
        return False
    return feed.spec.full_text is FullText.ALWAYS or is_teaser(entry)


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest() if body else ""


def _note(parsed: ParsedFeed, pages_owed: int) -> str:
    notes = list(parsed.problems)
    if parsed.skipped:
        notes.append(f"{parsed.skipped} entries were left out")
    if pages_owed:
        pages = "1 article page is" if pages_owed == 1 else f"{pages_owed} article pages are"
        notes.append(f"{pages} still to be fetched")
    return "; ".join(notes)


def _batches(tasks: Sequence[Task], size: int) -> Iterable[Sequence[Task]]:
    return (tasks[start : start + size] for start in range(0, len(tasks), size))
