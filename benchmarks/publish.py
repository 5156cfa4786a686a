"""The merged feed: how fast it is built and served, and whether that lasts as stories pile up.

Databases of few and of many stories are filled row by row, the way the store fills them. Then each
document is built from both, and a server with the feed in memory is asked for it beside a bare
ASGI application that sends the same bytes.
"""

import argparse
import asyncio
import multiprocessing
import resource
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random
from typing import Any

import httpx
import uvicorn
import uvloop

from aggregator.config import Config
from aggregator.metrics import Metrics
from aggregator.model import (
    Decision,
    Document,
    EntryKeys,
    Face,
    FeedSpec,
    Origin,
    Outlet,
    ParsedEntry,
    Provenance,
    Reading,
    Role,
    StoryQuery,
)
from aggregator.site import StoredSite
from aggregator.store import Store, Transaction
from aggregator.web import create_app
from aggregator.web.site import FeedWish
from benchmarks import prose
from benchmarks.press import EPOCH
from benchmarks.results import Options, Result, Spread, Table

FEW, MANY = 10_000, 1_000_000
_QUICK = (60, 300)
OURS, PEER = "aggregator", "a bare ASGI application"
_FEEDS = 100
_TEXTS = 1000
_LATER, _PAGES = "page 21", 20
_AT_ONCE = 32  # connections
_REQUESTS = 20_000
_STORIES_TOLD = 20
_PART = 2000  # stories to a transaction
_BUILDS = 40
_HOME = "http://127.0.0.1:8080/"

SELECTIONS: dict[str, StoryQuery] = {
    "everything": StoryQuery(),
    "a category": StoryQuery(categories=("Topic 3",)),
    "two categories": StoryQuery(categories=("Topic 3", "Topic 4")),
    "an outlet": StoryQuery(outlets=("outlet7.example",)),
    "a language": StoryQuery(languages=("de",)),
    "an origin, a category": StoryQuery(origins=("Outlet 7",), categories=("Topic 7",)),
    "three copies or more": StoryQuery(copies=3),
    "of an agency": StoryQuery(agency=True),
    "of the last hour": StoryQuery(since=EPOCH - timedelta(hours=1)),
    "a frequent word": StoryQuery(words="harbour"),
    "a rare word": StoryQuery(words="zwieback"),
    "a frequent word, a category": StoryQuery(words="harbour", categories=("Topic 3",)),
    _LATER: StoryQuery(),
}


def run(options: Options) -> Result:
    """Measure, and tell."""
    few, many = _QUICK if options.quick else (FEW, MANY)
    rounds = 1 if options.quick else (options.runs or 3)
    with tempfile.TemporaryDirectory() as folder:
        files = {stories: Path(folder) / f"{stories}.db" for stories in (few, many)}
        for stories, file in files.items():
            fill(file, stories)
        builds = built(files, rounds, 2 if options.quick else _BUILDS)
        requests = 2 * _AT_ONCE if options.quick else _REQUESTS
        served = [serve_both(files[few], requests) for _ in range(rounds)]
        fresh = freshness(files[few], 2 if options.quick else _STORIES_TOLD)
    return Result(
        title="Publishing: building and serving the merged feed",
        measured=[
            f"Built from {few:,} and from {many:,} stored stories, of {_FEEDS} feeds, in SQLite: "
            "RSS of 50 stories, from the query to the bytes. Some stories have several copies; "
            "one in 150 has the rare word, a third have the frequent one.",
        ],
        tables=[_of_builds(builds, few, many), _of_serving(served)],
        reading=[
            f"A new story was in the feed {fresh.shown(' s')} after its transaction's end, for a "
            "client that asks without a pause.",
            "Serving is of the feed in memory over real connections on loopback, kept alive, by "
            "the same server as a bare ASGI application that sends the same bytes and headers. "
            "The ratio of requests a second is held down or up by the client, which shares the "
            "machine; that of the server's CPU time is not.",
        ],
        versions=("uvicorn", "uvloop", "lxml"),
    )


