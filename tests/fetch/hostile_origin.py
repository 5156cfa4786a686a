"""A web server on loopback that says exactly the bytes it is told to, however wrong they are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from aggregator.errors import FetchError

Reply = bytes | Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    path: str
    headers: dict[str, bytes]  # names in lower case, values as they came
    client: asyncio.StreamReader


def answer(
    body: bytes = b"", status: str = "200 OK", *, length: int | None = None, **headers: str | bytes
) -> bytes:
    """A response. Underscores in header names become hyphens; `length` lies about the body."""
    head = [f"HTTP/1.1 {status}".encode()]
    head.append(f"Content-Length: {len(body) if length is None else length}".encode())
    for name, value in headers.items():
        told = value if isinstance(value, bytes) else value.encode()
        head.append(name.replace("_", "-").encode() + b": " + told)
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status, Location=location)


@dataclass
class Origin:
    host: str
    port: int = 0
    routes: dict[str, Reply] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    open: int = 0  # connections
    busy: int = 0  # requests that are being answered
    busiest: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                request = _request(head, reader)
                self.requests.append(request)
                self.busy += 1
                self.busiest = max(self.busiest, self.busy)
                try:
                    await self.reply(request, writer)
                finally:
                    self.busy -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()
            self.open -= 1
            async with self._changed:
                self._changed.notify_all()

    async def reply(self, request: Request, writer: asyncio.StreamWriter) -> None:
        reply = self.routes.get(request.path, answer(b"nothing here", "404 Not Found"))
        if isinstance(reply, bytes):
            writer.write(reply)
            await writer.drain()
        else:
            await reply(request, writer)

    async def until_unconnected(self) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: not self.open)


def _request(head: bytes, client: asyncio.StreamReader) -> Request:
    first, *lines = head[:-4].split(b"\r\n")
    pairs = (line.split(b": ", 1) for line in lines)
    headers = {name.decode().lower(): value for name, value in pairs}
    return Request(first.split(b" ")[1].decode(), headers, client)


@contextlib.asynccontextmanager
async def serving(
    host: str = "127.0.0.1", port: int = 0, ssl: object = None
) -> AsyncIterator[Origin]:
    origin = Origin(host)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await origin.serve(reader, writer)

    server = await asyncio.start_server(serve, host, port, ssl=ssl)
    origin.port = server.sockets[0].getsockname()[1]
    try:
        yield origin
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def closing(reply: bytes) -> Reply:
    """Say this, then close the connection."""

    async def say(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        writer.close()

    return say


def endless(head: bytes, piece: bytes, *, every: float = 0) -> Reply:
    """Say `head`, then `piece` for as long as someone listens."""

    async def say(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not request.client.at_eof():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)

    return say


async def error_of(getting: Awaitable[object]) -> FetchError:
    """The error that this fetch must end in."""
    with pytest.raises(FetchError) as caught:
        await getting
    return caught.value
