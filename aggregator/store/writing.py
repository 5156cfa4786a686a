"""What changes the database: one transaction, held by one writer at a time."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, update
from sqlalchemy import select as select_rows
from sqlmodel import Session, col, select

from aggregator.model import (
    Copy,
    Credit,
    Decision,
    Document,
    Face,
    PollRecord,
    Reading,
)
from aggregator.store.index import StoredIndex
from aggregator.store.reading import CHUNK, chunks, copies_of
from aggregator.store.tables import (
    BodyRow,
    CopyRow,
    CreditRow,
    EntryRow,
    FeedRow,
    RevisionRow,
    StoryRow,
)


class Transaction:
    """All that one poll writes, together or not at all."""

    def __init__(
        self, session: Session, index: StoredIndex, mint: Callable[[], uuid.UUID] = uuid.uuid4
    ) -> None:
        self._session = session
        self._mint = mint
        self.index = index

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that leaves no trace when it raises."""
        try:
            with self._session.begin_nested():
                yield
                self.index.flush()
        except BaseException:
            self.index.forget()
            raise

    # ------------------------------------------------------------------------------- polls

    def record(self, poll: PollRecord) -> None:
        """Keep what a poll taught about its feed."""
        values: dict[str, Any] = {
            "last_polled_at": poll.at,
            "next_poll_at": poll.next_poll_at,
            "interval_seconds": round(poll.interval.total_seconds()),
            "last_status": poll.status,
            "last_error": poll.error,
            "last_error_reason": poll.error_reason,
            "polls": FeedRow.polls + 1,
        }
        if poll.error:
            values["failures"] = FeedRow.failures + 1
        else:
            values |= {"failures": 0, "last_success_at": poll.at}
        if poll.status == 304:
            values["polls_not_modified"] = FeedRow.polls_not_modified + 1
        if poll.poll_url:
            values["poll_url"] = poll.poll_url
        if poll.validators is not None:
            values["etag"] = poll.validators.etag
            values["last_modified"] = poll.validators.last_modified
        for name in ("body_digest", "title", "site_url", "note"):
            if getattr(poll, name) is not None:
                values[name] = getattr(poll, name)
        self._run(update(FeedRow).where(col(FeedRow.id) == poll.feed_id).values(values))

    # ----------------------------------------------------------------------------- entries

    def save(self, feed_id: int, readings: Sequence[Reading], now: datetime) -> list[int]:
        """Insert the new entries and rewrite the changed ones; their numbers, in order."""
        numbers = [self._save_entry(feed_id, reading, now) for reading in readings]
        self._run_many(
            insert(BodyRow),
            [
                {
                    "entry_id": number,
                    "html": reading.entry.html,
                    "page_html": reading.page_html,
                    "text": reading.document.text,
                }
                for number, reading in zip(numbers, readings, strict=True)
            ],
        )
        self._run_many(
            insert(CreditRow),
            [
                _credit_values(number, position, credit)
                for number, reading in zip(numbers, readings, strict=True)
                for position, credit in enumerate(reading.credits)
            ],
        )
        return numbers

    def drop(self, feed_id: int, still_listed: Iterable[int], now: datetime) -> None:
        """Note which entries have left their feed's document."""
        listed = set(still_listed)
        present = self._session.exec(
            select(EntryRow.id).where(
                EntryRow.feed_id == feed_id, col(EntryRow.dropped_at).is_(None)
            )
        )
        for part in chunks(sorted(set(present) - listed)):
            self._run(update(EntryRow).where(col(EntryRow.id).in_(part)).values(dropped_at=now))

    def _save_entry(self, feed_id: int, reading: Reading, now: datetime) -> int:
        entry = reading.entry
        values = {
            "key_guid": reading.keys.guid,
            "key_link": reading.keys.link,
            "key_text": reading.keys.text,
            "key_title": reading.keys.title,
            "digest": reading.digest,
            "guid": entry.guid,
            "url": entry.url,
            "title": entry.title,
            "author": entry.author,
            "outlet": reading.carrier.name,
            "domain": reading.carrier.domain,
            "language": entry.language[:35],
            "enclosures": [asdict(enclosure) for enclosure in entry.enclosures],
            "published": entry.published,
            "updated": entry.updated,
            "dropped_at": None,
            "length": len(reading.document.text),
            "page_state": reading.page_state,
            "page_tries": reading.page_tries,
        }
        if reading.known_id is None:
            row = {"feed_id": feed_id, "first_seen": now, **values}
            result = self._session.connection().execute(insert(EntryRow).values(row))
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])
        number = reading.known_id
        self._run(update(EntryRow).where(col(EntryRow.id) == number).values(values))
        self._run(delete(BodyRow).where(col(BodyRow.entry_id) == number))
        self._run(delete(CreditRow).where(col(CreditRow.entry_id) == number))
        return number

    # ----------------------------------------------------------------------------- stories

    def story_of(self, entry_id: int) -> int | None:
        """The story that the entry is a copy of, if it was placed."""
        return self._session.exec(
            select(CopyRow.story_id).where(CopyRow.entry_id == entry_id)
        ).first()

    def story_at(
        self, link_key: str, besides: int, earliest: datetime, latest: datetime
    ) -> int | None:
        """The story that another feed has at the same address, published in this span."""
        feed = select(EntryRow.feed_id).where(EntryRow.id == besides).scalar_subquery()
        return self._session.exec(
            select(CopyRow.story_id)
            .join(EntryRow, col(EntryRow.id) == CopyRow.entry_id)
            .where(EntryRow.key_link == link_key, EntryRow.feed_id != feed)
            .where(col(EntryRow.published).between(earliest, latest))
            .order_by(col(CopyRow.story_id))
        ).first()

    def alone(self, story_id: int) -> bool:
        """Whether the story has one copy only."""
        count = select(func.count()).select_from(CopyRow).where(CopyRow.story_id == story_id)
        return self._session.exec(count).one() <= 1

    def new_story(self, now: datetime) -> int:
        """Mint a story. Its id is for ever."""
        row = {
            "public_id": str(self._mint()),
            "title": "",
            "url": "",
            "chain": [],
            "conflict": "",
            "language": "",
            "digest": "",
            "first_seen": now,
            "updated": now,
        }
        result = self._session.connection().execute(insert(StoryRow).values(row))
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])

    def place(self, entry_id: int, story_id: int, decision: Decision) -> None:
        """Make the entry a copy of the story, for the decision's reasons."""
        self._run(delete(CopyRow).where(col(CopyRow.entry_id) == entry_id))
        self._run(
            insert(CopyRow).values(
                entry_id=entry_id,
                story_id=story_id,
                similarity=decision.score,
                threshold=decision.threshold,
                reason=decision.reason,
                edits=list(decision.edits),
                passages=list(decision.passages),
                near_misses=[asdict(miss) for miss in decision.near_misses],
            )
        )

    def join(self, older: int, newer: int, hashes: Sequence[int]) -> None:
        """Make one story of two. The older id stays; the other leads to it for good.

        `hashes` are those of the newer story's texts.
        """
        self._run(update(CopyRow).where(col(CopyRow.story_id) == newer).values(story_id=older))
        self._run(
            update(StoryRow).where(col(StoryRow.merged_into) == newer).values(merged_into=older)
        )
        self._run(
            update(StoryRow)
            .where(col(StoryRow.id) == newer)
            .values(merged_into=older, lead_entry_id=None)
        )
        self.index.join(older, newer, hashes)

    def copies(self, story_ids: Sequence[int]) -> dict[int, list[Copy]]:
        """The copies of each story, first seen first."""
        self._session.flush()
        return copies_of(self._session, story_ids)

    def documents(self, entry_ids: Sequence[int]) -> dict[int, Document]:
        """The matched texts of entries."""
        found: dict[int, Document] = {}
        for part in chunks(entry_ids):
            rows = self._session.exec(
                select(
                    EntryRow.id, EntryRow.outlet, EntryRow.title, BodyRow.text, EntryRow.first_seen
                )  # type: ignore[call-overload]
                .join(BodyRow, col(BodyRow.entry_id) == EntryRow.id)
                .where(col(EntryRow.id).in_(part))
            )
            found |= {number: Document(*document) for number, *document in rows}
        return found

    def show(self, story_id: int, face: Face, now: datetime) -> bool:
        """Set what subscribers see of a story. Whether that made it new or updated.

        `updated` moves only when text, title or origin do; a further copy moves nothing.
        """
        before = self._session.exec(select(StoryRow.digest).where(StoryRow.id == story_id)).one()
        told = face.provenance
        values: dict[str, Any] = {
            "lead_entry_id": face.lead,
            "title": face.title,
            "url": face.url,
            "language": face.language[:35],
            "origin": asdict(told.origin) if told.origin else None,
            "agency": asdict(told.agency) if told.agency else None,
            "chain": list(told.chain),
            "conflict": told.conflict,
            "digest": face.digest,
        }
        changed = before != face.digest
        if changed and before:
            values["updated"] = now
        self._run(update(StoryRow).where(col(StoryRow.id) == story_id).values(values))
        return changed

    def retire(self, now: datetime, retention: timedelta) -> tuple[dict[str, int], list[int]]:
        """Delete entries and stories older than `retention`, and a part of the old postings.

        How many of each, and the stories that lost the copy that they showed. Entries that their
        feed still lists stay: they would come back as new. Called once an hour, it keeps up with
        what grows old.
        """
        older_than = now - retention
        connection = self._session.connection()
        entries = connection.execute(
            delete(EntryRow).where(
                col(EntryRow.first_seen) < older_than, col(EntryRow.dropped_at).is_not(None)
            )
        )
        held = select_rows(CopyRow.story_id)  # type: ignore[call-overload]
        stories = connection.execute(
            delete(StoryRow)
            .where(col(StoryRow.updated) < older_than, col(StoryRow.merged_into).is_(None))
            .where(col(StoryRow.id).not_in(held))
        )
        faceless = self._session.exec(
            select(StoryRow.id).where(
                col(StoryRow.lead_entry_id).is_(None),
                col(StoryRow.merged_into).is_(None),
                col(StoryRow.id).in_(held),
            )
        )
        gone = {
            "entries": int(entries.rowcount),
            "stories": int(stories.rowcount),
            "postings": self.index.expire(now),
        }
        return gone, [story for story in faceless if story is not None]

    def published(self) -> None:
        """Count a change of what is published, so that cached feeds are built anew."""
        done = self._session.connection().execute(
            update(RevisionRow)
            .where(col(RevisionRow.id) == 1)
            .values(number=RevisionRow.number + 1)
        )
        if done.rowcount == 0:
            self._run(insert(RevisionRow).values(id=1, number=1))

    # -------------------------------------------------------------------------- small tools

    def _run(self, statement: Any) -> None:
        self._session.connection().execute(statement)

    def _run_many(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        for part in chunks(rows, CHUNK):
            self._session.connection().execute(statement, part)


def _credit_values(entry_id: int, position: int, credit: Credit) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "position": position,
        "name": credit.name,
        "as_written": credit.as_written,
        "domain": credit.domain,
        "url": credit.url,
        "role": credit.role.value,
        "extent": credit.extent.value,
        "quote": credit.quote,
        "place": credit.where.value,
        "confidence": credit.confidence,
        "rank": credit.rank,
    }
