"""The loopback newsroom: a web server at which each outlet has an address of its own."""

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web

from aggregator.demo import pages
from aggregator.demo.badfeeds import BAD_FEEDS, bad_feed
from aggregator.demo.copydesk import Article, CopyDesk, page_path
from aggregator.demo.desk import Change, Desk, Item, Outlet, load_desk
from aggregator.errors import AggregatorError

_TRIES = 20
_OTHERS = 5  # articles that a page mentions beside its own

_PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 160">
<path fill="#cde" d="M0 0h400v160H0z"/>
<path fill="#579" d="M0 110q50-30 100 0t100 0 100 0 100 0v50H0z"/>
</svg>"""


def utc_now() -> datetime:
    """The clock of the wall, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Hit:
    """One request: who asked for what, and how it ended. `status` is 0 while it is under way."""

    outlet: str  # its key, or the bad feed's name
    address: str
    path: str
    at: datetime
    user_agent: str
    conditional: bool
    status: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Edition:
    """What is out at one moment. Replaced as a whole, so that any thread may read it."""

    tick: int
    times: tuple[datetime, ...]  # when each tick came
    held: frozenset[str] = frozenset()
    edits: tuple[tuple[datetime, Change], ...] = ()
    dice: int | None = None  # shuffles the order within feeds


