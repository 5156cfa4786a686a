"""The daemon is killed at random moments while it works; what must be true each time, and after.

A round is a newsroom's day from its opening, with a new database: a step of the day before each
kill, a subscriber who reads all the while, and at the end all that must be there.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
from running import RunningDaemon
from truth import truths

from aggregator.condition import examine
from aggregator.demo import Newsroom
from aggregator.store import Store

OFTEN = {"interval": "1500ms", "per_host_delay": "20ms", "concurrency": 4}
_IN_ITS_YOUTH = 0.2  # share of the kills that come before anything is asked
_YOUTH, _AT_WORK = 2.5, 2.0  # seconds
_A_MOMENT = timedelta(milliseconds=200)
_TOLERANCE = timedelta(milliseconds=50)  # between two processes' looks at one clock


@dataclass
class Tally:
    """What rounds came to. `violations` is what must not be: a sentence each."""

    kills: int = 0
    at_work: int = 0  # of the kills: after a first request of that life
    filing: int = 0  # of the kills: while a request was under way, or a moment after news came
    entries: int = 0
    stories: int = 0
    requests: int = 0
    violations: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def killed_round(newsroom: Newsroom, folder: Path, *, kills: int, dice: Random) -> Tally:
    """One round with so many kills."""
    tally = Tally()
    newsroom.latency = 0.02
    daemon = RunningDaemon(newsroom, folder, poll=OFTEN)
    seen = _Seen(tally)
    steps = newsroom.desk.last_tick / max(kills - 2, 1)
    with _subscriber(daemon, seen), contextlib.closing(daemon.client):
        try:
            for number in range(kills):
                newsroom.advance(to=min(round(number * steps), newsroom.desk.last_tick))
                promised, start = seen.promises(daemon), len(newsroom.log)
                daemon.start()
                if dice.random() < _IN_ITS_YOUTH:
                    time.sleep(dice.uniform(0, _YOUTH))
                else:  # after its first request, which comes after two or three seconds
                    daemon.until(lambda: len(newsroom.log) > start, "it asks for something")  # noqa: B023
                    time.sleep(dice.random() ** 2 * _AT_WORK)  # sooner rather than later
                daemon.kill()
                _count(newsroom, start, datetime.now(UTC), tally)
                _asked_too_soon(newsroom, start, promised, tally)
                seen.look(daemon)
            newsroom.advance(to=newsroom.desk.last_tick)
            newsroom.latency = 0
            daemon.start()
            daemon.until_served()
            daemon.settle()
            _complete(daemon, newsroom, seen, tally)
        finally:
            daemon.kill()
    seen.look(daemon)
    tally.requests = len(newsroom.log)
    return tally


class _Seen:
    """What was in the database at some moment, and must be there for good."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.served: set[str] = set()  # ids that the subscriber read
        self._entries: dict[tuple[int, str], int] = {}
        self._story_of: dict[int, str] = {}
        self._polled: set[str] = set()

    def promises(self, daemon: RunningDaemon) -> dict[str, datetime]:
        """When each feed is polled next, as the database has it."""
        if not self._has_tables(daemon):
            return {}
        rows = daemon.rows("SELECT poll_url, next_poll_at FROM feed")
        return {url: datetime.fromisoformat(at).replace(tzinfo=UTC) for url, at in rows}

    def look(self, daemon: RunningDaemon) -> None:
        """Look at the database after a kill."""
        if not self._has_tables(daemon):
            return
        tell = self.tally.violations.append
        for pragma in ("integrity_check", "foreign_key_check"):
            said = daemon.rows(f"PRAGMA {pragma}")
            if said not in ([("ok",)], []):
                tell(f"{pragma}: {said}")
        store = Store(f"sqlite:///{daemon.file}")
        for sentence in store.broken():
            tell(f"invariant: {sentence}")
        store.close()
        self._compare(daemon)

    def _compare(self, daemon: RunningDaemon) -> None:
        tell = self.tally.violations.append
        rows = daemon.rows(
            "SELECT entry.id, entry.feed_id, entry.guid, story.public_id FROM entry "
            "JOIN copy ON copy.entry_id = entry.id JOIN story ON story.id = copy.story_id"
        )
        entries = {(feed, guid): number for number, feed, guid, _ in rows}
        if len(entries) != len(rows):
            tell(f"{len(rows) - len(entries)} entries are there twice")
        for key, number in self._entries.items():
            if entries.get(key) != number:
                tell(f"entry {key} was {number}, and is {entries.get(key)}")
        stories = dict(daemon.rows("SELECT public_id, merged_into FROM story"))
        story_of = {number: story for number, _, _, story in rows}
        for number, story in self._story_of.items():
            now = story_of.get(number)
            # It may have been joined to an older one, where its id leads then.
            if now != story and stories.get(story) is None:
                tell(f"entry {number} flipped from story {story} to {now}")
        for story in self.served - stories.keys():
            tell(f"story {story} was served, and is gone")
        self._entries, self._story_of = entries, story_of

    @staticmethod
    def _has_tables(daemon: RunningDaemon) -> bool:
        return daemon.file.exists() and daemon.rows(
            "SELECT 1 FROM sqlite_master WHERE name = 'amendment'"
        ) == [(1,)]


