"""A loopback origin that keeps a log of who visited which host when, to prove manners by.

Each host is an address of its own and has several feeds. Three outlets, on three hosts, carry each
story under headlines of their own; some of them as a teaser, whose page stands at yet another host.

    /feed/7.xml       feed 7, at its host; ETag and 304
    /page/7/2.html    the page of its entry 2, at a host of another feed
    /control/visits   the log: [host, path, begin, end] by the origin's clock, in seconds
"""

import argparse
import asyncio
import contextlib
import html
import json
import resource
import signal
import socket
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any, cast

import uvloop

from benchmarks import prose
from benchmarks.farm import address, answer_of, listening, started

CARRIERS = 3  # outlets that have each story
_TEASERS = 5  # of so many stories, one outlet has a teaser of one
_NOT_FOUND = answer_of("404 Not Found", "", b"")


@dataclass(frozen=True)
class Land:
    """`feeds` outlets with a feed each, on `hosts` hosts; `entries` stories of `size` bytes."""

    feeds: int
    hosts: int
    entries: int = 4
    size: int = 1500
    seed: int = 1

    def host(self, feed: int) -> str:
        """The address that a feed is at."""
        return address(feed % self.hosts)

    def page_host(self, feed: int) -> str:
        """The address that the pages of a feed's teasers are at."""
        return address((feed + self.hosts // 2 + 1) % self.hosts)

    def teases(self, feed: int) -> bool:
        """Whether the feed has teasers only."""
        return feed % (CARRIERS * _TEASERS) == CARRIERS - 1

    def feed_url(self, feed: int, port: int) -> str:
        """Where a feed is."""
        return f"http://{self.host(feed)}:{port}/feed/{feed}.xml"

    def link(self, feed: int, entry: int, port: int) -> str:
        """Where an entry's page is; only those of teasers are asked for."""
        return f"http://{self.page_host(feed)}:{port}/page/{feed}/{entry}.html"

    def truth(self, port: int) -> set[frozenset[str]]:
        """The stories, each as the links of its copies."""
        stories: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
        for feed in range(self.feeds):
            for entry in range(self.entries):
                stories[feed // CARRIERS, entry].add(self.link(feed, entry, port))
        return {frozenset(links) for links in stories.values()}

    def document(self, feed: int, port: int) -> bytes:
        """The feed's document, RSS 2.0."""
        items = []
        for entry in range(self.entries):
            story = _story(self.seed, feed // CARRIERS, entry, self.size)
            paragraphs = story.paragraphs
            text = f"{' '.join(paragraphs[0])[:200]}…" if self.teases(feed) else _html(paragraphs)
            title = prose.headline(f"{self.seed}:{feed}:{entry}", story.topic)
            items.append(
                f"<item><title>{html.escape(title)}</title><guid isPermaLink='false'>{feed}/{entry}"
                f"</guid><link>{self.link(feed, entry, port)}</link>"
                f"<description>{html.escape(text)}</description></item>"
            )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
            f"<title>Outlet {feed}</title><link>http://{self.host(feed)}:{port}/</link>"
            f"<description>What is new</description>{''.join(items)}</channel></rss>"
        ).encode()

    def page(self, feed: int, entry: int) -> bytes:
        """The page of an entry."""
        story = _story(self.seed, feed // CARRIERS, entry, self.size)
        return (
            f"<html><head><title>{story.headline}</title></head><body><article>"
            f"<h1>{story.headline}</h1>{_html(story.paragraphs)}</article></body></html>"
        ).encode()


@dataclass(frozen=True)
class Visit:
    """One request, by the origin's clock, in seconds."""

    host: str
    path: str
    begin: float
    end: float


def too_soon(visits: Iterable[Visit], delay: float) -> list[tuple[Visit, Visit]]:
    """Visits to one host that overlap, or begin less than `delay` seconds after one's end."""
    found = []
    by_host: defaultdict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        by_host[visit.host].append(visit)
    for there in by_host.values():
        there.sort(key=lambda visit: visit.begin)
        found += [(one, other) for one, other in pairwise(there) if other.begin < one.end + delay]
    return found


@dataclass(frozen=True)
class Hosts:
    """An origin that runs in a process of its own."""

    land: Land
    port: int
    pid: int

    def urls(self) -> list[str]:
        """The feeds' addresses, in order."""
        return [self.land.feed_url(feed, self.port) for feed in range(self.land.feeds)]

    def truth(self) -> set[frozenset[str]]:
        """The stories, each as the links of its copies."""
        return self.land.truth(self.port)

    def visits(self) -> list[Visit]:
        """All visits so far that are over."""
        url = f"http://{address(0)}:{self.port}/control/visits"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=120) as answer:
            return [Visit(*visit) for visit in cast("list[Any]", json.load(answer))]


@contextlib.contextmanager
def hosts(land: Land, *, latency: float = 0.0) -> Iterator[Hosts]:
    """Run an origin; it is ready when the block begins, and gone when it ends.

    `latency` is waited before each answer, in seconds.
    """
    with started("benchmarks.hosts", {**asdict(land), "latency": latency}) as (port, pid):
        yield Hosts(land, port, pid)


@cache
def _story(seed: int, group: int, entry: int, size: int) -> prose.Story:
    return prose.story(f"{seed}:land:{group}:{entry}", size)


def _html(paragraphs: prose.Paragraphs) -> str:
    return "".join(f"<p>{' '.join(sentences)}</p>" for sentences in paragraphs)


class _Server:
    """The documents, made before anybody asks, and the log."""

    def __init__(self, land: Land, port: int) -> None:
        self.visits: list[tuple[str, str, float, float]] = []
        self._answers: dict[str, tuple[bytes, bytes]] = {}  # by path, with their ETags
        for feed in range(land.feeds):
            self._add(f"/feed/{feed}.xml", "application/rss+xml", land.document(feed, port))
            for entry in range(land.entries if land.teases(feed) else 0):
                self._add(f"/page/{feed}/{entry}.html", "text/html", land.page(feed, entry))

    def _add(self, path: str, kind: str, body: bytes) -> None:
        etag = f'"{path}"'.encode()
        head = f"ETag: {etag.decode()}\r\nContent-Type: {kind}; charset=utf-8\r\n"
        self._answers[path] = (etag, answer_of("200 OK", head, body))

    def answer(self, path: str, seen: bytes) -> bytes:
        """The answer to a request that has this If-None-Match."""
        etag, whole = self._answers.get(path, (b"", _NOT_FOUND))
        if etag and seen == etag:
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n"
        return whole


class _Connection(asyncio.Protocol):
    """One connection: requests without bodies, one after the other."""

    def __init__(self, server: _Server, latency: float) -> None:
        self._server, self._latency = server, latency
        self._left = b""
        self._host = ""
        self._transport: asyncio.Transport | None = None
        self._open: dict[str, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._host = transport.get_extra_info("sockname")[0]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        for path, begin in self._open.items():  # whoever asked has gone
            self._server.visits.append((self._host, path, begin, time.monotonic()))
        self._open.clear()

    def data_received(self, data: bytes) -> None:
        *requests, self._left = (self._left + data).split(b"\r\n\r\n")
        for request in requests:
            first, *lines = request.split(b"\r\n")
            path = first.split(b" ")[1].decode()
            seen = b""
            for line in lines:
                name, _, value = line.partition(b":")
                if name.lower() == b"if-none-match":
                    seen = value.strip()
            if path == "/control/visits":
                assert self._transport is not None
                body = json.dumps(self._server.visits).encode()
                self._transport.write(answer_of("200 OK", "", body))
                continue
            self._open[path] = time.monotonic()
            asyncio.get_running_loop().call_later(self._latency, self._respond, path, seen)

    def _respond(self, path: str, seen: bytes) -> None:
        if self._transport is None:
            return
        begin = self._open.pop(path)
        self._transport.write(self._server.answer(path, seen))
        self._server.visits.append((self._host, path, begin, time.monotonic()))


async def _serve(server: _Server, sockets: Sequence[socket.socket], latency: float) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(sys.stdin.fileno(), stop.set)  # whoever started us is gone
    connection: Callable[[], asyncio.Protocol] = partial(_Connection, server, latency)
    for each in sockets:
        await loop.create_server(connection, sock=each)
    print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
    await stop.wait()


def _main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosts", description=__doc__)
    for name in ("feeds", "hosts", "entries", "size", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0)
    options = parser.parse_args(arguments)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    land = Land(options.feeds, options.hosts, options.entries, options.size, options.seed)
    sockets = listening(land.hosts, 0)
    server = _Server(land, sockets[0].getsockname()[1])
    uvloop.run(_serve(server, sockets, options.latency))


if __name__ == "__main__":
    _main()
