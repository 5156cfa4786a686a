"""The outermost layer: what holds for every response, whoever made it."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.web.feeds import SECURITY as SECURITY_OF_FEEDS
from aggregator.web.feeds import Feeds
from aggregator.web.http import Headers

# No page holds a script or a style of its own, and nothing is asked of anybody else.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SECURITY: Headers = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), interest-cohort=()"),
]
# The first part of a path, for metrics: anything else is "other".
_ROUTES = {
    "": "river",
    "api": "api",
    "favicon.ico": "static",
    "feeds": "feed",
    "healthz": "health",
    "metrics": "metrics",
    "opml": "opml",
    "outlets": "outlets",
    "push": "push",
    "readyz": "health",
    "sources": "sources",
    "static": "static",
    "stories": "story",
}


class Edge:
    """Security headers, HEAD as a GET without its body, the root path, and a count of requests."""

    def __init__(
        self,
        app: ASGIApp,
        feeds: Feeds,
        root: str,
        requested: Callable[[str, int, float], None],
    ) -> None:
        self._app = app
        self._feeds = feeds
        self._root = root
        self._requested = requested

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        head = scope["method"] == "HEAD"
        if head or self._root:
            scope = {**scope, "path": self._path(scope["path"])}
        if head:
            scope["method"] = "GET"
        if scope["path"].startswith("/feed") and scope["method"] == "GET":
            found = self._feeds.at_hand(scope)
            if found is not None:  # most requests of most days
                status, headers, body = found
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": b"" if head else body})
                self._requested("feed", status, time.perf_counter() - started)
                return
        security = SECURITY_OF_FEEDS if scope["path"].startswith("/feed") else _SECURITY
        status = 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *security]
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            self._requested(route_of(scope["path"]), status, time.perf_counter() - started)

    def _path(self, path: str) -> str:
        """The path as if the site were at its host's root; proxies differ in what they leave."""
        if self._root and (path == self._root or path.startswith(f"{self._root}/")):
            return path[len(self._root) :] or "/"
        return path


def route_of(path: str) -> str:
    """The route of a path, out of a bounded set."""
    first = path[1:].partition("/")[0]
    return "feed" if first.startswith("feed.") else _ROUTES.get(first, "other")