# ------------------------------------------------------------------------------------ filling


def fill(file: Path, stories: int) -> None:
    """Make a database of so many stories, one a second, the last of them at `EPOCH`."""
    store = Store(f"sqlite:///{file}")
    store.list_feeds([_spec(feed) for feed in range(_FEEDS)], EPOCH)
    texts = [prose.story(f"text {number}", 1500) for number in range(_TEXTS)]
    for start in range(0, stories, _PART):
        with store.writing(EPOCH) as transaction:
            _fill_part(transaction, range(start, min(start + _PART, stories)), stories, texts)
    store.close()


def _fill_part(
    transaction: Transaction, numbers: Sequence[int], stories: int, texts: Sequence[prose.Story]
) -> None:
    """File some stories; feed by feed, as a poll does, so that a statement takes many rows."""
    dice = Random(numbers[0])
    now = EPOCH - timedelta(seconds=stories - numbers[0])
    told: dict[int, tuple[int, list[int]]] = {}  # by its number here: its own, and its carriers
    by_feed: dict[int, list[int]] = {}
    for number in numbers:
        carriers = dice.sample(range(_FEEDS), dice.choice((1, 1, 1, 1, 1, 2, 2, 4)))
        told[number] = (
            transaction.new_story(now + timedelta(seconds=number - numbers[0])),
            carriers,
        )
        for feed in carriers:
            by_feed.setdefault(feed, []).append(number)
    leads: dict[int, tuple[int, Reading]] = {}
    for feed, carried in by_feed.items():
        readings = [_reading(number, feed, dice.choice(texts), now) for number in carried]
        entries = transaction.save(feed + 1, readings, now)
        for number, entry, read in zip(carried, entries, readings, strict=True):
            story, carriers = told[number]
            transaction.place(entry, story, Decision(story))
            if feed == carriers[0]:
                leads[number] = (entry, read)
    transaction.show(
        {told[number][0]: _face(told[number][1][0], *lead) for number, lead in leads.items()}, now
    )
    transaction.published()


def _face(feed: int, entry: int, read: Reading) -> Face:
    outlet, title, url = _outlet(feed), read.entry.title, read.entry.url
    role = Role.AGENCY if feed % 10 == 0 else Role.PUBLISHER
    origin = Origin(outlet.name, outlet.domain, url, role, 0.9, "it has it first")
    return Face(entry, title, url, "de" if feed % 5 == 0 else "en", Provenance(origin), url)


def _spec(feed: int) -> FeedSpec:
    outlet = _outlet(feed)
    return FeedSpec(
        f"https://{outlet.domain}/feed", outlet.name, outlet.domain, f"Topic {feed % 10}"
    )


def _outlet(feed: int) -> Outlet:
    return Outlet(f"Outlet {feed}", (f"outlet{feed}.example",))


def _reading(number: int, feed: int, told: prose.Story, now: datetime) -> Reading:
    """What a feed's entry of that story comes to, without credits and shingles."""
    outlet, url = _outlet(feed), f"https://{_outlet(feed).domain}/{number}"
    paragraphs = [" ".join(paragraph) for paragraph in told.paragraphs]
    paragraphs += ["It was seen from the harbour."] if number % 3 == 0 else []
    paragraphs += ["There was zwieback."] if number % 150 == 0 else []
    markup = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    entry = ParsedEntry(guid=url, url=url, title=told.headline, content_html=markup, published=now)
    text = "\n".join(paragraphs)
    keys = EntryKeys(guid=url, link=url, text=url)
    document = Document(outlet.name, told.headline, text, now)
    return Reading(entry, keys, url, None, outlet, document, hashes=(), credits=())


# ----------------------------------------------------------------------------------- building

Builds = dict[tuple[str, int], list[float]]  # by selection and stories, seconds of each build


