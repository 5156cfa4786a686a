"""The newsroom in a thread, the daemon in a process, and how to wait for what they do."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from aggregator.demo import Newsroom, load_desk

PATIENCE = 60  # seconds until a test gives up waiting; none waits that long when all is well
QUICK = {"interval": "300ms", "per_host_delay": "20ms"}

# What is served may be so many seconds older than the database.
_STALE = 0.4

_PROGRAM = [sys.executable, "-m", "aggregator.cli"]


@contextlib.contextmanager
def on_the_air(*, unchanged: bool = False, bad_feeds: Sequence[str] = ()) -> Iterator[Newsroom]:
    """A newsroom that serves from a thread of its own. `unchanged`: no title is edited."""
    desk = load_desk()
    if unchanged:
        desk = desk.model_copy(update={"changes": ()})
    newsroom = Newsroom(desk, bad_feeds=bad_feeds)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with newsroom.opened():
            ready.set()
            await stop.wait()

    with ThreadPoolExecutor(1, "newsroom") as thread, contextlib.closing(loop):
        serving = thread.submit(loop.run_until_complete, serve())
        while not ready.wait(0.05):
            if serving.done():
                serving.result()
        try:
            yield newsroom
        finally:
            loop.call_soon_threadsafe(stop.set)
            serving.result()


@dataclass(frozen=True)
class Told:
    """A story as the merged feed tells it."""

    id: str
    title: str
    url: str
    updated: str
    origin: str
    agency: str
    chain: tuple[str, ...]
    copies: frozenset[str]  # addresses


class RunningDaemon:
    """`aggregator run` as a process. A context manager; may be started, ended and started again."""

    def __init__(
        self,
        newsroom: Newsroom,
        folder: Path,
        *,
        database: str | None = None,
        feeds: list[dict[str, str]] | None = None,
        **settings: dict[str, Any],
    ) -> None:
        self.newsroom = newsroom
        self.folder = folder
        self.config = folder / "config.yaml"
        self.log = folder / "daemon.log"
        self.file = folder / "aggregator.db"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.base, trust_env=False, timeout=PATIENCE)
        self.process: subprocess.Popen[bytes] | None = None
        self.settings: dict[str, Any] = {
            "feeds": feeds or newsroom.feeds(),
            "poll": QUICK,
            "http": {"timeout": "10s", "allow_networks": ["127.0.0.0/8"]},
            "database": database or f"sqlite:///{self.file}",
            "server": {"host": "127.0.0.1", "port": self.port, "base_url": self.base},
            **settings,
        }

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.client.close()

    # ------------------------------------------------------------------ the process

    def start(self, *, before: Sequence[str] = ()) -> Self:
        """Start it, as an argument of another program where one stands `before` it."""
        self.config.write_text(json.dumps(self.settings, ensure_ascii=False), "utf-8")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*before, *_PROGRAM, "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
            )
        return self

    def stop(self, *, patience: float = PATIENCE) -> int:
        """Ask it to end, and wait for so many seconds at most; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=patience)
        self.process = None
        return code

    def kill(self) -> None:
        """End it without a warning."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def command(self, *arguments: str) -> str:
        """What a command prints, run on the same configuration."""
        done = subprocess.run(
            [*_PROGRAM, *arguments, "--config", str(self.config)],
            capture_output=True,
            env=_environment(),
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def until(self, wanted: Callable[[], bool], what: str) -> None:
        """Wait until something holds; fail with the log's end when the daemon dies or it takes
        too long."""
        end = time.monotonic() + PATIENCE
        while not wanted():
            dead = self.process is not None and self.process.poll() is not None
            if dead or time.monotonic() > end:
                why = f"it ended with {self.process.returncode}" if dead else "it took too long"
                raise AssertionError(f"Waiting until {what}: {why}.\n{self._log_end()}")
            time.sleep(0.02)

    def until_served(self) -> None:
        """Wait until it answers."""
        self.until(self.answers, "the daemon answers")

    def settle(self) -> None:
        """Wait until all that the newsroom's outlets have out now is filed.

        A feed's next request comes after its last poll was filed. The first request from now on
        may be answered with what is out now, so the one after it proves that this is filed.
        """
        start = len(self.newsroom.log)
        outlets = [outlet for outlet in self.newsroom.desk.outlets.values() if outlet.feed]

        def filed() -> bool:
            hits = Counter((hit.outlet, hit.path) for hit in self.newsroom.log[start:])
            return all(hits[outlet.key, outlet.feed] >= 2 for outlet in outlets)

        self.until(filed, "every feed is filed")
        time.sleep(_STALE)
        good = {self.newsroom.url(outlet.key, outlet.feed or "") for outlet in outlets}
        answer = self.client.get("/api/v1/feeds", params={"limit": 200}).json()
        errors = [feed for feed in answer["items"] if feed["url"] in good and feed["error"]]
        assert not errors, f"{errors}\n{self._log_end()}"

    def answers(self) -> bool:
        try:
            return self.client.get("/opml").is_success  # not from its waiting room
        except httpx.TransportError:
            return False

    def _log_end(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-40:])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the SQLite database has, read by another process than the daemon's."""
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            return database.execute(query).fetchall()

    def execute(self, statement: str) -> None:
        """Change the SQLite database, by another process than the daemon's."""
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.execute(statement)

    def polled(self) -> set[str]:
        """The feeds of which a poll is on record in the SQLite database."""
        if not self.file.exists() or ("feed",) not in self.rows("SELECT name FROM sqlite_master"):
            return set()
        rows = self.rows("SELECT url FROM feed WHERE last_polled_at IS NOT NULL")
        return {url for (url,) in rows}

    # ------------------------------------------------------------------ what it tells

    def feed(self, form: str) -> str:
        answer = self.client.get(f"/feed.{form}", params={"limit": 200})
        answer.raise_for_status()
        return answer.text

    def stories(self) -> list[Told]:
        """All stories of the merged feed."""
        return [_told(item) for item in json.loads(self.feed("json"))["items"]]

    def by_story(self, *, without_bad: bool = False) -> dict[str, Told]:
        """The merged feed by the newsroom's names of stories; fails where one is there twice.

        `without_bad` passes over items that have no page in the newsroom: those of bad feeds.
        """
        told: dict[str, Told] = {}
        pages = self.pages()
        for item in self.stories():
            if without_bad and not item.copies & pages.keys():
                continue
            names = {pages[copy] for copy in item.copies}
            assert len(names) == 1, f"{item.title!r} merges {sorted(names)}: {sorted(item.copies)}"
            name = names.pop()
            assert name not in told, f"{name} is there twice: {told[name].title!r}, {item.title!r}"
            told[name] = item
        return told

    def pages(self) -> dict[str, str]:
        """The newsroom's pages, and the story that each of them has."""
        items = self.newsroom.desk.items.values()
        return {self.newsroom.article(item.key).url: item.story for item in items}


def _told(item: dict[str, Any]) -> Told:
    more = item["_aggregator"]
    return Told(
        id=item["id"],
        title=item["title"],
        url=item["url"],
        updated=more["updated"],
        origin=(more["origin"] or {}).get("name", ""),
        agency=(more["agency"] or {}).get("name", ""),
        chain=tuple(more["chain"]),
        copies=frozenset(copy["url"] for copy in more["copies"]),
    )


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR")}
    return ours | {"PYTHONUNBUFFERED": "1", "NO_PROXY": "*", "COLUMNS": "200"}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
