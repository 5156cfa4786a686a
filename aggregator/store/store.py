"""The store: feeds, entries, credits, stories and the index of matching, in one database."""

import sqlite3
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, text, update
from sqlmodel import Session, col, select

from aggregator.model import (
    EntryKeys,
    Exchange,
    Feed,
    FeedHealth,
    FeedSpec,
    KeptDocument,
    KnownEntry,
    QueueState,
    Story,
    StoryQuery,
    Subscription,
    Version,
)
from aggregator.store import sqlite
from aggregator.store.amendments import versions
from aggregator.store.checking import broken
from aggregator.store.database import connect, migrate, writing
from aggregator.store.feeds import hasten, list_feeds, set_back
from aggregator.store.gauges import gauges
from aggregator.store.index import StoredIndex
from aggregator.store.outlets import exchange, languages, offered
from aggregator.store.pushes import change_subscription, subscription_at, subscriptions_due
from aggregator.store.queue import queue_state
from aggregator.store.reading import (
    feed_of,
    found,
    health_of,
    known_entries,
    numbered_feeds,
    stories,
    told,
    waiting_feeds,
)
from aggregator.store.refusals import refusals_told
from aggregator.store.selecting import archive_after, archive_before, archives
from aggregator.store.tables import (
    CopyRow,
    CountersRow,
    EntryRow,
    FeedRow,
    KeptRow,
    PushRow,
    StoryRow,
    table,
)
from aggregator.store.turns import (
    TurnAnswer,
    TurnEnd,
    TurnWish,
    exchange_turns,
    forget_turns,
)
from aggregator.store.writing import Transaction

_COUNTERS = table(CountersRow)


