"""Writing through the API: feeds added, removed, polled; stories merged and split. Nothing else is.

All of it needs `server.admin_token` as a bearer token (RFC 6750), is off where none is set, and is
limited in rate for each client, so that a token cannot be guessed nor a database worn out.
"""

import asyncio
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse, Response

from aggregator.errors import AggregatorError, StoreError
from aggregator.publish import feed_json
from aggregator.web.addresses import root_of
from aggregator.web.api import is_id
from aggregator.web.schema import (
    CorrectedModel,
    FeedModel,
    MergeModel,
    NewFeedModel,
    Problem,
    SplitModel,
)
from aggregator.web.site import Site

BURST, PER_SECOND = 60, 1.0  # requests of one client at once, and on and on
_MOST_CLIENTS = 1000
_MOST_BYTES = 64_000  # of a request's body
_STATUS = {
    "bad_feed": 422,
    "known_feed": 409,
    "configured_feed": 409,
    "no_feed": 404,
    "no_story": 404,
    "no_copy": 404,
    "ambiguous": 409,
    "only_copy": 409,
}
_LARGEST = 2**31 - 1
_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The token is missing, or is another."},
    403: {"model": Problem, "description": "Writing is off: no `server.admin_token` is set."},
    429: {"model": Problem, "description": "Too many requests; `Retry-After` says when again."},
}
_NO_JSON: dict[int | str, dict[str, Any]] = {
    413: {"model": Problem, "description": "The body is too large."},
    415: {"model": Problem, "description": "The body is no JSON."},
    422: {"model": Problem, "description": "It cannot be understood; says why."},
}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_Model = TypeVar("_Model", bound=BaseModel)
_Story = Annotated[str, Path(description="The id of a story.")]
_Number = Annotated[int, Path(ge=1, le=_LARGEST, description="The feed’s `id`.")]