def built(files: Mapping[int, Path], rounds: int, times: int) -> Builds:
    """Build each selection from each database, in turns."""
    sites = {stories: _site(file) for stories, file in files.items()}
    queries = {
        (name, stories): _paged(site, query) if name == _LATER else query
        for name, query in SELECTIONS.items()
        for stories, site in sites.items()
    }
    seconds: Builds = {key: [] for key in queries}
    for turn in range(rounds * times + 1):
        for (name, stories), query in queries.items():
            wish = FeedWish("rss", f"{_HOME}feed.rss", _HOME, query=query)
            start = time.perf_counter()
            sites[stories].feed(wish)
            if turn:  # the first finds nothing in memory
                seconds[name, stories].append(time.perf_counter() - start)
    for site in sites.values():
        site.close()
    return seconds


class _Site(StoredSite):
    """A site that closes its store."""

    def __init__(self, store: Store) -> None:
        super().__init__(Config(), store, Metrics(), lambda: True)
        self.close = store.close


def _site(file: Path) -> _Site:
    return _Site(Store(f"sqlite:///{file}"))


def _paged(site: _Site, query: StoryQuery) -> StoryQuery:
    """The same query, twenty pages on."""
    last = site.stories(replace(query, limit=_PAGES * query.limit))[-1]
    return replace(query, before=last.id)


def _of_builds(builds: Builds, few: int, many: int) -> Table:
    rows = []
    for name in SELECTIONS:
        low, high = Spread.of(builds[name, few]), Spread.of(builds[name, many])
        rows.append(
            (
                name,
                f"{low.median * 1000:.1f} ms",
                f"{high.median * 1000:.1f} ms",
                f"{high.median / low.median:.2f}×",
            )
        )
    return Table(("feed of", f"{few:,} stories", f"{many:,} stories", "ratio"), tuple(rows))


# ------------------------------------------------------------------------------------ serving