class Store:
    """One open database. Safe to use from several threads; every method is one transaction.

    Raises StoreError when the database cannot be opened, or refuses.
    """

    def __init__(self, url: str, *, mint: Callable[[], uuid.UUID] = uuid.uuid4) -> None:
        self._engine = connect(url)
        self._mint = mint
        migrate(self._engine)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    # ------------------------------------------------------------------------------- feeds

    def list_feeds(
        self, specs: Sequence[FeedSpec], now: datetime, *, keep_others: bool = False
    ) -> None:
        """Make the listed feeds the ones that are polled. What others taught is kept.

        A new feed is due at once; a known one keeps its next poll, so that a restart neither
        forgets nor repeats one. `keep_others` goes on polling what is not listed any more: for
        when a list could not be read whole.
        """
        with self._writes() as session:
            list_feeds(session.connection(), specs, now, keep_others=keep_others)

    def add_feed(self, spec: FeedSpec, now: datetime) -> FeedHealth | None:
        """List a feed beside those of the configuration, due at once; None where it is listed."""
        with self._writes() as session:
            row = session.exec(select(FeedRow).where(FeedRow.url == spec.url)).first()
            if row is not None and row.listed:
                return None
            row = row or FeedRow(url=spec.url, poll_url=spec.url, next_poll_at=now)
            row.name, row.domain, row.category = spec.name, spec.domain, spec.category
            row.full_text = spec.full_text.value
            row.listed, row.source, row.next_poll_at = True, "api", now
            session.add(row)
            session.flush()
            return health_of(row, 0)

    def remove_feed(self, feed_id: int) -> bool:
        """Poll a feed no more that was added with `add_feed`. Whether it was one."""
        with self._writes() as session:
            row = session.get(FeedRow, feed_id)
            if row is None or not row.listed or row.source != "api":
                return False
            row.listed = False
            return True

    def poll_now(self, feed_id: int, now: datetime) -> bool:
        """Make a listed feed due. Whether it is one."""
        with self._writes() as session:
            row = session.get(FeedRow, feed_id)
            if row is None or not row.listed:
                return False
            row.next_poll_at = min(row.next_poll_at, now)
            return True

    def added(self) -> list[FeedSpec]:
        """The feeds that were listed with `add_feed`."""
        with self._reads() as session:
            rows = session.exec(select(FeedRow).where(col(FeedRow.listed), FeedRow.source == "api"))
            return [feed_of(row).spec for row in rows]

    def feed(self, feed_id: int) -> FeedHealth | None:
        """The health of one listed feed."""
        with self._reads() as session:
            row = session.get(FeedRow, feed_id)
            if row is None or not row.listed:
                return None
            count = select(func.count()).select_from(EntryRow).where(EntryRow.feed_id == feed_id)
            return health_of(row, session.exec(count).one())

    def due(self, now: datetime, limit: int, besides: Collection[int] = ()) -> list[Feed]:
        """The listed feeds whose next poll is due, the longest waiting first.

        `besides` names feeds that are being polled already.
        """
        if limit <= 0:
            return []
        with self._reads() as session:
            found = waiting_feeds(session, now, limit, besides)
            return numbered_feeds(session, [number for number, _ in found])

    def waiting(
        self, now: datetime, limit: int, besides: Collection[int] = ()
    ) -> list[tuple[int, str]]:
        """The same as `due`, but for each feed only its number and the address it is polled at."""
        with self._reads() as session:
            return waiting_feeds(session, now, limit, besides)

    def numbered(self, numbers: Sequence[int]) -> list[Feed]:
        """The feeds with these numbers, in this order; those that are no more are left out."""
        with self._reads() as session:
            return numbered_feeds(session, numbers)

    def listed(self) -> list[Feed]:
        """All feeds that are polled."""
        with self._reads() as session:
            rows = session.exec(
                select(FeedRow).where(col(FeedRow.listed)).order_by(col(FeedRow.id))
            )
            return [feed_of(row) for row in rows]

    def feeds(self) -> list[FeedHealth]:
        """The health of every listed feed, in the order in which they were listed."""
        with self._reads() as session:
            counted = select(EntryRow.feed_id, func.count()).group_by(col(EntryRow.feed_id))
            entries = dict(session.exec(counted).all())
            rows = session.exec(
                select(FeedRow).where(col(FeedRow.listed)).order_by(col(FeedRow.id))
            )
            hubs = dict(session.exec(select(PushRow.feed_id, PushRow.hub)).all())
            return [
                health_of(row, entries.get(row.id or 0, 0), hubs.get(row.id or 0, ""))
                for row in rows
            ]

    def subscriptions_due(self, now: datetime, limit: int) -> list[Subscription]:
        """The WebSub subscriptions that are to be asked for, or renewed, now."""
        with self._reads() as session:
            return subscriptions_due(session.connection(), now, limit)

    def subscription_at(self, token: str) -> Subscription | None:
        """The subscription whose callback has this token."""
        with self._reads() as session:
            return subscription_at(session.connection(), token)

    def change_subscription(self, feed_id: int, **values: Any) -> None:
        """Set a subscription's `ask_at`, `failures`, `asked` or `lease_until`."""
        with self._writes() as session:
            change_subscription(session.connection(), feed_id, **values)

    def kept(self, feed_id: int) -> KeptDocument | None:
        """The document of a feed that owes article pages, as it was last read."""
        with self._reads() as session:
            row = session.get(KeptRow, feed_id)
            return KeptDocument(row.body, row.url, row.content_type) if row else None

    def known(self, feed_id: int, keys: Sequence[EntryKeys]) -> list[tuple[KnownEntry, str, int]]:
        """Stored entries of a feed that may be those with `keys`, with page state and tries."""
        with self._reads() as session:
            return known_entries(session, feed_id, keys)

    # ----------------------------------------------------------------------------- writing

    @contextmanager
    def writing(self, since: datetime) -> Iterator[Transaction]:
        """A transaction that matches against the stories seen after `since`.

        It is committed at the end of the block, and leaves no trace when the block raises.
        """
        with self._writes() as session:
            transaction = Transaction(session, StoredIndex(session, since), self._mint)
            yield transaction
            transaction.close()

    # ----------------------------------------------------------------------------- reading

    def stories(self, query: StoryQuery) -> list[Story]:
        """The stories that the query wants, newest first seen first."""
        with self._reads() as session:
            return stories(session, query)

    def archives(self, query: StoryQuery) -> tuple[int | None, int | None, int]:
        """The archive documents before and after the query's own, and how many there are.

        Documents go by number; one that would hold no story of the query's is passed over.
        """
        with self._reads() as session:
            connection = session.connection()
            everything = replace(query, before="", after="", archive=None)
            before = archive_before(connection, everything, query.archive)
            after = None
            if query.archive is not None:
                after = archive_after(connection, everything, query.archive)
            return before, after, archives(connection)

    def story(self, story_id: str) -> Story | None:
        """The story with this id; the one it was joined to, where it was; else None."""
        with self._reads() as session:
            row = session.exec(select(StoryRow).where(StoryRow.public_id == story_id)).first()
            if row is not None and row.merged_into is not None:
                row = session.get(StoryRow, row.merged_into)
            return told(session, [row])[0] if row is not None and row.url else None

    def find(self, story_or_url: str) -> Story:
        """A story by its id, the start of its id, or any copy's address. Raises NotFoundError."""
        with self._reads() as session:
            return told(session, [found(session, story_or_url)])[0]

    def exchange(self) -> Exchange:
        """Who republishes whom, among the newest stories."""
        with self._reads() as session:
            return exchange(session)

    def languages(self) -> list[str]:
        """The languages of the newest stories, the most frequent first."""
        with self._reads() as session:
            return languages(session)

    def offered(self, entry_ids: Sequence[int]) -> dict[int, str]:
        """What the feeds offer of these entries' texts, as sanitised HTML."""
        with self._reads() as session:
            return offered(session, entry_ids)

    def versions(self, entry_ids: Sequence[int]) -> dict[int, list[Version]]:
        """What entries were before they changed, the newest first."""
        with self._reads() as session:
            return versions(session.connection(), entry_ids)

    def version(self) -> str:
        """A word that changes whenever what is published changes."""
        with self._reads() as session:
            number = session.exec(select(CountersRow.revision)).first()
            return str(number or 0)

    def counts(self) -> dict[str, int]:
        """How much there is: feeds, entries, stories, stories with several copies."""
        with self._reads() as session:
            several = (
                select(CopyRow.story_id).group_by(col(CopyRow.story_id)).having(func.count() > 1)
            ).subquery()
            return {
                "feeds": session.exec(
                    select(func.count()).select_from(FeedRow).where(col(FeedRow.listed))
                ).one(),
                "entries": session.exec(select(func.count()).select_from(EntryRow)).one(),
                "stories": session.exec(
                    select(func.count())
                    .select_from(StoryRow)
                    .where(col(StoryRow.merged_into).is_(None))
                ).one(),
                "merged": session.exec(select(func.count()).select_from(several)).one(),
            }

    def gauges(self, late: datetime) -> dict[str, int]:
        """Feeds that fail, that are gone, and that were due before `late`; the database's bytes."""
        with self._reads() as session:
            return gauges(session.connection(), late)

    def polled_once(self) -> bool:
        """Whether any listed feed was ever polled, or there is none to poll."""
        with self._reads() as session:
            polled = select(FeedRow.id).where(
                col(FeedRow.listed), col(FeedRow.last_polled_at).is_not(None)
            )
            if session.exec(polled.limit(1)).first() is not None:
                return True
            anything = session.exec(select(FeedRow.id).where(col(FeedRow.listed)).limit(1)).first()
            return anything is None

    def ping(self) -> None:
        """Ask the database anything. Raises StoreError when it does not answer."""
        with self._reads() as session:
            session.connection().execute(text("SELECT 1"))

    def try_writing(self) -> None:
        """Write something that leaves no trace. Raises StoreError where writing is impossible."""
        with self._writes() as session:
            connection = session.connection()
            connection.execute(update(_COUNTERS).values(id=_COUNTERS.c.id))
            if connection.dialect.name == "sqlite":  # a page that is there takes a change
                connection.exec_driver_sql("CREATE TABLE trial AS SELECT zeroblob(65536) AS room")
                connection.exec_driver_sql("DROP TABLE trial")

    def give_back(self) -> int:
        """Give the disk back what nothing uses of a SQLite file; how many pages went.

        In small parts, between which others write. PostgreSQL sees to this itself.
        """
        if self._engine.dialect.name != "sqlite":
            return 0
        gone = 0
        with refusals_told(self._engine), self._engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            while part := sqlite.give_back(driver):
                gone += part
            sqlite.truncate_log(driver)
        return gone

    def set_back(self, now: datetime) -> int:
        """Take back what was noted under a clock that was ahead of `now`; of how many feeds.

        Their next polls come after the same time as promised, counted from now.
        """
        with self._writes() as session:
            return set_back(session.connection(), now)

    def hasten(self, since: datetime, reasons: Collection[str], at: Sequence[datetime]) -> int:
        """Make feeds due that failed for these reasons since then; how many those are.

        They are spread over the moments `at`, in turn. None is put off by that.
        """
        with self._writes() as session:
            return hasten(session.connection(), since, reasons, at)

    # ---------------------------------------------------------------------- many processes

    @property
    def for_many(self) -> bool:
        """Whether processes on several machines can share it: it is PostgreSQL."""
        return self._engine.dialect.name == "postgresql"

    def turns(
        self, wishes: Sequence[TurnWish], ends: Sequence[TurnEnd], rests: Mapping[str, float]
    ) -> list[TurnAnswer]:
        """End turns at hosts, note which hosts rest, and answer wishes for turns, in order.

        On PostgreSQL only.
        """
        with self._begun() as connection:
            return exchange_turns(connection, wishes, ends, rests)

    def forget_turns(self) -> int:
        """Forget hosts that nobody asked for an hour; how many. On PostgreSQL only."""
        with self._begun() as connection:
            return forget_turns(connection)

    def queue(self) -> QueueState | None:
        """How the queue of many machines is doing; None where there is none."""
        with self._reads() as session:
            return queue_state(session.connection())

    def broken(self) -> list[str]:
        """What is wrong with the database, a sentence each; reads all of it."""
        with self._reads() as session:
            return broken(session)

    # -------------------------------------------------------------------------- small tools

    @contextmanager
    def _reads(self) -> Iterator[Session]:
        with refusals_told(self._engine), Session(self._engine) as session:
            yield session

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        """A transaction beside the one writer's."""
        with self._reads() as session, session.begin():
            yield session.connection()

    @contextmanager
    def _writes(self) -> Iterator[Session]:
        with (
            refusals_told(self._engine),
            Session(writing(self._engine)) as session,
            session.begin(),
        ):
            yield session
