"""The server: its socket, its signals, and what it says while there is no database."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator import __version__
from aggregator.config import Config
from aggregator.errors import ConfigError
from aggregator.metrics import Metrics

_GRACE = 3  # seconds that open requests get at the end
_RETRY = {"Retry-After": "10", "Cache-Control": "no-store"}


class Entrance:
    """The application that is served: a waiting room first, and then what is put behind it."""

    def __init__(self) -> None:
        self.reason = "The database is being opened."
        self.app: ASGIApp = _waiting_room(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by whatever is behind it now."""
        await self.app(scope, receive, send)


class _Server(uvicorn.Server):
    """Uvicorn without handlers of its own: the daemon hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def server(app: ASGIApp) -> uvicorn.Server:
    """A server of an application, which ends when its `should_exit` is set."""
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )


def listening(config: Config) -> socket.socket:
    """The socket of the configured address. Raises ConfigError."""
    host, port = config.server.host, config.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"Nothing can be served at {host} port {port}: {error.strerror or error}.",
            reason="cannot_listen",
            remedy="Is another program there? Set server.host and server.port "
            "(or AGGREGATOR_SERVER__PORT).",
        ) from error


def address_of(listener: socket.socket) -> str:
    """Where a socket is reached, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _waiting_room(entrance: Entrance) -> ASGIApp:
    """Alive, and not ready: health and metrics as ever, 503 for all else."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__}, headers=_RETRY)

    async def readyz(_: Request) -> Response:
        checks = {"database": {"ok": False, "reason": entrance.reason}}
        told = {"ready": False, "degraded": True, "checks": checks}
        return JSONResponse(told, 503, headers=_RETRY)

    async def metrics(_: Request) -> Response:
        body = Metrics().render({}, reachable=False, troubled={"database": True})
        return PlainTextResponse(body, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def closed(_: Request) -> Response:
        told = {"detail": "The database cannot be opened yet; /readyz tells why."}
        return JSONResponse(told, 503, headers=_RETRY)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/{path:path}", closed, methods=["GET", "HEAD", "POST", "PUT", "DELETE"]),
        ]
    )
