"""The merged feed over HTTP: built once for each change of the stories, then served from memory."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from aggregator.errors import NotFoundError, StoreError
from aggregator.store import NIL
from aggregator.web.addresses import base_of, own_url
from aggregator.web.api import must_be_known
from aggregator.web.http import (
    HEEDED,
    Answer,
    Headers,
    Representation,
    answer,
    answer_at_hand,
    request_headers,
)
from aggregator.web.parameters import read_feed_selection, read_slice
from aggregator.web.site import FeedWish, Site
from aggregator.web.watched import Watched

_MOST_BYTES = 64_000_000
_CACHE_CONTROL = "public, max-age=60"
_CACHE_CONTROL_OF_ARCHIVES = "public, max-age=3600"
_PLAIN_XML = "application/xml; charset=utf-8"
_PASSING = 60.0  # seconds that a feed of what is young is kept
_MOST_ANSWERS = 2000  # requests that differ in what is heeded of them
# A feed is no page: nothing in it is run or framed, whatever a browser makes of it.
SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    ),
]
_FORMS = {"rss": "rss", "xml": "rss", "atom": "atom", "json": "json"}

_HEEDED = HEEDED | {b"host", b"accept"}

log = structlog.get_logger(__name__)

_Asked = tuple[str | bytes | tuple[bytes, bytes], ...]  # all that an answer depends on


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    representation: Representation
    until: float  # of the monotonic clock

    def is_of(self, version: str | None) -> bool:
        """Whether it is what a version of the stories is served as, still."""
        return self.version == version and self.until >= time.monotonic()


class Feeds:
    """An ASGI endpoint for `/feed.FORM` and `/feeds/NAME.FORM`."""

    def __init__(self, site: Site, version: Watched) -> None:
        self._site = site
        self._version = version
        self._kept: OrderedDict[tuple[str, ...], _Kept] = OrderedDict()
        self._building: dict[tuple[str, ...], asyncio.Task[Representation]] = {}
        self._answers: dict[_Asked, tuple[_Kept, Answer]] = {}

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer a GET."""
        base = base_of(self._site, scope)
        representation = await self._current(_key(base, scope), scope, base)
        # In a thread, as it may have to compress.
        status, headers, body = await asyncio.to_thread(
            answer, representation, request_headers(scope)
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def at_hand(self, scope: Scope) -> Answer | None:
        """The answer to a GET that can be given at once; None for one that takes some work."""
        asked = _asked(scope)
        version = self._version.at_hand()
        found = self._answers.get(asked)
        if found is not None and found[0].is_of(version):
            return found[1]
        return None if version is None else self._find_answer(asked, scope, version)

    def _find_answer(self, asked: _Asked, scope: Scope, version: str) -> Answer | None:
        """The answer out of a document that is kept, and is kept itself from then on."""
        kept = self._kept.get(_key(base_of(self._site, scope), scope))
        if kept is None or not kept.is_of(version):
            return None
        answer = answer_at_hand(kept.representation, request_headers(scope))
        if answer is None:
            return None
        status, headers, body = answer
        if status == 200:
            answer = status, headers + SECURITY, body
        if len(self._answers) >= _MOST_ANSWERS:
            self._answers.clear()
        self._answers[asked] = kept, answer
        return answer

    async def _current(self, key: tuple[str, ...], scope: Scope, base: str) -> Representation:
        kept = self._kept.get(key)
        try:
            version = await self._version()
            if kept is not None and kept.is_of(version):
                self._kept.move_to_end(key)
                return kept.representation
            return await self._build(key, version, scope, base)
        except StoreError as error:
            if kept is None:
                raise
            # What was right a moment ago serves subscribers better than an error.
            log.warning("served_from_memory", path=scope["path"], reason=error.reason)
            return kept.representation

    async def _build(
        self, key: tuple[str, ...], version: str, scope: Scope, base: str
    ) -> Representation:
        """Build a document; those who ask for it meanwhile wait for the same one."""
        task = self._building.get(key)
        if task is None:
            task = asyncio.create_task(self._built(key, version, scope, base))
            self._building[key] = task
            task.add_done_callback(lambda _: self._building.pop(key, None))
        return await asyncio.shield(task)

    async def _built(
        self, key: tuple[str, ...], version: str, scope: Scope, base: str
    ) -> Representation:
        wish = _wish(scope, base)
        for cursor in {wish.query.before, wish.query.after} - {NIL}:
            await asyncio.to_thread(must_be_known, self._site, cursor)
        try:
            document = await asyncio.to_thread(self._site.feed, wish)
        except NotFoundError as error:
            raise HTTPException(404, str(error)) from error
        # Chromium shows XML with its style only where it is called XML and nothing else.
        looked_at = wish.form != "json" and _is_looked_at(scope)
        fresh = Representation(
            document.body,
            _PLAIN_XML if looked_at else document.media_type,
            _CACHE_CONTROL_OF_ARCHIVES if document.archived else _CACHE_CONTROL,
            modified=document.modified,
            vary="accept-encoding, accept" if wish.form != "json" else "accept-encoding",
            link=", ".join(
                f'<{address}>; rel="{relation}"' for relation, address in document.links
            ),
        )
        before = self._kept.get(key)
        if before is not None:
            fresh = _later(before.representation, fresh)
        until = time.monotonic() + _PASSING if document.passing else float("inf")
        self._keep(key, _Kept(version, fresh, until))
        return fresh

    def _keep(self, key: tuple[str, ...], kept: _Kept) -> None:
        self._answers.clear()  # of the document that this one may take the place of
        self._kept[key] = kept
        self._kept.move_to_end(key)
        # Twice the body, as its compressed forms come later.
        size = sum(2 * one.representation.size for one in self._kept.values())
        while size > _MOST_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            size -= 2 * oldest.representation.size


def _asked(scope: Scope) -> _Asked:
    heeded = [header for header in scope["headers"] if header[0] in _HEEDED]
    return (scope["path"], scope["query_string"], scope["scheme"], *heeded)


def _key(base: str, scope: Scope) -> tuple[str, ...]:
    shown = "shown" if _is_looked_at(scope) else ""
    return (base, scope["path"], scope["query_string"].decode("latin-1"), shown)


def _is_looked_at(scope: Scope) -> bool:
    """Whether a browser asks for something to show."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _wish(scope: Scope, base: str) -> FeedWish:
    """What a request wants. Raises 404 for another form, 422 for wrong parameters."""
    folder, _, file = scope["path"].rpartition("/")
    stem, _, ending = file.rpartition(".")
    form = _FORMS.get(ending)
    if form is None:
        raise HTTPException(404, "Feeds end in .rss, .atom, .json or .xml.")
    wish = FeedWish(form, own_url(base, scope), f"{base}/")
    if folder:
        return replace(wish, name=stem, query=read_slice(scope["query_string"]).query())
    return replace(wish, query=read_feed_selection(scope["query_string"]).query())


def _later(before: Representation, fresh: Representation) -> Representation:
    """A document that differs from the one before it has to have changed later, too.

    Its content alone does not always tell: a story that was taken out leaves no time behind.
    """
    if fresh.digest == before.digest:
        return before
    if before.modified and fresh.modified and fresh.modified <= before.modified:
        fresh.modified = max(datetime.now(UTC).replace(microsecond=0), before.modified)
    return fresh
