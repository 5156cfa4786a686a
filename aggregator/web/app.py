"""The web application: pages, feeds, API, health, joined."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Scope

from aggregator import __version__
from aggregator.errors import StoreError
from aggregator.publish import OPML_TYPE
from aggregator.web import admin, api, outlet_api
from aggregator.web.addresses import root_of
from aggregator.web.edge import Edge
from aggregator.web.feeds import Feeds
from aggregator.web.http import Representation, request_headers, response
from aggregator.web.pages import Clock, Pages
from aggregator.web.provenance_pages import Exchanges, ProvenancePages
from aggregator.web.site import Site
from aggregator.web.watched import Watched
from aggregator.web.websub import Door, push_routes

_HEADINGS = {
    404: "Not found",
    405: "Not done that way",
    429: "Too often",
    422: "Not understood",
    500: "Something went wrong",
    503: "Not available",
}
_DESCRIPTION = (
    "Each story once, linked to its original, with its provenance. What writes needs the header "
    "`Authorization: Bearer …` with the server’s admin_token, and is off where none is set."
)

log = structlog.get_logger(__name__)


def create_app(
    site: Site,
    *,
    clock: Clock = lambda: datetime.now(UTC),
    door: Door | None = None,
    max_push: int = 10_000_000,
    limiter: admin.Limiter | None = None,
) -> ASGIApp:
    """The application for an ASGI server. It holds no state but what can be built again.

    `door` takes what WebSub hubs say, of `max_push` bytes at most. `limiter` bounds how often one
    client may try to write.
    """
    app = FastAPI(
        title="aggregator",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's own page asks a stranger's server for its scripts
        redoc_url=None,
        redirect_slashes=False,
    )
    version = Watched(site.version)
    pages = Pages(site, version, clock)
    exchanges = Exchanges(site, version)
    provenance = ProvenancePages(site, pages, exchanges)
    feeds = Feeds(site, version)
    app.router.routes[:0] = [
        Route("/feed.{form}", feeds, methods=["GET"]),
        Route("/feeds/{file}", feeds, methods=["GET"]),
    ]
    routers = (
        api.routes(site),
        outlet_api.routes(site, exchanges),
        admin.routes(site, limiter),
    )
    for router in routers:
        app.include_router(router)
    app.router.routes += [
        Route("/", pages.river),
        Route("/stories/{story_id}", pages.story),
        Route("/stories/{story_id}/compare", provenance.compare),
        Route("/stories/{story_id}/versions/{entry:int}", provenance.versions),
        Route("/outlets", provenance.outlets),
        Route("/outlets/{outlet}", provenance.outlet),
        Route("/sources", pages.sources),
        Route("/static/{name}", pages.static),
        Route("/api/docs", lambda request: pages.api(request, app.openapi())),
        *_health(site),
        *(push_routes(door, max_push) if door else ()),
    ]
    routes = [*app.router.routes, *(route for router in routers for route in router.routes)]
    _answer_errors(app, pages, routes)
    return Edge(app, feeds, root_of(site), site.requested)


def _health(site: Site) -> list[Route]:
    async def opml(request: Request) -> Response:
        body = await asyncio.to_thread(site.opml)
        told = Representation(body, f"{OPML_TYPE}; charset=utf-8", "public, max-age=60")
        return response(told, request_headers(request.scope))

    async def healthz(_: Request) -> Response:
        return _json({"status": "ok", "version": __version__}, 200)

    async def readyz(_: Request) -> Response:
        checks = await asyncio.to_thread(site.readiness)
        ready = all(check.ok for check in checks if check.vital)
        degraded = not all(check.ok for check in checks)
        told = {check.name: {"ok": check.ok, "reason": check.reason} for check in checks}
        return _json({"ready": ready, "degraded": degraded, "checks": told}, 200 if ready else 503)

    async def metrics(_: Request) -> Response:
        body = await asyncio.to_thread(site.metrics)
        return PlainTextResponse(body, media_type="text/plain; version=0.0.4; charset=utf-8")

    return [
        Route("/opml", opml),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]


def _answer_errors(app: FastAPI, pages: Pages, routes: Sequence[BaseRoute]) -> None:
    """Errors as a page for people, and as JSON below `/api` and for feeds."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:  # several routes may share a path (RFC 9110, 15.5.6)
            return _told(
                request, 405, str(error.detail), {"Allow": _allowed(routes, request.scope)}
            )
        return _told(request, error.status_code, str(error.detail), error.headers)

    async def wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        details = jsonable_encoder(error.errors())
        if _for_people(request):
            reasons = "; ".join(f"{detail['loc'][-1]}: {detail['msg']}" for detail in details)
            return pages.error(request, 422, _HEADINGS[422], reasons)
        return _json({"detail": details}, 422)

    async def no_database(request: Request, error: Exception) -> Response:
        assert isinstance(error, StoreError)
        log.error("request_failed", path=request.url.path, reason=error.reason, error=str(error))
        return _told(request, 503, "The database does not answer.", {"Retry-After": "10"})

    async def broken(request: Request, error: Exception) -> Response:
        log.error("request_crashed", path=request.url.path, exc_info=error)
        return _told(request, 500, "This is a bug in aggregator; the log has more.", None)

    def _told(request: Request, status: int, detail: str, headers: Any) -> Response:
        if _for_people(request):
            told = pages.error(request, status, _HEADINGS.get(status, "No answer"), detail)
        else:
            told = _json({"detail": detail}, status)
        told.headers.update(headers or {})
        return told

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, wrong)
    app.add_exception_handler(StoreError, no_database)
    app.add_exception_handler(Exception, broken)


def _allowed(routes: Sequence[BaseRoute], scope: Scope) -> str:
    """The methods that a path has, of all its routes."""
    methods: set[str] = set()
    for route in routes:
        if route.matches(scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _for_people(request: Request) -> bool:
    path = request.url.path
    if path.startswith(("/api/v1", "/api/openapi", "/feed", "/healthz", "/readyz", "/metrics")):
        return False
    return "application/json" not in request.headers.get("accept", "")


def _json(value: Any, status: int) -> Response:
    return JSONResponse(value, status, headers={"Cache-Control": "no-store"})