def freshness(file: Path, stories: int) -> Spread:
    """How many seconds after a story's commit the feed has it."""
    site, store, seconds = _site(file), Store(f"sqlite:///{file}"), []
    app = create_app(site)
    told = prose.story("new", 1500)

    async def until_told(url: str) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=_HOME) as client:
            while url not in (await client.get("/feed.rss")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    for number in range(stories):
        read = _reading(10**9 + number, 1, told, EPOCH)
        with store.writing(EPOCH) as transaction:
            story = transaction.new_story(EPOCH)
            (entry,) = transaction.save(2, [read], EPOCH)
            transaction.place(entry, story, Decision(story))
            transaction.show({story: _face(1, entry, read)}, EPOCH)
            transaction.published()
        start = time.perf_counter()
        asyncio.run(until_told(read.entry.url))
        seconds.append(time.perf_counter() - start)
    store.close()
    site.close()
    return Spread.of(seconds)


@dataclass(frozen=True)
class Rate:
    """What one server made of the requests that it got."""

    requests_a_second: float
    cpu_microseconds: float  # of the server's process, for a request


Served = dict[tuple[str, str], Rate]  # by status and server


def serve_both(file: Path, requests: int) -> Served:
    """Ask ours and a bare application for the feed, and for the feed if it has changed."""
    answers = _answers(file)
    served: Served = {}
    for status, (_, asking, _) in answers.items():
        for name in (OURS, PEER):
            served[status, name] = _measured(name, file, answers[status], asking, requests)
    return served


_Answer = tuple[list[tuple[bytes, bytes]], bytes, bytes]  # headers; of the request; body


def _answers(file: Path) -> dict[str, _Answer]:
    """What our server says to either request, for the bare one to say the same."""
    site = _site(file)
    app = create_app(site)

    async def ask(more: list[tuple[bytes, bytes]]) -> tuple[list[tuple[bytes, bytes]], bytes]:
        heads: list[list[tuple[bytes, bytes]]] = []
        body = b""

        async def send(message: Any) -> None:
            nonlocal body
            heads.append(message.get("headers", []))
            body += message.get("body", b"")

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        headers = [(b"host", b"127.0.0.1:8080"), *more]
        scope = {"type": "http", "method": "GET", "scheme": "http", "headers": headers}
        scope |= {"path": "/feed.rss", "query_string": b""}
        await app(scope, receive, send)
        return heads[0], body

    async def both() -> dict[str, _Answer]:
        headers, body = await ask([])
        tag = next(value for name, value in headers if name == b"etag")
        unchanged, nothing = await ask([(b"if-none-match", tag)])
        condition = b"if-none-match: " + tag + b"\r\n"
        return {"200": (headers, b"", body), "304": (unchanged, condition, nothing)}

    found = asyncio.run(both())
    site.close()
    return found


def _measured(name: str, file: Path, answer: _Answer, asking: bytes, requests: int) -> Rate:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(name, file, answer, there))
    process.start()
    port = here.recv()
    request = b"GET /feed.rss HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n" + asking + b"\r\n"
    try:
        uvloop.run(_ask(port, request, max(requests // 10, _AT_ONCE)))  # until all is warm
        here.send("begin")
        spent = here.recv()
        start = time.perf_counter()
        asked = uvloop.run(_ask(port, request, requests))
        seconds = time.perf_counter() - start
        here.send("end")
        spent = here.recv() - spent
    finally:
        process.kill()
        process.join()
    return Rate(asked / seconds, spent / asked * 1e6)


async def _ask(port: int, request: bytes, requests: int) -> int:
    """Ask over some connections, each for the next answer when it has the last; how often."""

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        for _ in range(requests // _AT_ONCE):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if length:
                await reader.readexactly(int(length))
        writer.close()
        return requests // _AT_ONCE

    return sum(await asyncio.gather(*(one() for _ in range(_AT_ONCE))))


def _serve(name: str, file: Path, answer: _Answer, pipe: Pipe) -> None:
    """A server in a process of its own; whenever it is asked, it tells the CPU time it took."""
    headers, _, body = answer
    status = 200 if body else 304

    async def bare(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    app = bare if name == PEER else create_app(_site(file))
    told = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    told.server_header = False

    def answer_the_pipe() -> None:
        pipe.recv()
        spent = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send(spent.ru_utime + spent.ru_stime)

    async def serve() -> None:
        asyncio.get_running_loop().add_reader(pipe.fileno(), answer_the_pipe)
        await uvicorn.Server(told).serve(sockets=[listener])

    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        pipe.send(listener.getsockname()[1])
        uvloop.run(serve())


def _of_serving(served: Sequence[Served]) -> Table:
    rows = []
    for status in ("200", "304"):
        ours = [one[status, OURS] for one in served]
        peers = [one[status, PEER] for one in served]
        pairs = list(zip(ours, peers, strict=True))
        speed = Spread.of(our.requests_a_second / peer.requests_a_second for our, peer in pairs)
        cost = Spread.of(peer.cpu_microseconds / our.cpu_microseconds for our, peer in pairs)
        rows.append(
            (
                status,
                *(
                    f"{Spread.of(rate.requests_a_second for rate in rates).median:,.0f}"
                    for rates in (ours, peers)
                ),
                speed.shown("×"),
                cost.shown("×"),
            )
        )
    columns = ("answer", f"{OURS}, requests a second", PEER, "ratio", "ratio by CPU time")
    return Table(columns, tuple(rows))


def main() -> None:
    """Print what `run` tells, or fill a database and leave it, or measure on such ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("--fill", type=int, metavar="STORIES", help="make FILE and measure nothing")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("file", type=Path, nargs="*", help="a database to fill, or two to compare")
    given = parser.parse_args()
    if given.fill:
        fill(given.file[0], given.fill)
        return
    if len(given.file) == 2:
        few, many = given.file
        builds = built({0: few, 1: many}, given.runs, _BUILDS)
        served = [serve_both(few, _REQUESTS) for _ in range(given.runs)]
        print("fresh after", freshness(few, _STORIES_TOLD).shown(" s"))
        tables = [_of_builds(builds, 0, 1), _of_serving(served)]
    else:
        tables = list(run(Options(runs=given.runs)).tables)
    for table in tables:
        for row in (table.columns, *table.rows):
            print(" | ".join(row))
        print()


if __name__ == "__main__":
    main()