class Limiter:
    """A token bucket for each client. `clock` gives seconds."""

    def __init__(
        self,
        burst: int = BURST,
        per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Take a token: 0, or the seconds until there is one."""
        now = self._clock()
        tokens, since = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        waiting = 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
        self._buckets[client] = (tokens if waiting else tokens - 1, now)
        while len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return waiting


class Gate:
    """Lets a request through that may write. Raises 429, 403 or 401 for all others."""

    def __init__(self, site: Site, limiter: Limiter) -> None:
        self._token = site.admin_token.encode()
        self._limiter = limiter

    async def __call__(self, request: Request) -> None:
        """Check a request."""
        waiting = self._limiter.wait(request.client.host if request.client else "")
        if waiting:
            after = {"Retry-After": str(int(waiting) + 1)}
            raise HTTPException(429, "Too many requests; wait a moment.", after)
        if not self._token:
            raise HTTPException(
                403, "Writing is off. Set server.admin_token (or AGGREGATOR_SERVER__ADMIN_TOKEN)."
            )
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token)
        if scheme.lower() != "bearer" or not same:
            raise HTTPException(
                401,
                "This needs the header `Authorization: Bearer …` with server.admin_token.",
                {"WWW-Authenticate": "Bearer"},
            )


def routes(site: Site, limiter: Limiter | None = None) -> APIRouter:
    """The routes below `/api/v1` that write."""
    gate = Gate(site, limiter or Limiter())
    router = APIRouter(
        prefix="/api/v1", tags=["writing"], dependencies=[Depends(gate)], responses=_REFUSALS
    )

    @router.post(
        "/feeds",
        status_code=201,
        response_model=FeedModel,
        response_description="The feed, which is polled at once.",
        summary="Add a feed",
        openapi_extra=_body(NewFeedModel),
        responses={
            409: {"model": Problem, "description": "A feed with this address is there."},
            **_NO_JSON,
        },
    )
    async def add(request: Request) -> Response:
        """Add a feed, by the rules of `feeds:` in config.yaml.

        It stays over restarts, whatever config.yaml lists, until it is removed in the same way.
        """
        values = await _json_of(request)
        feed = await _done(site.add_feed, values)
        place = f"{root_of(site)}/api/v1/feeds/{feed.id}"
        return JSONResponse(feed_json(feed), 201, {"Location": place, "Cache-Control": "no-store"})

    @router.delete(
        "/feeds/{feed_id}",
        status_code=204,
        response_description="It is polled no more; its stories stay.",
        summary="Remove a feed",
        responses={
            404: {"model": Problem, "description": "No feed has this id."},
            409: {"model": Problem, "description": "It stands in config.yaml; take it out there."},
        },
    )
    async def remove(feed_id: _Number) -> Response:
        """Remove a feed that was added through the API."""
        await _done(site.remove_feed, feed_id)
        return Response(status_code=204)

    @router.post(
        "/feeds/{feed_id}/poll",
        status_code=202,
        response_model=FeedModel,
        response_description="The feed, due now.",
        summary="Poll a feed now",
        responses={404: {"model": Problem, "description": "No feed has this id."}},
    )
    async def poll(feed_id: _Number) -> Response:
        """Have the daemon poll a feed with its next look, in a second or so."""
        feed = await _done(site.poll_feed, feed_id)
        return JSONResponse(feed_json(feed), 202, {"Cache-Control": "no-store"})

    _corrections(router, site)
    return router


def _corrections(router: APIRouter, site: Site) -> None:
    """`merge` and `split`, as the commands of those names do them."""

    @router.post(
        "/stories/{story_id}/merge",
        response_model=CorrectedModel,
        response_description="What it came to.",
        summary="Make one story of two",
        openapi_extra=_body(MergeModel),
        responses={
            404: {"model": Problem, "description": "One of them is not there."},
            409: {"model": Problem, "description": "More than one story is meant."},
            **_NO_JSON,
        },
    )
    async def merge(request: Request, story_id: _Story) -> Response:
        """Join two stories for good. The older id stays, and the other leads to it."""
        _must_be_id(story_id)
        other = _checked(MergeModel, await _json_of(request)).story
        return _told(await _done(site.merge, story_id, other))

    @router.post(
        "/stories/{story_id}/split",
        response_model=CorrectedModel,
        response_description="What it came to.",
        summary="Take a copy out of a story",
        openapi_extra=_body(SplitModel),
        responses={
            404: {"model": Problem, "description": "There is no such story, or no such copy."},
            409: {"model": Problem, "description": "It is the story’s only copy."},
            **_NO_JSON,
        },
    )
    async def split(request: Request, story_id: _Story) -> Response:
        """Take a copy out of a story, and keep it out for good."""
        _must_be_id(story_id)
        url = _checked(SplitModel, await _json_of(request)).url
        return _told(await _done(site.split, story_id, url))


def _must_be_id(story_id: str) -> None:
    if not is_id(story_id):
        raise HTTPException(404, "No story has this id.")


def _checked(model: type[_Model], values: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        )
        raise HTTPException(422, f"This cannot be understood: {reasons}.") from error


def _told(done: Mapping[str, Any]) -> Response:
    return JSONResponse(dict(done), 200, {"Cache-Control": "no-store"})


async def _done(action: Callable[..., Any], *values: Any) -> Any:
    """What an action gives, in a thread; its refusals as answers."""
    try:
        return await asyncio.to_thread(action, *values)
    except StoreError:
        raise
    except AggregatorError as error:
        raise HTTPException(_STATUS.get(error.reason, 422), str(error)) from error


async def _json_of(request: Request) -> dict[str, Any]:
    """The object that a request's body is. Raises 415, 413 or 422."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the feed as application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, f"A feed takes no more than {_MOST_BYTES} bytes.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, f"The body is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise HTTPException(422, 'The body must be an object, such as {"url": "https://…"}.')
    return value
