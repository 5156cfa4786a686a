"""The API: the same stories and feeds in JSON."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from aggregator.publish import as_json, feed_json, story_json
from aggregator.web.addresses import base_of, root_of
from aggregator.web.http import Representation, request_headers, response
from aggregator.web.parameters import MOST, Part, Selection, read_part, read_selection
from aggregator.web.schema import FeedsModel, Problem, StoriesModel, StoryModel
from aggregator.web.site import Site

_JSON = "application/json"


def routes(site: Site) -> APIRouter:
    """The routes below `/api/v1`."""
    router = APIRouter(prefix="/api/v1", tags=["stories"])

    @router.get(
        "/stories",
        response_model=StoriesModel,
        response_description="A page of stories.",
        summary="Stories, newest first",
        responses={404: {"model": Problem, "description": "`before` names no story."}},
    )
    async def stories(request: Request, _: Annotated[Selection, Query()]) -> Response:
        """Stories with their origin, chain and copies, each story once.

        `next` is the address of the next page, or null. It goes on from the last story given, so
        that pages neither overlap nor leave gaps while new stories come in.
        """
        selection = read_selection(request.scope["query_string"])
        page, more = await asyncio.to_thread(page_of, site, selection)
        following = None
        if more:
            parameters = selection.parameters(before=page[-1].id)
            following = f"{base_of(site, request.scope)}/api/v1/stories{parameters}"
        items = [story_json(story) for story in page]
        return await answered(request, {"items": items, "next": following})

    @router.get(
        "/stories/{story_id}",
        response_model=StoryModel,
        response_description="The story.",
        summary="One story",
        responses={
            308: {"description": "It was joined to an older story, at the address given."},
            404: {"model": Problem, "description": "No story has this id."},
        },
    )
    async def story(
        request: Request,
        story_id: Annotated[str, Path(description="The id, as lists and feeds give it.")],
    ) -> Response:
        """One story with all its copies."""
        found = await asyncio.to_thread(site.story, story_id) if is_id(story_id) else None
        if found is None:
            raise HTTPException(404, "No story has this id.")
        if found.id != story_id:
            return RedirectResponse(f"{root_of(site)}/api/v1/stories/{found.id}", 308)
        return await answered(request, story_json(found))

    @router.get(
        "/feeds",
        response_model=FeedsModel,
        response_description="A page of feeds.",
        summary="Feeds and how they fare",
        responses={404: {"model": Problem, "description": "`after` names no feed."}},
    )
    async def feeds(request: Request, _: Annotated[Part, Query()]) -> Response:
        """Every feed that is polled, with what became of its last poll."""
        part = read_part(request.scope["query_string"])
        listed = await asyncio.to_thread(site.feeds)
        items = [feed_json(feed) for feed in listed]
        return await part_of(
            site, request, "feeds", items=items, key=lambda item: str(item["id"]), part=part
        )

    return router


async def part_of(
    site: Site,
    request: Request,
    name: str,
    *,
    items: list[dict[str, Any]],
    key: Callable[[dict[str, Any]], str],
    part: Part,
) -> Response:
    """A part of a list, with the address of the next one."""
    page, after = cut(items, key, part)
    following = None
    if after is not None:
        parameters = {"after": after} | ({"limit": part.limit} if part.limit != MOST else {})
        base = base_of(site, request.scope)
        following = f"{base}/api/v1/{name}?{urlencode(parameters)}"
    return await answered(request, {"items": page, "next": following})


def cut(
    items: list[dict[str, Any]], key: Callable[[dict[str, Any]], str], part: Part
) -> tuple[list[dict[str, Any]], str | None]:
    """The part of a list, and what the next one begins after. Raises 404 for an unknown `after`."""
    start = 0
    if part.after is not None:
        start = next((n for n, item in enumerate(items, 1) if key(item) == part.after), 0)
        if not start:
            raise HTTPException(404, "Nothing in the list is what `after` names; begin without it.")
    page = items[start : start + part.limit]
    more = start + part.limit < len(items)
    return page, key(page[-1]) if more else None


def page_of(site: Site, selection: Selection) -> tuple[list[Any], bool]:
    """The stories of a page, and whether there are more. Raises 404 for an unknown `before`."""
    must_be_known(site, selection.before)
    found = list(site.stories(selection.query(selection.limit + 1)))
    return found[: selection.limit], len(found) > selection.limit


def must_be_known(site: Site, before: str | None) -> None:
    """Raise 404 for a page that is to begin after a story that is not there.

    Silence would give the first page once more, and send whoever pages round in circles.
    """
    if before and site.story(before) is None:
        raise HTTPException(404, "No story has the id that `before` names; begin without it.")


def is_id(text: str) -> bool:
    """Whether a text could be a story's id; databases dislike some of what cannot."""
    return len(text) == 36 and all(c in "0123456789abcdef-" for c in text)


async def answered(request: Request, value: Any) -> Response:
    """A value in JSON, with an entity tag."""

    def answer() -> Response:
        return response(Representation(as_json(value), _JSON), request_headers(request.scope))

    return await asyncio.to_thread(answer)
