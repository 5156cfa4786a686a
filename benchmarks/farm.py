"""A fast loopback origin: many feeds, each on an address of its own, with validators and ticks.

It runs as a process of its own and answers from memory, so that whoever polls it is what is
measured. `origin()` starts one; `python -m benchmarks.farm --help` does so by hand.

    /feed/7.xml     feed 7, at any of the addresses; ETag, Last-Modified, 304, gzip
    /control/tick   publishes new entries in a share of the feeds
    /control/stats  what was asked for so far: requests, n200, n304, other, connections, ticks
"""

import argparse
import asyncio
import contextlib
import gzip
import json
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from email.utils import format_datetime
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast

import uvloop

from benchmarks.press import Press

_FIRST_ADDRESS = IPv4Address("127.1.0.1")
_PORT_TRIES = 20


def address(feed: int) -> str:
    """The loopback address of a feed's server."""
    return str(_FIRST_ADDRESS + feed)


@dataclass(frozen=True)
class Origin:
    """A farm that runs in a process of its own."""

    press: Press
    share: float
    port: int
    pid: int

    def urls(self) -> list[str]:
        """The feeds' addresses, in order."""
        return [
            f"http://{address(feed)}:{self.port}/feed/{feed}.xml"
            for feed in range(self.press.feeds)
        ]

    def tick(self) -> dict[int, int]:
        """Let a share of the feeds publish something; how many entries each of them did."""
        return self.press.ticked(self._control("tick")["ticks"], self.share)

    def stats(self) -> dict[str, int]:
        """What was asked for so far."""
        return self._control("stats")

    def cpu_seconds(self) -> float:
        """The CPU time that the origin took so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _control(self, what: str) -> dict[str, int]:
        url = f"http://{address(0)}:{self.port}/control/{what}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=120) as answer:
            return cast("dict[str, int]", json.load(answer))


@contextlib.contextmanager
def origin(press: Press, *, share: float = 0.05, latency: float = 0.0) -> Iterator[Origin]:
    """Run a farm; it is ready when the block begins, and gone when it ends.

    `share` of the feeds change with a tick; `latency` is waited before each answer, in seconds.
    """
    options = {**asdict(press), "share": share, "latency": latency}
    with started("benchmarks.farm", options, "--until-eof") as (port, pid):
        yield Origin(press, share, port, pid)


@contextlib.contextmanager
def started(module: str, options: Mapping[str, object], *flags: str) -> Iterator[tuple[int, int]]:
    """Run a module that serves, and tells its port in its first line; its port and process.

    It is gone when the block ends.
    """
    arguments = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *flags, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"The origin did not start (exit code {process.wait()}).")
        yield json.loads(line)["port"], process.pid
    finally:
        process.terminate()
        process.communicate()


class Farm:
    """The documents, as answers ready to be sent."""

    def __init__(self, press: Press, share: float) -> None:
        self.press = press
        self.stats = dict.fromkeys(("requests", "n200", "n304", "other", "connections", "ticks"), 0)
        self._share = share
        self._newest = [press.entries] * press.feeds
        # Before the loop starts: processes that were forked under a loop inherit its files.
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
            self._answers = list(
                pool.map(partial(_answer, press), range(press.feeds), self._newest, chunksize=8)
            )

    def answer(self, feed: int, etag: bytes, since: bytes, *, zipped: bool) -> bytes:
        """The answer to a request with these validators ("" where it has none)."""
        if not 0 <= feed < self.press.feeds:
            self.stats["other"] += 1
            return _NOT_FOUND
        ready = self._answers[feed]
        # If-None-Match goes first; a date counts only without it (RFC 9110, 13.1.3).
        if etag == ready.etag if etag else since == ready.last_modified:
            self.stats["n304"] += 1
            return ready.not_modified
        self.stats["n200"] += 1
        return ready.zipped if zipped else ready.plain

    def tick(self) -> None:
        """Publish new entries."""
        self.stats["ticks"] += 1
        for feed, number in self.press.ticked(self.stats["ticks"], self._share).items():
            self._newest[feed] += number
            self._answers[feed] = _answer(self.press, feed, self._newest[feed])


@dataclass(frozen=True)
class _Answer:
    etag: bytes
    last_modified: bytes
    plain: bytes
    zipped: bytes
    not_modified: bytes


def _answer(press: Press, feed: int, newest: int) -> _Answer:
    document = press.document(feed, newest)
    etag = f'"{feed}-{newest}"'
    modified = format_datetime(press.published(feed, newest - 1), usegmt=True)
    head = f"ETag: {etag}\r\nLast-Modified: {modified}\r\nVary: Accept-Encoding\r\n"
    kind = "application/atom+xml" if press.is_atom(feed) else "application/rss+xml"
    return _Answer(
        etag.encode(),
        modified.encode(),
        answer_of("200 OK", f"{head}Content-Type: {kind}; charset=utf-8\r\n", document),
        answer_of(
            "200 OK",
            f"{head}Content-Type: {kind}; charset=utf-8\r\nContent-Encoding: gzip\r\n",
            gzip.compress(document, 6, mtime=0),
        ),
        f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode(),
    )


def answer_of(status: str, head: str, body: bytes) -> bytes:
    """An HTTP answer, ready to be sent."""
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


_NOT_FOUND = answer_of("404 Not Found", "", b"")


class _Connection(asyncio.Protocol):
    """One connection: requests without bodies, one after the other."""

    def __init__(self, farm: Farm, latency: float) -> None:
        self._farm, self._latency = farm, latency
        self._left = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._farm.stats["connections"] += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None

    def data_received(self, data: bytes) -> None:
        *requests, self._left = (self._left + data).split(b"\r\n\r\n")
        for request in requests:
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._respond, request)
            else:
                self._respond(request)

    def _respond(self, request: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        first, *lines = request.split(b"\r\n")
        fields = {}
        for line in lines:
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip()
        self._transport.write(self._answer(first.split(b" ")[1], fields))
        if fields.get(b"connection", b"").lower() == b"close":
            self._transport.close()

    def _answer(self, path: bytes, fields: dict[bytes, bytes]) -> bytes:
        farm = self._farm
        if path.startswith(b"/control/"):
            if path == b"/control/tick":
                farm.tick()
            return answer_of("200 OK", "", json.dumps(farm.stats).encode())
        farm.stats["requests"] += 1
        number = path.removeprefix(b"/feed/").removesuffix(b".xml")
        return farm.answer(
            int(number) if number.isdigit() else -1,
            fields.get(b"if-none-match", b""),
            fields.get(b"if-modified-since", b""),
            zipped=b"gzip" in fields.get(b"accept-encoding", b""),
        )


async def _serve(farm: Farm, latency: float, port: int, *, until_eof: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    if until_eof:  # whoever started us is gone
        loop.add_reader(sys.stdin.fileno(), stop.set)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sockets = listening(farm.press.feeds, port)
    connection: Callable[[], asyncio.Protocol] = partial(_Connection, farm, latency)
    for each in sockets:
        await loop.create_server(connection, sock=each)
    print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
    await stop.wait()


def listening(feeds: int, port: int) -> list[socket.socket]:
    """A socket for each of so many addresses, all on one port (0: any that is free on all)."""
    for _ in range(_PORT_TRIES):
        sockets: list[socket.socket] = []
        try:
            for feed in range(feeds):
                common = sockets[0].getsockname()[1] if sockets else port
                sockets.append(socket.create_server((address(feed), common), backlog=128))
        except OSError as error:
            for each in sockets:
                each.close()
            if port or not sockets:
                raise
            refused = error
        else:
            return sockets
    raise refused


def _main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.farm", description=__doc__)
    add: Callable[..., Any] = parser.add_argument
    add("--feeds", type=int, default=1000)
    add("--entries", type=int, default=35, help="entries to a feed")
    add("--size", type=int, default=3000, help="bytes of an entry's body, on average")
    add("--copies", type=float, default=0.2, help="share of entries that copy another outlet's")
    add("--seed", type=int, default=1)
    add("--share", type=float, default=0.05, help="share of the feeds that change with a tick")
    add("--latency", type=float, default=0.0, help="seconds before each answer")
    add("--port", type=int, default=0, help="0: any that is free")
    add("--until-eof", action="store_true", help="stop when standard input ends")
    options = parser.parse_args(arguments)
    press = Press(options.feeds, options.entries, options.size, options.copies, options.seed)
    farm = Farm(press, options.share)
    uvloop.run(_serve(farm, options.latency, options.port, until_eof=options.until_eof))


if __name__ == "__main__":
    _main()
