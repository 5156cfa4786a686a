"""A publisher on loopback that watches what is asked of it, and answers as a test says."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from desk import Clock

Answer = Callable[[web.Request], web.Response]


@dataclass
class Asked:
    path: str
    at: datetime
    headers: dict[str, str]
    body: str = ""

    @property
    def conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


@dataclass
class Publisher:
    clock: Clock
    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.text()
        self.asked.append(Asked(request.path_qs, self.clock(), headers, body))
        answer = self.answers.get(request.path_qs)
        return answer(request) if answer else web.Response(status=404, text="nothing here")

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def at(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def says(self, path: str, body: str = "", status: int = 200, **headers: str) -> str:
        """Answer always the same, whatever was asked. Underscores in names are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda _: web.Response(status=status, text=body, headers=named)
        return self.url + path

    def minds(self, path: str, body: str, etag: str, **headers: str) -> str:
        """Answer 304 to those who know the ETag, as a good server does."""
        named = {"ETag": etag} | {name.replace("_", "-"): v for name, v in headers.items()}

        def answer(request: web.Request) -> web.Response:
            if request.headers.get("if-none-match") == etag:
                return web.Response(status=304, headers=named)
            return web.Response(text=body, headers=named)

        self.answers[path] = answer
        return self.url + path


@contextlib.asynccontextmanager
async def publishing(clock: Clock, host: str = "127.0.0.1") -> AsyncIterator[Publisher]:
    publisher, app = Publisher(clock), web.Application()
    app.router.add_route("*", "/{path:.*}", publisher.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    publisher.url = f"http://{host}:{runner.addresses[0][1]}"
    try:
        yield publisher
    finally:
        await runner.cleanup()