class Newsroom:
    """The server. Use `opened`; what it shows can be changed from any thread meanwhile.

    `latency` is how long each answer is held back, in seconds. With `bad_feeds`, the feeds of
    `BAD_FEEDS` are there too.
    """

    def __init__(
        self,
        desk: Desk | None = None,
        *,
        bad_feeds: Iterable[str] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.desk = desk or load_desk()
        self.log: list[Hit] = []
        self.latency = 0.0
        self.port = 0
        self._bad = tuple(bad_feeds)
        self._clock = clock
        self._edition = _Edition(0, (clock(),))
        self._at = {f"127.0.0.{o.address}": o for o in self.desk.outlets.values()}

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator["Newsroom"]:
        """Serve, on one port of all addresses, until the end of the block.

        Raises AggregatorError where the addresses of 127.0.0.0/8 cannot be had.
        """
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        # A client that has gone ends its handler, or the endless feeds would never end.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        try:
            for bound in _bound([*self._at, *(BAD_FEEDS[name] for name in self._bad)]):
                self.port = bound.getsockname()[1]
                await web.SockSite(runner, bound).start()
            yield self
        finally:
            await runner.cleanup()

    # ---------------------------------------------------------------- where things are

    def url(self, outlet: str, path: str = "/") -> str:
        """The URL of a path at an outlet."""
        return f"http://127.0.0.{self.desk.outlets[outlet].address}:{self.port}{path}"

    def page_url(self, key: str) -> str:
        """The URL of an item's page, by the item's key (outlet/story)."""
        outlet, _, story = key.partition("/")
        return self.url(outlet, page_path(self.desk.outlets[outlet], story))

    def feeds(self) -> list[dict[str, str]]:
        """The feeds, as config.yaml lists them; bad ones last."""
        good = [
            {
                "url": self.url(outlet.key, outlet.feed),
                "name": outlet.name,
                "domain": outlet.domain,
                "category": outlet.category,
            }
            for outlet in self.desk.outlets.values()
            if outlet.feed
        ]
        return good + [{"url": self.bad_url(name), "name": name} for name in self._bad]

    def bad_url(self, name: str) -> str:
        """The URL of a bad feed."""
        return f"http://{BAD_FEEDS[name]}:{self.port}/feed.xml"

    # ---------------------------------------------------------------- what is out

    @property
    def tick(self) -> int:
        """How many ticks there were."""
        return self._edition.tick

    def advance(self, to: int | None = None) -> bool:
        """Let the next tick come, or all up to `to`. Whether there are more."""
        now, edition = self._clock(), self._edition
        to = edition.tick + 1 if to is None else to
        times = edition.times + (now,) * (to - edition.tick)
        changes = [c for c in self.desk.changes if edition.tick < c.tick <= to]
        edits = edition.edits + tuple((now, change) for change in changes)
        self._edition = replace(edition, tick=to, times=times, edits=edits)
        return to < self.desk.last_tick

    def hold(self, *keys: str) -> None:
        """Leave items (outlet/story) out of their feeds. Their pages are there all the same."""
        self._edition = replace(self._edition, held=self._edition.held | set(keys))

    def release(self, *keys: str) -> None:
        """List held items; all of them when none is named."""
        held = self._edition.held - set(keys) if keys else frozenset()
        self._edition = replace(self._edition, held=held)

    def edit(self, key: str, *, title: str = "", add: str = "") -> None:
        """Change an item: its title, or a paragraph more."""
        outlet, _, story = key.partition("/")
        change = Change(tick=self.tick, outlet=outlet, story=story, title=title, add=add)
        edits = (*self._edition.edits, (self._clock(), change))
        self._edition = replace(self._edition, edits=edits)

    def shuffle(self, seed: int) -> None:
        """List the items of each feed in an order of chance."""
        self._edition = replace(self._edition, dice=seed)

    def listed(self, outlet: str) -> list[Item]:
        """The items that an outlet's feed lists now, newest first unless shuffled."""
        edition = self._edition
        items = [
            item
            for item in self.desk.items.values()
            if item.outlet == outlet and item.tick <= edition.tick and item.key not in edition.held
        ]
        items.sort(key=lambda item: (self._published(item, edition), item.key), reverse=True)
        if edition.dice is not None:
            Random(f"{edition.dice} {outlet}").shuffle(items)  # noqa: S311  (no secret)
        return items

    def article(self, key: str) -> Article:
        """An item as its outlet shows it now."""
        return self._article(self.desk.items[key], self._edition)

    def _article(self, item: Item, edition: _Edition) -> Article:
        changes: dict[str, list[Change]] = {}
        for _, change in edition.edits:
            changes.setdefault(change.key, []).append(change)
        published = self._published(item, edition)
        edited = [moment for moment, change in edition.edits if change.key == item.key]
        desk = CopyDesk(self.desk, self.url, changes)
        return desk.article(item, published, max([published, *edited]))

    def _published(self, item: Item, edition: _Edition) -> datetime:
        if item.hours is None:
            listed = edition.times[min(item.tick, edition.tick)]
        else:
            listed = edition.times[0] - timedelta(hours=item.hours)
        return listed.replace(microsecond=0)

    # ---------------------------------------------------------------- the server

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        address = request.transport.get_extra_info("sockname")[0]
        outlet = self._at.get(address)
        bad = next((name for name in self._bad if BAD_FEEDS[name] == address), "")
        hit = Hit(
            outlet=outlet.key if outlet else bad,
            address=address,
            path=request.path_qs,
            at=self._clock(),
            user_agent=request.headers.get("User-Agent", ""),
            conditional=bool({"If-None-Match", "If-Modified-Since"} & set(request.headers)),
        )
        self.log.append(hit)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            response = self._of(outlet, request) if outlet else await bad_feed(bad, request)
            hit.status = response.status
        finally:
            hit.until = self._clock()
        return response

    def _of(self, outlet: Outlet, request: web.Request) -> web.Response:
        edition, path = self._edition, request.path
        if path == outlet.feed:
            return self._feed(outlet, edition, request)
        if path == "/":
            articles = [self._article(item, edition) for item in self.listed(outlet.key)]
            return _document(pages.front_page(outlet, articles, self._clock()))
        if path == "/robots.txt":
            return web.Response(text="User-agent: *\nAllow: /\n")
        if path == "/picture.svg":
            return web.Response(body=_PICTURE, content_type="image/svg+xml")
        for item in self.desk.items.values():
            own = item.outlet == outlet.key and item.how != "pointer"
            if own and path == page_path(outlet, item.story):
                article = self._article(item, edition)
                others = self._others(item, edition)
                return _document(pages.page(article, others, edition.times[0]))
        return web.Response(status=404, text="There is no such page.\n")

    def _feed(self, outlet: Outlet, edition: _Edition, request: web.Request) -> web.Response:
        articles = [self._article(item, edition) for item in self.listed(outlet.key)]
        listed = [edition.times[min(a.tick, edition.tick)] for a in self.listed(outlet.key)]
        changed = max([edition.times[0], *listed, *(a.updated for a in articles)])
        changed = changed.replace(microsecond=0)
        homes = {key: self.url(key) for key in self.desk.outlets}
        body = pages.feed(outlet, articles, home=self.url(outlet.key), changed=changed, homes=homes)
        return _conditional(request, body, pages.FEED_TYPES[outlet.format], changed)

    def _others(self, item: Item, edition: _Edition) -> Sequence[Article]:
        listed = [other for other in self.listed(item.outlet) if other.key != item.key]
        return [self._article(other, edition) for other in listed[:_OTHERS]]


def _document(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/html", charset="utf-8")


def _conditional(
    request: web.Request, body: bytes, content_type: str, changed: datetime
) -> web.Response:
    """The body, or a 304 where the client has it already (RFC 9110, 13.2.2)."""
    etag = hashlib.blake2b(body, digest_size=12).hexdigest()
    if request.if_none_match is not None:
        fresh = any(tag.value in {etag, "*"} for tag in request.if_none_match)
    else:
        since = request.if_modified_since
        fresh = since is not None and since >= changed
    response = web.Response(status=304) if fresh else web.Response(body=body)
    if not fresh:
        response.content_type, response.charset = content_type, "utf-8"
    response.etag = etag
    response.last_modified = changed
    return response


def _bound(addresses: Sequence[str]) -> list[socket.socket]:
    """A listening socket on one free port of each address."""
    for _ in range(_TRIES):
        sockets: list[socket.socket] = []
        port = 0
        try:
            for address in addresses:
                sockets.append(_listening(address, port))
                port = sockets[0].getsockname()[1]
        except OSError as error:
            for bound in sockets:
                bound.close()
            if not port:
                raise _no_addresses(addresses[0], error) from error
        else:
            return sockets
    raise _no_addresses(", ".join(addresses), None)


def _listening(address: str, port: int) -> socket.socket:
    bound = socket.socket()
    try:
        bound.bind((address, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def _no_addresses(address: str, error: Any) -> AggregatorError:
    return AggregatorError(
        f"The newsroom could not listen on {address}" + (f" ({error})." if error else "."),
        reason="no_loopback",
        remedy="It needs the addresses of 127.0.0.0/8, which Linux has; elsewhere use the image.",
    )
