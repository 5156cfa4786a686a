"""The server of pages and feeds: its socket, uvicorn, and an application that can be exchanged."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.config import Config
from aggregator.errors import ConfigError

_GRACE = 3  # seconds that open requests get at the end


class Front:
    """An application that another can take the place of; requests under way end in the old one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the application of the moment."""
        await self.app(scope, receive, send)


class _Server(uvicorn.Server):
    """Uvicorn without handlers of its own: the daemon hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def server(app: ASGIApp) -> uvicorn.Server:
    """A server for the application; its log is the daemon's."""
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
    """The socket that is served at. Raises ConfigError when it cannot be had."""
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
    """Where it is served, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
