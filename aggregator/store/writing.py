"""What changes the database: one transaction, held by one writer at a time."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, update
from sqlalchemy import select as select_rows
from sqlmodel import Session, col, select

from aggregator.model import (
    Amendment,
    Copy,
    Decision,
    Document,
    EntryKeys,
    Face,
    PollRecord,
    Reading,
)
from aggregator.store import amendments as amended
from aggregator.store.amendments import Earlier
from aggregator.store.index import StoredIndex
from aggregator.store.labels import (
    Carriage,
    carriages,
    forget,
    labels_of,
    relabel,
    searched,
    texts,
    write_words,
)
from aggregator.store.mending import Mended, mend
from aggregator.store.pushes import remember_hub
from aggregator.store.reading import chunks, copies_of, found, known_entries
from aggregator.store.rows import (
    Row,
    body_row,
    copy_of,
    copy_row,
    credit_row,
    entry_row,
    face_row,
    poll_statement,
    story_row,
)
from aggregator.store.rulings import Rulings
from aggregator.store.tables import (
    BodyRow,
    CopyRow,
    CountersRow,
    CreditRow,
    EntryRow,
    FeedRow,
    KeptRow,
    StoryRow,
    table,
)

_ENTRY, _BODY, _CREDIT = table(EntryRow), table(BodyRow), table(CreditRow)
_KEPT = table(KeptRow)
_STORY, _COPY, _COUNTERS = table(StoryRow), table(CopyRow), table(CountersRow)


class Transaction:
    """All that some polls write, together or not at all.

    A statement costs more than a row, so what is new is held back and written many rows to a
    statement: at the end, or when something has to be read that depends on it.
    """

    def __init__(
        self, session: Session, index: StoredIndex, mint: Callable[[], uuid.UUID] = uuid.uuid4
    ) -> None:
        self._session = session
        self._mint = mint
        self.index = index
        self.rulings = Rulings(session)
        index.before_reading = self._write_copies_of
        # Stories that may look different in the end, and what is done about them then.
        self.touched: set[int] = set()
        self.at_end: Callable[[Transaction], None] = lambda _: None
        self._last_story = 0  # 0: not read yet
        # Since the last flush: entries that are new, stories that are, which story each entry got.
        self._saved: dict[int, tuple[Reading, int, datetime]] = {}
        self._minted: dict[int, list[int]] = {}
        self._decided: dict[int, Decision] = {}
        self._here: dict[int, Copy] = {}  # the same entries as copies, once they were asked for
        # Not written yet.
        self._stories: dict[int, Row] = {}
        self._words: dict[int, str] = {}
        self._copies: list[Row] = []
        self._listed: dict[str, list[tuple[int, int]]] = {}  # the same: by link, entry and story
        self._feeds: dict[int, tuple[str, str]] = {}

    def close(self) -> None:
        """Do what was left for the end, and write all."""
        self.at_end(self)
        self.flush()

    def flush(self) -> None:
        """Write what was held back."""
        self._write_rows()
        self.index.flush()
        self._forget()

    def _write_rows(self) -> None:
        connection = self._session.connection()
        if self._stories:
            connection.execute(insert(_STORY), list(self._stories.values()))
            connection.execute(update(_COUNTERS).values(stories=self._last_story))
            relabel(connection, {n: ((), row["labels"]) for n, row in self._stories.items()})
            self._stories.clear()
        if self._words:
            write_words(connection, self._words, known=False)
            self._words.clear()
        if self._copies:
            connection.execute(insert(_COPY), self._copies)
            self._copies = []
            self._listed.clear()

    def _write_copies_of(self, *stories: int) -> None:
        """Write what is held back of these stories, so that they can be read.

        Stories that are new stay held back, if they can: they are written once, with their faces.
        """
        if not self._stories.keys().isdisjoint(stories):
            self._write_rows()
        wanted = set(stories)
        if any(row["story_id"] in wanted for row in self._copies):
            there = [row for row in self._copies if row["story_id"] not in self._stories]
            self._session.connection().execute(insert(_COPY), there)
            self._copies = [row for row in self._copies if row["story_id"] in self._stories]
            self._listed = {
                link: [(entry, story) for entry, story in held if story in self._stories]
                for link, held in self._listed.items()
            }

    def _forget(self) -> None:
        self._saved.clear()
        self._minted.clear()
        self._decided.clear()
        self._here.clear()
        self._stories.clear()
        self._words.clear()
        self._copies = []
        self._listed.clear()

    # ------------------------------------------------------------------------------- polls

    def record(self, poll: PollRecord) -> None:
        """Keep what a poll taught about its feed."""
        statement, row = poll_statement(poll)
        self._run(statement, row)
        if poll.hub is not None:
            connection = self._session.connection()
            remember_hub(connection, poll.feed_id, poll.hub, poll.at, self._mint)
        if poll.owed is not False:
            self._run(delete(_KEPT).where(_KEPT.c.feed_id == poll.feed_id))
            if poll.owed is not None:
                self._run(insert(_KEPT), {"feed_id": poll.feed_id, **asdict(poll.owed)})

    # ----------------------------------------------------------------------------- entries

    def known(self, feed_id: int, keys: Sequence[EntryKeys]) -> set[int]:
        """The numbers of the feed's stored entries that share a key with any of these."""
        return {entry.id for entry, _, _ in known_entries(self._session, feed_id, keys)}

    def save(self, feed_id: int, readings: Sequence[Reading], now: datetime) -> list[int]:
        """Insert the new entries and rewrite the changed ones; their numbers, in order."""
        numbers = self._save_entries(feed_id, readings, now)
        numbered = list(zip(numbers, readings, strict=True))
        self._run(insert(_BODY), [body_row(number, reading) for number, reading in numbered])
        credited = [
            credit_row(number, position, credit)
            for number, reading in numbered
            for position, credit in enumerate(reading.credits)
        ]
        if credited:
            self._run(insert(_CREDIT), credited)
        return numbers

    def drop(
        self, feed_id: int, still_listed: Iterable[int], now: datetime
    ) -> list[tuple[int, str]]:
        """Note which entries have left their feed's document.

        Gives the number and address of those that left it though it lists older ones.
        """
        listed = set(still_listed)
        dated = func.coalesce(_ENTRY.c.published, _ENTRY.c.first_seen)
        rows = self._session.connection().execute(
            select_rows(_ENTRY.c.id, dated, _ENTRY.c.first_seen).where(
                _ENTRY.c.feed_id == feed_id, _ENTRY.c.dropped_at.is_(None)
            )
        )
        present = {number: (moment, seen) for number, moment, seen in rows}
        left = sorted(set(present) - listed)
        for part in chunks(left):
            self._run(update(EntryRow).where(col(EntryRow.id).in_(part)).values(dropped_at=now))
        return amended.vanished(self._session.connection(), present, listed) if left else []

    # ------------------------------------------------------------------------- amendments

    def earlier(self, entry_ids: Sequence[int]) -> dict[int, Earlier]:
        """Entries as they are stored, before they are saved anew."""
        return amended.earlier(self._session.connection(), entry_ids) if entry_ids else {}

    def keep(self, entry_id: int, was: Earlier, now: datetime) -> None:
        """Keep what an entry was until now. Called after it was saved anew."""
        amended.keep(self._session.connection(), entry_id, was, now)

    def correct(self, amendment: Amendment) -> None:
        """Note what an outlet changed."""
        amended.correct(self._session.connection(), amendment)

    def amendments(self, story_ids: Sequence[int]) -> dict[int, list[tuple[int, Amendment]]]:
        """What was corrected in stories, the newest first, each with its number."""
        self._write_rows()
        return amended.amendments(self._session.connection(), story_ids)

    def settle(self, still: Mapping[int, Sequence[int]]) -> None:
        """Set which entries carry the old text, by the amendments' numbers."""
        amended.settle(self._session.connection(), still)

    def stories_with(self, entry_ids: Sequence[int]) -> list[int]:
        """The stories that entries are copies of."""
        self._write_rows()
        return amended.story_numbers(self._session.connection(), entry_ids)

    def _save_entries(self, feed_id: int, readings: Sequence[Reading], now: datetime) -> list[int]:
        new = [reading for reading in readings if reading.known_id is None]
        added: Iterator[int] = iter(())
        if new:
            common = {"feed_id": feed_id, "first_seen": now}
            statement = insert(_ENTRY).returning(_ENTRY.c.id, sort_by_parameter_order=True)
            rows = [common | entry_row(reading) for reading in new]
            added = iter(self._session.connection().execute(statement, rows).scalars().all())
        numbers = []
        for reading in readings:
            if reading.known_id is None:
                number = next(added)
                self._saved[number] = (reading, feed_id, now)
            else:
                number = reading.known_id
                changed = update(_ENTRY).where(_ENTRY.c.id == number).values(entry_row(reading))
                self._run(changed)
                self._run(delete(_BODY).where(_BODY.c.entry_id == number))
                self._run(delete(_CREDIT).where(_CREDIT.c.entry_id == number))
                self.index.forget_members()
            numbers.append(number)
        return numbers

    # ----------------------------------------------------------------------------- stories

    def story_of(self, entry_id: int) -> int | None:
        """The story that the entry is a copy of, if it was placed."""
        if entry_id in self._saved:
            self._write_rows()
        return self._session.exec(
            select(CopyRow.story_id).where(CopyRow.entry_id == entry_id)
        ).first()

    def stories_at(
        self, feed_id: int, link_keys: Iterable[str]
    ) -> dict[str, list[tuple[int, datetime | None]]]:
        """The stories that other feeds have at these addresses, and when they published them.

        The lowest number first; an address that no other feed has is left out.
        """
        wanted = sorted(set(link_keys) - {""})
        listed: dict[str, list[tuple[int, datetime | None]]] = {}
        if wanted:
            rows = self._session.connection().execute(_AT, {"links": wanted, "feed": feed_id})
            for link, story, published in rows:
                listed.setdefault(link, []).append((story, published))
        for link in self._listed.keys() & wanted:  # held back
            for entry, story in self._listed[link]:
                reading, feed, _ = self._saved[entry]
                if feed != feed_id:
                    listed.setdefault(link, []).append((story, reading.entry.published))
        for stories in listed.values():
            stories.sort(key=itemgetter(0))
        return listed

    def alone(self, story_id: int) -> bool:
        """Whether the story has one copy only."""
        self._write_copies_of(story_id)
        count = select(func.count()).select_from(CopyRow).where(CopyRow.story_id == story_id)
        return self._session.exec(count).one() <= 1

    def new_story(self, now: datetime) -> int:
        """Mint a story. Its public id is for ever."""
        if not self._last_story:
            # We are the only writer, so nobody else takes the next numbers meanwhile.
            given = select(CountersRow.stories).where(CountersRow.id == 1)
            self._last_story = self._session.exec(given).one()
        self._last_story += 1
        number = self._last_story
        self._stories[number] = story_row(number, str(self._mint()), now)
        self._minted[number] = []
        self.index.begin(number)
        return number

    def place(self, entry_id: int, story_id: int, decision: Decision) -> None:
        """Make the entry a copy of the story, for the decision's reasons."""
        if entry_id in self._saved and entry_id not in self._decided:
            self._copies.append(copy_row(entry_id, story_id, decision))
            link = self._saved[entry_id][0].keys.link
            self._listed.setdefault(link, []).append((entry_id, story_id))
            if story_id in self._minted:
                self._minted[story_id].append(entry_id)
        else:
            self._write_rows()
            self._run(delete(_COPY).where(_COPY.c.entry_id == entry_id))
            self._run(insert(_COPY), [copy_row(entry_id, story_id, decision)])
            self._minted.clear()  # read copies from the database from here on
            self.index.forget_members()
        self._decided[entry_id] = decision
        self._here.pop(entry_id, None)

    def join(self, older: int, newer: int, hashes: Sequence[int]) -> None:
        """Make one story of two. The older id stays; the other leads to it for good.

        `hashes` are those of the newer story's texts.
        """
        self._write_rows()
        self._minted.clear()
        self._run(update(CopyRow).where(col(CopyRow.story_id) == newer).values(story_id=older))
        self._run(
            update(StoryRow).where(col(StoryRow.merged_into) == newer).values(merged_into=older)
        )
        self._run(
            update(StoryRow)
            .where(col(StoryRow.id) == newer)
            .values(merged_into=older, lead_entry_id=None)
        )
        self.rulings.move(older, newer)
        forget(self._session.connection(), [newer])
        self.index.join(older, newer, hashes)

    def find(self, story_or_url: str) -> tuple[int, str]:
        """A story's number and public id, by what `Store.find` takes. Raises NotFoundError."""
        self._write_rows()
        row = found(self._session, story_or_url)
        assert row.id is not None
        return row.id, row.public_id

    def public_id(self, story: int) -> str:
        """The id that subscribers know a story by."""
        if story in self._stories:
            return str(self._stories[story]["public_id"])
        return self._session.exec(select(StoryRow.public_id).where(StoryRow.id == story)).one()

    def links(self, entry_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
        """Of each of these entries the key of its link, and its address."""
        links: dict[int, tuple[str, str]] = {}
        for part in chunks(entry_ids):
            where = _ENTRY.c.id.in_(part)
            rows = self._session.connection().execute(_LINKS.where(where))
            links |= {row.id: (row.key_link, row.url) for row in rows}
        return links

    def apart(self, story: int) -> set[int]:
        """The stories that this one may not be joined with, as somebody took them apart."""
        if not self.rulings.keep_apart:
            return set()
        self._write_rows()
        return self.rulings.apart(story)

    def copies(self, story_ids: Sequence[int]) -> dict[int, list[Copy]]:
        """The copies of each story, first seen first."""
        here = [story for story in story_ids if story in self._minted]
        there = [story for story in story_ids if story not in self._minted]
        copies = {}
        if there:
            self._write_copies_of(*there)
            copies = copies_of(self._session, there)
        for story in here:
            copies[story] = self._copies_here(story)
        return copies

    def _copies_here(self, story: int) -> list[Copy]:
        return [self._copy(entry) for entry in self._minted[story]]

    def _copy(self, entry_id: int) -> Copy:
        copy = self._here.get(entry_id)
        if copy is None:
            copy = self._here[entry_id] = self._made(entry_id)
        return copy

    def _made(self, entry_id: int) -> Copy:
        reading, feed_id, now = self._saved[entry_id]
        if feed_id not in self._feeds:
            feed = select(FeedRow.url, FeedRow.category).where(FeedRow.id == feed_id)
            url, category = self._session.exec(feed).one()
            self._feeds[feed_id] = (url, category or "")
        return copy_of(entry_id, reading, self._decided[entry_id], self._feeds[feed_id], now)

    def documents(self, entry_ids: Sequence[int]) -> dict[int, Document]:
        """The matched texts of entries."""
        texts = {
            number: replace(self._saved[number][0].document, seen=self._saved[number][2])
            for number in entry_ids
            if number in self._saved
        }
        for part in chunks(number for number in entry_ids if number not in texts):
            rows = self._session.connection().execute(_DOCUMENTS, {"entries": part})
            texts |= {number: Document(*document) for number, *document in rows}
        return texts

    def show(self, faces: Mapping[int, Face], now: datetime) -> bool:
        """Set what subscribers see of these stories. Whether any is new or updated by that.

        `updated` moves only when text, title or origin do; a further copy moves nothing.
        """
        new = {story: face for story, face in faces.items() if story in self._stories}
        there = {story: face for story, face in faces.items() if story not in self._stories}
        if new:
            carried = {story: self._carriage(story) for story in new}
            for story, (row, words) in self._found_by(new, carried).items():
                self._stories[story] |= row
                self._words[story] = words
        changed = self._show_again(there, now) if there else False
        return changed or bool(new)

    def _show_again(self, faces: Mapping[int, Face], now: datetime) -> bool:
        """The same for stories that are in the database."""
        self._write_rows()
        connection = self._session.connection()
        before: dict[int, tuple[str, list[str]]] = {}
        for part in chunks(faces):
            rows = connection.execute(_DIGESTS, {"stories": part})
            before |= {row.id: (row.digest, row.labels) for row in rows}
        found = self._found_by(faces, carriages(connection, faces))
        updated, same = [], []
        changed = False
        for story, face in faces.items():
            digest, row = before[story][0], found[story][0]
            moved = digest != face.digest
            changed |= moved
            if moved and digest:
                updated.append({"story": story, "now": now, **row})
            else:
                same.append({"story": story, **row})
        if updated:
            self._run(_SHOW_UPDATED, updated)
        if same:
            self._run(_SHOW, same)
        labels = {story: (before[story][1], found[story][0]["labels"]) for story in faces}
        relabel(connection, labels)
        write_words(connection, {story: words for story, (_, words) in found.items()}, known=True)
        return changed

    def _found_by(
        self, faces: Mapping[int, Face], carried: Mapping[int, Carriage]
    ) -> dict[int, tuple[Row, str]]:
        """What the rows of these stories have, labels and all, and what they are searched by."""
        leads = {face.lead for face in faces.values()}
        shown = {n: self._saved[n][0].document.text for n in leads & self._saved.keys()}
        shown |= texts(self._session.connection(), leads - shown.keys())
        found = {}
        for story, face in faces.items():
            row = face_row(face)
            row |= {"labels": labels_of(row, carried[story]), "copies": carried[story].copies}
            found[story] = (row, searched(carried[story], shown.get(face.lead, "")))
        return found

    def _carriage(self, story: int) -> Carriage:
        carriage = Carriage()
        for copy in self._copies_here(story):
            carriage.add(copy.outlet, copy.domain, copy.category, copy.title)
        return carriage

    def retire(self, now: datetime, retention: timedelta) -> tuple[dict[str, int], list[int]]:
        """Delete entries and stories older than `retention`, and a part of the old postings.

        How many of each, and the stories that lost the copy that they showed. Entries that their
        feed still lists stay: they would come back as new. Called once an hour, it keeps up with
        what grows old.
        """
        self.flush()
        older_than = now - retention
        connection = self._session.connection()
        entries = connection.execute(
            delete(EntryRow).where(
                col(EntryRow.first_seen) < older_than, col(EntryRow.dropped_at).is_not(None)
            )
        )
        held = select_rows(CopyRow.story_id)  # type: ignore[call-overload]
        stories = self._session.exec(
            select(StoryRow.id)
            .where(col(StoryRow.updated) < older_than, col(StoryRow.merged_into).is_(None))
            .where(col(StoryRow.id).not_in(held))
        ).all()
        forget(connection, [story for story in stories if story is not None])
        for part in chunks(stories):
            connection.execute(delete(StoryRow).where(col(StoryRow.id).in_(part)))
        faceless = self._session.exec(
            select(StoryRow.id).where(
                col(StoryRow.lead_entry_id).is_(None),
                col(StoryRow.merged_into).is_(None),
                col(StoryRow.id).in_(held),
            )
        )
        gone = {
            "entries": int(entries.rowcount),
            "stories": len(stories),
            "postings": self.index.expire(now),
        }
        return gone, [story for story in faceless if story is not None]

    def mend(self) -> Mended:
        """Put right what is wrong with rows, as far as nothing has to be guessed."""
        self.flush()
        return mend(self._session.connection())

    def published(self) -> None:
        """Count a change of what is published, so that cached feeds are built anew."""
        self._run(update(_COUNTERS).values(revision=_COUNTERS.c.revision + 1))

    # -------------------------------------------------------------------------- small tools

    def _run(self, statement: Any, rows: list[Row] | Row | None = None) -> None:
        self._session.connection().execute(statement, rows)


_AT = (
    select_rows(_ENTRY.c.key_link, _COPY.c.story_id, _ENTRY.c.published)
    .join(_COPY, _COPY.c.entry_id == _ENTRY.c.id)
    .where(_ENTRY.c.key_link.in_(bindparam("links", expanding=True)))
    .where(_ENTRY.c.feed_id != bindparam("feed"))
    .order_by(_COPY.c.story_id)
)
_DOCUMENTS = (
    select_rows(_ENTRY.c.id, _ENTRY.c.outlet, _ENTRY.c.title, _BODY.c.text, _ENTRY.c.first_seen)
    .join(_BODY, _BODY.c.entry_id == _ENTRY.c.id)
    .where(_ENTRY.c.id.in_(bindparam("entries", expanding=True)))
)
_LINKS = select_rows(_ENTRY.c.id, _ENTRY.c.key_link, _ENTRY.c.url)
_DIGESTS = select_rows(_STORY.c.id, _STORY.c.digest, _STORY.c.labels).where(
    _STORY.c.id.in_(bindparam("stories", expanding=True))
)
_FACE = (
    *("lead_entry_id", "title", "url", "language", "origin", "agency"),
    *("chain", "conflict", "digest", "copies", "labels"),
)
_SHOW = (
    update(_STORY)
    .where(_STORY.c.id == bindparam("story"))
    .values({name: bindparam(name) for name in _FACE})
)
_SHOW_UPDATED = _SHOW.values(updated=bindparam("now"))
