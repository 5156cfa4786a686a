"""The pages that follow texts from outlet to outlet: two copies compared, and the outlets."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aggregator.model import Copy, Exchange, Flow, OutletShare, Story, StoryQuery
from aggregator.publish import inert, language_tag, site_of, uri
from aggregator.web.addresses import root_of
from aggregator.web.api import is_id
from aggregator.web.compare import Comparison, Run, compare, paragraphs
from aggregator.web.flow_picture import NARROW, WIDE, flow_picture
from aggregator.web.pages import Pages, page
from aggregator.web.parameters import Pair, read_pair
from aggregator.web.site import Site
from aggregator.web.views import feed_view, row
from aggregator.web.watched import Watched

_FRESH = 20.0  # seconds for which the exchange is not added up anew, whatever comes in
_MOST_STORIES = 30
_MOST_OUTLETS = 300  # in the table; the API has them all


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two copies that are compared."""

    entry: int
    outlet: str
    url: str
    headline: str
    language: str
    offered: int  # characters that its feed offers
    length: int  # characters of its whole text


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a copy: what its headline and text were, and what they became."""

    until: datetime
    title: Comparison
    text: Comparison


class Exchanges:
    """The exchange between outlets, added up when the stories have changed, not all the time."""

    def __init__(self, site: Site, version: Watched) -> None:
        self._site = site
        self._version = version
        self._kept: tuple[str, Exchange] | None = None
        self._until = 0.0
        self._adding = asyncio.Lock()

    async def __call__(self) -> Exchange:
        """The exchange as it is now."""
        async with self._adding:
            version = await self._version()
            changed = self._kept is None or self._kept[0] != version
            if self._kept is None or (changed and time.monotonic() > self._until):
                self._kept = version, await asyncio.to_thread(self._site.exchange)
                self._until = time.monotonic() + _FRESH
            return self._kept[1]


class ProvenancePages:
    """The endpoints."""

    def __init__(self, site: Site, pages: Pages, exchanges: Exchanges) -> None:
        self._site = site
        self._pages = pages
        self._exchanges = exchanges
        self._root = root_of(site)

    async def compare(self, request: Request) -> Response:
        """Two copies of a story side by side."""
        wanted = request.path_params["story_id"]
        story = await asyncio.to_thread(self._site.story, wanted) if is_id(wanted) else None
        if story is None:
            raise HTTPException(404, "No story has this address. It may be older than we keep.")
        if story.id != wanted:
            query = request.scope["query_string"].decode("latin-1")
            address = f"{self._root}/stories/{story.id}/compare"
            return RedirectResponse(f"{address}?{query}" if query else address, 308)
        chosen = chosen_pair(story, read_pair(request.scope["query_string"]))
        return await asyncio.to_thread(self._compared, request, story, chosen)

    async def versions(self, request: Request) -> Response:
        """What a copy was before it changed."""
        wanted = request.path_params["story_id"]
        story = await asyncio.to_thread(self._site.story, wanted) if is_id(wanted) else None
        number = request.path_params["entry"]
        copy = next((c for c in story.copies if c.entry == number), None) if story else None
        if story is None or copy is None:
            raise HTTPException(404, "No copy of a story has this address.")
        return await asyncio.to_thread(self._versions, request, story, copy)

    async def outlets(self, request: Request) -> Response:
        """Who republishes whom."""
        exchange = await self._exchanges()
        return await asyncio.to_thread(self._outlets, request, exchange)

    async def outlet(self, request: Request) -> Response:
        """One outlet: its stories, whom it credits, who carries it, its feeds."""
        exchange = await self._exchanges()
        wanted = request.path_params["outlet"]
        share = find_outlet(exchange, wanted)
        if share is None:
            raise HTTPException(404, "No outlet with this domain is among the newest stories.")
        return await asyncio.to_thread(self._outlet, request, exchange, share)

    # --------------------------------------------------------------------------- small tools

    def _compared(
        self, request: Request, story: Story, chosen: tuple[Copy, Copy] | None
    ) -> Response:
        sides: tuple[Side, ...] = ()
        found: Comparison | None = None
        if chosen is not None:
            sides, found = compared(self._site, chosen)
        told = self._pages.render(
            request,
            "compare.html",
            story=row(story),
            copies=story.copies,
            sides=sides,
            found=found,
            headlines=headlines(sides),
        )
        return page(request, told)

    def _versions(self, request: Request, story: Story, copy: Copy) -> Response:
        text = paragraphs(self._site.offered([copy.entry]).get(copy.entry, ""))
        steps, title, after = [], copy.title, text
        for version in self._site.versions(copy.entry):
            before = paragraphs(version.html)
            titles = compare([inert(version.title)], [inert(title)])
            steps.append(Step(version.until, titles, compare(before, after)))
            title, after = version.title, before
        told = self._pages.render(
            request,
            "versions.html",
            story=row(story),
            side=_side(copy, sum(map(len, text))),
            steps=steps,
        )
        return page(request, told)

    def _outlets(self, request: Request, exchange: Exchange) -> Response:
        told = self._pages.render(
            request,
            "outlets.html",
            exchange=exchange,
            pictures=(flow_picture(exchange, WIDE), flow_picture(exchange, NARROW)),
            names=names_of(exchange),
            shown=exchange.outlets[:_MOST_OUTLETS],
        )
        return page(request, told)

    def _outlet(self, request: Request, exchange: Exchange, share: OutletShare) -> Response:
        named = share.domain or share.name
        stories = self._site.stories(StoryQuery(outlets=(named,), limit=_MOST_STORIES))
        feeds = [
            feed_view(feed)
            for feed in self._site.feeds()
            if named.casefold() in {feed.domain.casefold(), feed.name.casefold()}
            or share.name.casefold() == feed.name.casefold()
        ]
        told = self._pages.render(
            request,
            "outlet.html",
            share=share,
            address=site_of(share.domain),
            stories=[row(story) for story in stories],
            feeds=feeds,
            names=names_of(exchange),
            takes=flows_of(exchange, carrier=share.key),
            gives=flows_of(exchange, origin=share.key),
            credits=[c for c in exchange.credits if c.carrier == share.key],
            looked_at=exchange.stories,
        )
        return page(request, told)


def compared(site: Site, chosen: tuple[Copy, Copy]) -> tuple[tuple[Side, ...], Comparison]:
    """The two copies, and how what their feeds offer differs."""
    offered = site.offered([copy.entry for copy in chosen])
    texts = [paragraphs(offered.get(copy.entry, "")) for copy in chosen]
    sides = tuple(
        _side(copy, sum(map(len, text))) for copy, text in zip(chosen, texts, strict=True)
    )
    return sides, compare(*texts)


def headlines(sides: Sequence[Side]) -> tuple[list[Run], list[Run]]:
    """The words of both headlines, with what differs."""
    if len(sides) < 2:
        return [], []
    rows = compare([sides[0].headline], [sides[1].headline]).rows
    return [run for r in rows for run in r.left], [run for r in rows for run in r.right]


def chosen_pair(story: Story, pair: Pair) -> tuple[Copy, Copy] | None:
    """The copies that are to be compared; None for a story that has one copy only.

    Where nobody says which, the text that is shown and the first other one. Raises 404 for copies
    that the story does not have.
    """
    by_number = {copy.entry: copy for copy in story.copies}
    for number in (pair.a, pair.b):
        if number is not None and number not in by_number:
            raise HTTPException(404, f"This story has no copy with the number {number}.")
    if len(by_number) < 2:
        return None
    a = by_number.get(pair.a or story.lead) or story.copies[0]
    other = next(copy for copy in story.copies if copy.entry != a.entry)
    return a, by_number.get(pair.b or 0, other)


def find_outlet(exchange: Exchange, wanted: str) -> OutletShare | None:
    """The outlet with that domain or name."""
    key = wanted.strip().casefold()
    for share in exchange.outlets:
        if key in {share.key, share.name.casefold()}:
            return share
    return None


def names_of(exchange: Exchange) -> Mapping[str, str]:
    """The outlets' names, by key."""
    return {share.key: inert(share.name) or share.key for share in exchange.outlets}


def flows_of(exchange: Exchange, *, origin: str = "", carrier: str = "") -> list[Flow]:
    """What comes from an outlet, or goes to one."""
    return [f for f in exchange.flows if origin in {"", f.origin} and carrier in {"", f.carrier}]


def _side(copy: Copy, offered: int) -> Side:
    return Side(
        entry=copy.entry,
        outlet=inert(copy.outlet) or inert(copy.domain) or "Unknown outlet",
        url=uri(copy.url),
        headline=inert(copy.title) or "Without a title",
        language=language_tag(copy.language),
        offered=offered,
        length=copy.length,
    )
