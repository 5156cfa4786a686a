"""Feed readers that stay subscribed while stories change: each story is shown once.

Three ways of telling items apart are tried, which is what readers in the wild do: by id (the
library reader, newsboat), by link, and by either.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta

import feedparser
import little_newsroom as newsroom
import pytest
from feed_readers import Newsboat, by_reader, subscribed
from web_server import serving

MINUTE = timedelta(minutes=1)
COPY = "a copy is added"
ORIGIN = "the origin is found"
JOINED = "two stories are joined"
EDITED = "the title is edited"
TEXT = newsroom.body(
    "The bridge over the canal closes for a week of repairs, from Monday to Sunday."
)


def one() -> newsroom.Told:
    copies = [newsroom.Filed("valley", "Bridge closes for repairs", TEXT)]
    return newsroom.Told(copies, chain=("Valley Republisher",), minutes=1)


def other() -> newsroom.Told:
    copies = [newsroom.Filed("courier", "Canal bridge shut for a week", TEXT)]
    return newsroom.Told(copies, chain=("Hill Courier",), minutes=2)


@dataclass
class LinkReader:
    """A reader by a rule of a line: what it knows items by."""

    by: tuple[str, ...]
    seen: set[str] = field(default_factory=set)

    def new_in(self, document: bytes) -> list[str]:
        """The titles of items that it had not seen before."""
        found = []
        for entry in feedparser.parse(document).entries:
            keys = {entry[name] for name in self.by}
            if not keys & self.seen:
                found.append(entry.title)
            self.seen |= keys
        return found


class Desk:
    """Makes the changes, one after another."""

    def __init__(self, room) -> None:
        self.room = room
        self.at = newsroom.NOW + 10 * MINUTE
        self.numbers = {}
        with room.store.writing(newsroom.LONG_AGO) as transaction:
            rows = transaction._session.connection().exec_driver_sql(
                "SELECT public_id, id FROM story"
            )
            self.numbers = dict(list(rows))
        self.first, self.second = (self.numbers[told.id] for told in room.told)

    def make(self, change: str) -> None:
        """Make it so."""
        self.at += MINUTE
        told = self.room.told[0]
        with self.room.store.writing(newsroom.LONG_AGO) as transaction:
            title = ""
            if change == COPY:
                copy = newsroom.Filed("slow", "Bridge to close", TEXT)
                self._file(transaction, copy)
            elif change == ORIGIN:
                self._file(transaction, newsroom.Filed("post", "Canal bridge to close", TEXT))
                told.origin = "post"
            elif change == JOINED:
                transaction.join(self.first, self.second, ())
            else:
                title = "Canal bridge stays open after all"
            newsroom.show(transaction, self.first, told, self.at, title)

    def _file(self, transaction, copy: newsroom.Filed) -> None:
        feeds = self.room.feeds
        newsroom._file(transaction, feeds, self.first, copy, self.at, first=False)


def served(client, form: str, before: bytes) -> bytes:
    """The feed once it is another than before."""
    for _ in range(200):
        document = client.get(f"/feed.{form}").content
        if document != before:
            return document
        time.sleep(0.02)
    raise AssertionError("the feed did not change")


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_each_story_is_shown_once_through_all_that_becomes_of_it(form, make_room, tmp_path):
    room = make_room([one(), other()])
    desk = Desk(room)
    by_link, by_either = LinkReader(("link",)), LinkReader(("id", "link"))
    with serving(room.site) as client:
        url = str(client.base_url.join(f"/feed.{form}"))
        newsboat = Newsboat(url, tmp_path)
        newsboat.reload()
        newsboat.read_all()
        document = client.get(f"/feed.{form}").content
        assert len(by_link.new_in(document)) == len(by_either.new_in(document)) == 2
        with subscribed(url) as reader:
            for entry in reader.get_entries():
                reader.mark_entry_as_read(entry)
            ids, before = set(by_reader(reader)), _updates(reader)
            for change in (COPY, ORIGIN, JOINED, EDITED):
                desk.make(change)
                document = served(client, form, document)
                reader.update_feed(url)
                newsboat.reload()

                assert set(by_reader(reader)) == ids, change
                assert not list(reader.get_entries(read=False)), change
                assert set(newsboat.items()) == ids, change
                assert newsboat.unread() == [], change
                assert by_either.new_in(document) == [], change
                # A reader that goes by links alone takes another origin for another story.
                assert len(by_link.new_in(document)) == (change == ORIGIN), change

                told = feedparser.parse(document).entries
                links = [entry.link for entry in told]
                assert len(set(links)) == len(links) == (1 if change in (JOINED, EDITED) else 2)
                after = _updates(reader)
                moved = {key for key in ids if after[key] != before[key]}
                assert bool(moved) == (form == "atom" and change in (ORIGIN, EDITED)), change
                before = after

        first = room.told[0].id
        (entry,) = feedparser.parse(document).entries
        assert entry.id == f"urn:uuid:{first}"
        assert entry.title == "Canal bridge stays open after all"
        answer = client.get(f"/stories/{room.told[1].id}")
        assert answer.headers["location"].endswith(f"/stories/{first}")


def _updates(reader) -> dict[str, object]:
    return {entry.id: entry.updated for entry in reader.get_entries()}