def _count(newsroom: Newsroom, start: int, now: datetime, tally: Tally) -> None:
    """Count a kill, and what it fell into."""
    hits = newsroom.log[start:]
    tally.kills += 1
    tally.at_work += bool(hits)
    news = (
        hit.until is None or (hit.status == 200 and hit.until > now - _A_MOMENT) for hit in hits
    )
    tally.filing += any(news)


def _asked_too_soon(
    newsroom: Newsroom, start: int, promised: dict[str, datetime], tally: Tally
) -> None:
    for hit in newsroom.log[start:]:
        url = f"http://{hit.address}:{newsroom.port}{hit.path}"
        due = promised.pop(url, None)  # of the first request of this life only
        if due is not None and hit.at < due - _TOLERANCE:
            tally.violations.append(f"{url} was asked {due - hit.at} before its time")


def _complete(daemon: RunningDaemon, newsroom: Newsroom, seen: _Seen, tally: Tally) -> None:
    """What must be there when all has been read: what an undisturbed run has."""
    tell = tally.violations.append
    wanted = truths(newsroom.desk, tick=newsroom.tick)
    try:
        told = daemon.by_story()
    except AssertionError as error:
        tell(str(error))
        return
    for name in wanted.keys() ^ told.keys():
        tell(f"story {name} is {'lost' if name in wanted else 'too much'}")
    for name in wanted.keys() & told.keys():
        copies = {newsroom.article(key).url for key in wanted[name].carriers}
        if told[name].copies != copies:
            tell(f"story {name} has other copies: {sorted(told[name].copies ^ copies)}")
    outlets = [outlet.key for outlet in newsroom.desk.outlets.values() if outlet.feed]
    listed = sum(len(newsroom.listed(key)) for key in outlets)
    ((entries,),) = daemon.rows("SELECT count(*) FROM entry")
    if entries < listed:
        tell(f"{listed - entries} entries are lost")
    tally.entries, tally.stories = entries, len(told)
    for story in sorted(seen.served):
        if not daemon.client.get(f"/api/v1/stories/{story}", follow_redirects=True).is_success:
            tell(f"/api/v1/stories/{story} was served, and is not found")
    for finding in examine(daemon.config):
        if finding.where != "configuration":  # which warns of intervals so short
            tell(f"doctor: {finding}")


@contextlib.contextmanager
def _subscriber(daemon: RunningDaemon, seen: _Seen) -> Iterator[None]:
    """Somebody who reads the feed all the while."""
    done = threading.Event()

    def read() -> None:
        with httpx.Client(base_url=daemon.base, trust_env=False, timeout=5) as client:
            while not done.wait(0.1):
                with contextlib.suppress(httpx.TransportError):
                    answer = client.get("/feed.json", params={"limit": 200})
                    if answer.is_success:
                        ids = (item["id"] for item in answer.json()["items"])
                        seen.served |= {each.removeprefix("urn:uuid:") for each in ids}

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
