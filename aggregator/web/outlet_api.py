"""The API's part on outlets, and on copies that are compared."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from aggregator.model import Copy, Exchange, Flow, OutletShare, Story
from aggregator.web.addresses import root_of
from aggregator.web.api import answered, is_id, part_of
from aggregator.web.parameters import Addresses, Pair, Part, read_addresses, read_part
from aggregator.web.provenance_pages import (
    Exchanges,
    chosen_pair,
    compared,
    find_outlet,
    flows_of,
    names_of,
)
from aggregator.web.schema import ComparisonModel, OutletDetailModel, OutletsModel, Problem
from aggregator.web.site import Site


def routes(site: Site, exchanges: Exchanges) -> APIRouter:
    """The routes below `/api/v1`."""
    router = APIRouter(prefix="/api/v1")

    @router.get(
        "/outlets",
        response_model=OutletsModel,
        response_description="A page of outlets.",
        summary="Outlets, the busiest first",
        tags=["outlets"],
        responses={404: {"model": Problem, "description": "`after` names no outlet."}},
    )
    async def outlets(request: Request, _: Annotated[Part, Query()]) -> Response:
        """How much each outlet carries, and how much of it is its own, among the newest stories."""
        part = read_part(request.scope["query_string"])
        items = [outlet_json(share) for share in (await exchanges()).outlets]
        return await part_of(
            site,
            request,
            "outlets",
            items=items,
            key=lambda item: str(item["domain"] or item["name"]),
            part=part,
        )

    @router.get(
        "/outlets/{outlet}",
        response_model=OutletDetailModel,
        response_description="The outlet.",
        summary="One outlet",
        tags=["outlets"],
        responses={404: {"model": Problem, "description": "No outlet has this domain or name."}},
    )
    async def outlet(
        request: Request, outlet: Annotated[str, Path(description="Its domain, or its name.")]
    ) -> Response:
        """One outlet, with whose stories it carries, who carries its own, and whom it credits."""
        exchange = await exchanges()
        share = find_outlet(exchange, outlet)
        if share is None:
            raise HTTPException(404, "No outlet with this domain is among the newest stories.")
        return await answered(request, detail_json(exchange, share))

    @router.get(
        "/stories/{story_id}/comparison",
        response_model=ComparisonModel,
        response_description="What differs.",
        summary="Two copies of a story, word by word",
        tags=["stories"],
        responses={
            308: {"description": "It was joined to an older story, at the address given."},
            404: {"model": Problem, "description": "There is no such story, or no such copy."},
        },
    )
    async def comparison(
        request: Request,
        story_id: Annotated[str, Path(description="The id, as lists and feeds give it.")],
        _: Annotated[Addresses, Query()],
    ) -> Response:
        """What the feeds offer of two copies: what was cut from the first, added in the second."""
        wanted = read_addresses(request.scope["query_string"])
        found = await asyncio.to_thread(site.story, story_id) if is_id(story_id) else None
        if found is None:
            raise HTTPException(404, "No story has this id.")
        if found.id != story_id:
            query = request.scope["query_string"].decode("latin-1")
            place = f"{root_of(site)}/api/v1/stories/{found.id}/comparison"
            return RedirectResponse(f"{place}?{query}" if query else place, 308)
        pair = Pair(a=_entry(found, wanted.a), b=_entry(found, wanted.b))
        chosen = chosen_pair(found, pair)
        if chosen is None:
            raise HTTPException(404, "The story has one copy only.")
        return await answered(request, await asyncio.to_thread(comparison_json, site, chosen))

    return router


def outlet_json(share: OutletShare) -> dict[str, Any]:
    """An outlet in JSON."""
    return {
        "name": share.name,
        "domain": share.domain,
        "stories": share.stories,
        "original": share.original,
        "own": share.own,
        "share": None if share.share is None else round(share.share, 4),
        "lent": share.lent,
    }


def detail_json(exchange: Exchange, share: OutletShare) -> dict[str, Any]:
    """An outlet in JSON, with its exchange."""
    names, domains = names_of(exchange), {s.key: s.domain for s in exchange.outlets}

    def flow_json(flow: Flow, other: str) -> dict[str, Any]:
        return {
            "outlet": names[other],
            "domain": domains[other],
            "stories": flow.stories,
            "lag_seconds": None if flow.lag is None else round(flow.lag.total_seconds()),
            "timed": flow.timed,
        }

    return outlet_json(share) | {
        "carries": [flow_json(f, f.origin) for f in flows_of(exchange, carrier=share.key)],
        "carried_by": [flow_json(f, f.carrier) for f in flows_of(exchange, origin=share.key)],
        "credits": [
            {"name": c.name, "domain": c.domain, "role": c.role.value, "entries": c.entries}
            for c in exchange.credits
            if c.carrier == share.key
        ],
    }


def comparison_json(site: Site, chosen: tuple[Copy, Copy]) -> dict[str, Any]:
    """Two copies in JSON, word by word."""
    _, found = compared(site, chosen)
    return {
        "a": chosen[0].url,
        "b": chosen[1].url,
        "kept": found.kept,
        "cut": found.cut,
        "added": found.added,
        "clipped": found.clipped,
        "rows": [
            {side: [asdict(run) for run in getattr(row, side)] for side in ("left", "right")}
            for row in found.rows
        ],
    }


def _entry(story: Story, address: str | None) -> int | None:
    if not address:
        return None
    for copy in story.copies:
        if copy.url == address:
            return copy.entry
    raise HTTPException(404, "This story has no copy at that address.")
