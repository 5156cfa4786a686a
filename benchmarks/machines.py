"""Workers as processes on one PostgreSQL database, and how to wait for what they do."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg

from aggregator.model import FeedSpec, StoryQuery
from aggregator.store import Store
from benchmarks.hosts import Hosts

PATIENCE = 180  # seconds until a test gives up waiting
DELAY = 0.1  # seconds between two requests to a host


class Machines:
    """Workers, each a process of its own, with one configuration for all."""

    def __init__(self, folder: Path, database: str, origin: Hosts, **settings: Any) -> None:
        self.origin = origin
        self.database = database
        self.config = folder / "config.yaml"
        self.patience: float = PATIENCE
        self.processes: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        given = {
            "feeds": [{"url": url} for url in origin.urls()],
            "poll": {
                "interval": "1h",
                "per_host_delay": f"{DELAY * 1000:.0f}ms",
                "concurrency": 4,  # so that no worker takes all at once
            },
            "http": {"timeout": "2s", "allow_networks": ["127.0.0.0/8"]},
            "database": database,
        }
        self.config.write_text(json.dumps(given | settings), "utf-8")

    @cached_property
    def store(self) -> Store:
        """The database; opened once, as a newer version may change it."""
        return Store(self.database)

    # ------------------------------------------------------------------ the processes

    def start(self, count: int = 1, *, program: Path | None = None) -> None:
        """Start so many; `program` is a folder with another version of the package."""
        for _ in range(count):
            with self._log(len(self.processes)).open("ab") as log:
                self.processes.append(
                    subprocess.Popen(
                        [
                            *(sys.executable, "-m", "aggregator.cli"),
                            *("worker", "--config", str(self.config)),
                        ],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        cwd=program,
                        env=_environment(program),
                    )
                )

    def start_together(self, count: int) -> None:
        """Start so many, and let there be work when all of them are ready for it."""
        self.put_off()
        self.start(count)
        for number in range(count):
            self.until_ready(number)
        self.make_due()

    def put_off(self) -> None:
        """List the feeds, none of them due today."""
        specs = [FeedSpec(url) for url in self.origin.urls()]
        self.store.list_feeds(specs, datetime.now(UTC) + timedelta(days=1))

    def make_due(self) -> datetime:
        """Make all feeds due; since when they are."""
        with psycopg.connect(self.database) as connection:
            connection.execute("UPDATE feed SET next_poll_at = now()")
            return self._moment(connection, "SELECT now()")

    def polled_since(self, moment: datetime) -> int:
        """How many feeds were polled since then."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(
                "SELECT count(*) FROM feed WHERE last_polled_at >= %s", (moment,)
            ).fetchone()
            assert row is not None
            return int(row[0])

    def last_polled(self) -> datetime:
        """When the last poll was."""
        with psycopg.connect(self.database) as connection:
            return self._moment(connection, "SELECT max(last_polled_at) FROM feed")

    @staticmethod
    def _moment(connection: psycopg.Connection[Any], query: LiteralString) -> datetime:
        row = connection.execute(query).fetchone()
        assert row is not None
        return cast("datetime", row[0])

    def until_ready(self, number: int) -> None:
        """Wait until one takes jobs."""
        self.until(lambda: '"worker_started"' in self.log(number), f"worker {number} is ready")

    def kill(self, number: int) -> None:
        """End one without a warning."""
        self.processes[number].kill()
        self.processes[number].wait()

    def stop(self, number: int) -> int:
        """Ask one to end; its exit code."""
        self.processes[number].send_signal(signal.SIGTERM)
        return self.processes[number].wait(timeout=PATIENCE)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same configuration."""
        return subprocess.run(
            [
                *(sys.executable, "-m", "aggregator.cli"),
                *(*arguments, "--config", str(self.config)),
            ],
            capture_output=True,
            text=True,
            env=_environment(),
            check=False,
        )

    def log(self, number: int) -> str:
        """What one has said."""
        return self._log(number).read_text("utf-8", "replace")

    def events(self, number: int) -> list[dict[str, Any]]:
        """The same, as its lines' fields."""
        lines = self.log(number).splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def _log(self, number: int) -> Path:
        return self._folder / f"worker-{number}.log"

    # ------------------------------------------------------------------ what they did

    def until(self, wanted: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + self.patience
        while not wanted():
            if time.monotonic() > end:
                logs = "\n".join(self.log(n)[-2500:] for n in range(len(self.processes)))
                raise AssertionError(f"Waiting until {what}: it took too long.\n{logs}")
            time.sleep(0.05)

    def polled(self) -> int:
        """How many feeds were polled; 0 while nobody can tell."""
        try:
            with psycopg.connect(self.database) as connection:
                row = connection.execute(
                    "SELECT count(*) FROM feed WHERE last_polled_at IS NOT NULL AND last_error = ''"
                ).fetchone()
        except psycopg.Error:
            return 0
        assert row is not None
        return int(row[0])

    def until_polled(self, feeds: int | None = None) -> None:
        """Wait until so many feeds (default: all) were polled, with their pages."""
        wanted = self.origin.land.feeds if feeds is None else feeds
        self.until(lambda: self.polled() >= wanted, f"{wanted} feeds are polled")

    def stories(self) -> list[frozenset[str]]:
        """The stories, each as the links of its copies."""
        found = self.store.stories(StoryQuery(limit=10_000))
        assert not self.store.broken()
        assert all(len({c.url for c in s.copies}) == len(s.copies) for s in found)
        return [frozenset(copy.url for copy in story.copies) for story in found]

    def has_all_stories(self) -> None:
        """Check that there are the stories there should be, and each once."""
        found = self.stories()
        assert len(found) == len(set(found))
        assert set(found) == self.origin.truth()


@contextlib.contextmanager
def machines(folder: Path, database: str, origin: Hosts, **settings: Any) -> Iterator[Machines]:
    """Workers, none of which outlives the block."""
    there = Machines(folder, database, origin, **settings)
    try:
        yield there
    finally:
        for number in range(len(there.processes)):
            there.kill(number)
        if "store" in vars(there):
            there.store.close()


def _environment(program: Path | None = None) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR")}
    if program is not None:
        ours["PYTHONPATH"] = str(program)
    return ours | {"PYTHONUNBUFFERED": "1", "NO_PROXY": "*"}
