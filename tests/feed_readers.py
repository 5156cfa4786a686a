"""Real feed readers, as tests drive them: feedparser, reader, newsboat, and rss-parser by node."""

import calendar
import hashlib
import html
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
from reader import Reader, make_reader

_JAVASCRIPT = Path(__file__).parent / "javascript"


@dataclass(frozen=True)
class Shown:
    """An item as a reader has it; None for what the reader does not keep."""

    title: str
    link: str
    date: datetime
    source: str | None


Items = dict[str, Shown]  # by id


def by_feedparser(document: bytes) -> Items:
    """What feedparser makes of a document."""
    feed = feedparser.parse(document)
    assert not feed.bozo, feed.get("bozo_exception")
    return {
        entry.id: Shown(
            html.unescape(entry.title),
            entry.link,
            datetime.fromtimestamp(calendar.timegm(entry.published_parsed), UTC),
            html.unescape(entry.get("source", {}).get("title", "")),
        )
        for entry in feed.entries
    }


@contextmanager
def subscribed(url: str) -> Iterator[Reader]:
    """The library `reader`, which keys on ids, subscribed to a feed."""
    with make_reader(":memory:") as reader:
        reader.add_feed(url)
        reader.update_feed(url)
        yield reader


def by_reader(reader: Reader) -> Items:
    """What reader has."""
    return {
        entry.id: Shown(
            html.unescape(entry.title or ""),
            entry.link or "",
            entry.published or datetime.min.replace(tzinfo=UTC),
            html.unescape(entry.source.title or "") if entry.source else None,
        )
        for entry in reader.get_entries()
    }


class Newsboat:
    """newsboat, which keys on the guid, subscribed to a feed, with a folder of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        program = shutil.which("newsboat")
        assert program, "newsboat is not installed (Debian: apt-get install newsboat)"
        self._cache = folder / "cache.db"
        (folder / "urls").write_text(f"{url}\n")
        (folder / "config").write_text("ignore-mode display\n")
        files = {"-u": folder / "urls", "-c": self._cache, "-C": folder / "config"}
        options = [str(part) for pair in files.items() for part in pair]
        self._command = [program, *options, "-x", "reload"]
        self._home = str(folder)

    def reload(self) -> None:
        """Fetch the feed."""
        subprocess.run(
            self._command,
            check=True,
            stdin=subprocess.DEVNULL,
            env={"HOME": self._home, "LC_ALL": "C.UTF-8", "NO_PROXY": "*", "TERM": "dumb"},
            timeout=60,
        )

    def items(self) -> Items:
        """What it has. It keeps no sources."""
        rows = self._rows("SELECT guid, title, url, pubDate FROM rss_item")
        found = {
            guid: Shown(html.unescape(title), url, datetime.fromtimestamp(date, UTC), None)
            for guid, title, url, date in rows
        }
        assert len(found) == len(rows)
        return found

    def bodies(self) -> dict[str, str]:
        """The text of each item, by id."""
        return dict(self._rows("SELECT guid, content FROM rss_item"))

    def unread(self) -> list[str]:
        """The titles that it shows as new."""
        return [title for (title,) in self._rows("SELECT title FROM rss_item WHERE unread = 1")]

    def read_all(self) -> None:
        """Mark everything as read."""
        self._rows("UPDATE rss_item SET unread = 0")

    def _rows(self, query: str) -> list[Any]:
        with sqlite3.connect(self._cache) as cache:
            return cache.execute(query).fetchall()


def by_javascript(document: bytes, cache: Callable[[str], Path]) -> Items:
    """What rss-parser makes of a document.

    It is installed the first time, in the version that the lock names, into the folder that
    `cache` makes by a name.
    """
    for program in ("node", "npm"):
        assert shutil.which(program), (
            f"{program} is not installed (Debian: apt-get install nodejs npm)"
        )
    lock = (_JAVASCRIPT / "package-lock.json").read_bytes()
    folder = cache(f"javascript-{hashlib.sha256(lock).hexdigest()[:12]}")
    done = folder / "installed"
    if not done.exists():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_JAVASCRIPT / name, folder)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=100)
        done.touch()
    read = ["node", str(_JAVASCRIPT / "read.mjs")]
    told = subprocess.run(
        read, cwd=folder, input=document, check=True, capture_output=True, timeout=60
    )
    return {
        item["id"]: Shown(
            html.unescape(item["title"]),
            item["link"],
            datetime.fromisoformat(item["date"]),
            html.unescape(item["source"]),
        )
        for item in json.loads(told.stdout)
    }
