"""Entries on their way into a real database, without the network: parse's keys, the real filing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator import correct
from aggregator.credit import load_directory
from aggregator.filing import file
from aggregator.model import FeedSpec, Outlet, ParsedEntry, Story, StoryQuery
from aggregator.parse import identify, told_apart
from aggregator.reading import Task, read
from aggregator.store import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(days=7)


class FilingDesk:
    """Feeds of some outlets, whose entries are filed one poll after the other."""

    def __init__(
        self, url: str, outlets: Sequence[str] = "ABCDEFGH", now: datetime = START
    ) -> None:
        self._url, self._outlets = url, outlets
        self.now = now
        self.directory = load_directory()
        self.store = Store(url)
        self.store.list_feeds([FeedSpec(f"https://{o.lower()}.example/feed") for o in outlets], now)
        self._feeds = dict(zip(outlets, self.store.listed(), strict=True))

    def restart(self) -> None:
        self.store.close()
        self.store = Store(self._url)

    def address(self, outlet: str, name: str = "1") -> str:
        return f"https://{outlet.lower()}.example/{name}"

    def poll(self, outlet: str, text: str, **more: Any) -> str:
        """File one entry (see `entry`), new or changed; the id of its story."""
        entry = self.entry(outlet, text, **more)
        self.poll_together([(outlet, entry)])
        return self.of(entry.url)

    def entry(
        self,
        outlet: str,
        text: str,
        *,
        title: str = "",
        name: str = "1",
        url: str = "",
        published: datetime | None = None,
    ) -> ParsedEntry:
        html = "".join(f"<p>{line}</p>" for line in text.split("\n"))
        return ParsedEntry(
            guid=f"{outlet}-{name}",
            url=url or self.address(outlet, name),
            title=title or f"As {outlet} has it",
            content_html=html,
            published=published,
        )

    def poll_together(self, polled: Sequence[tuple[str, ParsedEntry]]) -> None:
        """File an entry of each of these outlets, all in one transaction."""
        self.now += timedelta(minutes=5)
        read_by_feed = []
        for outlet, entry in polled:
            feed, listed = self._feeds[outlet], told_apart([entry])
            known = self.store.known(feed.id, [item.keys for item in listed])
            tasks = [Task(item) for item in identify(listed, [one for one, _, _ in known])]
            carrier = Outlet(f"Paper {outlet}", (f"{outlet.lower()}.example",))
            read_by_feed.append((feed, read(carrier, "en", tasks, self.now)))
        with self.store.writing(self.now - WINDOW) as transaction:
            for feed, readings in read_by_feed:
                file(
                    transaction,
                    feed=feed,
                    readings=readings,
                    directory=self.directory,
                    now=self.now,
                )

    def of(self, url: str) -> str:
        """The id of the story that has a copy at this address."""
        return self.store.find(url).id

    def stories(self) -> list[Story]:
        return self.store.stories(StoryQuery())

    def together(self) -> set[frozenset[str]]:
        """The addresses of each story's copies."""
        return {frozenset(copy.url for copy in story.copies) for story in self.stories()}

    def merge(self, a: str, b: str) -> correct.Corrected:
        self.now += timedelta(minutes=5)
        with self.store.writing(self.now - WINDOW) as transaction:
            return correct.merge(transaction, a=a, b=b, directory=self.directory, now=self.now)

    def split(self, story: str, url: str) -> correct.Corrected:
        self.now += timedelta(minutes=5)
        with self.store.writing(self.now - WINDOW) as transaction:
            return correct.split(
                transaction, story=story, url=url, directory=self.directory, now=self.now
            )

    def retire(self, retention: timedelta, *dropped: str) -> None:
        """Let the feeds of these outlets list nothing more, and forget what is old."""
        with self.store.writing(self.now - WINDOW) as transaction:
            for outlet in dropped:
                transaction.drop(self._feeds[outlet].id, [], self.now)
            transaction.retire(self.now, retention)
