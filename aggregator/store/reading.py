"""Queries: rows of the tables to the dataclasses of the model."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from aggregator.errors import NotFoundError
from aggregator.model import (
    Agency,
    Copy,
    Credit,
    Enclosure,
    EntryKeys,
    Extent,
    Feed,
    FeedHealth,
    FeedSpec,
    FeedState,
    FullText,
    KnownEntry,
    NearMiss,
    Origin,
    Rhythm,
    Role,
    Ruling,
    Story,
    StoryQuery,
    Validators,
    Where,
)
from aggregator.store.rows import wishes_of
from aggregator.store.selecting import wanted
from aggregator.store.tables import (
    BodyRow,
    CopyRow,
    CreditRow,
    EntryRow,
    FeedRow,
    RulingRow,
    StoryRow,
    table,
)

_FEED = table(FeedRow)
_DUE = (
    select_rows(_FEED.c.id, _FEED.c.poll_url)
    .where(_FEED.c.next_poll_at <= bindparam("now"), _FEED.c.listed)
    .order_by(_FEED.c.next_poll_at, _FEED.c.id)
    .limit(bindparam("most"))
)
_FEEDS = select_rows(_FEED).where(_FEED.c.id.in_(bindparam("feeds", expanding=True)))

# Well under every database's bound on the parameters of one statement.
CHUNK = 500


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    """The values in lists of at most `size`."""
    batch = list(values)
    return (batch[start : start + size] for start in range(0, len(batch), size))


def feed_of(row: FeedRow | Row[Any]) -> Feed:
    """A feed row as the pipeline sees it."""
    assert row.id is not None
    return Feed(
        id=row.id,
        spec=FeedSpec(row.url, row.name, row.domain, row.category, FullText(row.full_text)),
        poll_url=row.poll_url,
        title=row.title,
        site_url=row.site_url,
        validators=Validators(row.etag, row.last_modified, row.validators_url),
        body_digest=row.body_digest,
        failures=row.failures,
        interval=timedelta(seconds=row.interval_seconds),
        next_poll_at=row.next_poll_at,
        error_reason=row.last_error_reason,
        wishes=wishes_of(row.wishes),
        rhythm=Rhythm(
            since=row.first_success_at,
            news_at=row.news_at,
            gap=None if row.gap_seconds is None else timedelta(seconds=row.gap_seconds),
            share=row.news_share,
            polls=row.news_polls,
        ),
        looked_at=row.looked_at,
        look_days=row.look_days,
        pages_owed=row.pages_owed,
        pushed_at=row.pushed_at,
    )


def waiting_feeds(
    session: Session, now: datetime, limit: int, besides: Collection[int]
) -> list[tuple[int, str]]:
    """Number and address of the listed feeds that are due, the longest waiting first.

    Without those `besides`, which are in hand and found due again and again.
    """
    values = {"now": now, "most": limit + len(besides)}
    due = session.connection().execute(_DUE, values)
    return [(number, url) for number, url in due if number not in besides][:limit]


def numbered_feeds(session: Session, numbers: Sequence[int]) -> list[Feed]:
    """The feeds with these numbers, in this order."""
    found: dict[int, Feed] = {}
    for part in chunks(numbers):
        rows = session.connection().execute(_FEEDS, {"feeds": part})
        found |= {row.id: feed_of(row) for row in rows}
    return [found[number] for number in numbers if number in found]


def known_entries(
    session: Session, feed_id: int, keys: Sequence[EntryKeys]
) -> list[tuple[KnownEntry, str, int]]:
    """Stored entries of a feed that share a key with `keys`, each with its page's state, tries."""
    found: dict[int, tuple[KnownEntry, str, int]] = {}
    wanted: list[tuple[Any, set[str]]] = [
        (EntryRow.key_guid, {k.guid for k in keys} - {""}),
        (EntryRow.key_link, {k.link for k in keys} - {""}),
        (EntryRow.key_text, {k.text for k in keys} - {""}),
    ]
    columns = select(
        EntryRow.id,
        EntryRow.key_guid,
        EntryRow.key_link,
        EntryRow.key_text,
        EntryRow.digest,
        EntryRow.page_state,
        EntryRow.page_tries,
        EntryRow.key_title,
    )  # type: ignore[call-overload]
    for column, values in wanted:
        for part in chunks(sorted(values)):
            query = columns.where(EntryRow.feed_id == feed_id, col(column).in_(part))
            for id_, guid, link, body, digest, state, tries, title in session.exec(query):
                known = KnownEntry(id_, EntryKeys(guid, link, body, title), digest)
                found[id_] = (known, state, tries)
    return [found[id_] for id_ in sorted(found)]


def copies_of(session: Session, story_ids: Sequence[int]) -> dict[int, list[Copy]]:
    """The copies of each story, first seen first."""
    copies: dict[int, list[Copy]] = defaultdict(list)
    for part in chunks(story_ids):
        rows = session.exec(
            select(CopyRow, EntryRow, FeedRow.category, FeedRow.url)
            .join(EntryRow, col(EntryRow.id) == CopyRow.entry_id)
            .join(FeedRow, col(FeedRow.id) == EntryRow.feed_id)
            .where(col(CopyRow.story_id).in_(part))
            .order_by(col(EntryRow.first_seen), col(EntryRow.id))
        ).all()
        credited = _credits(session, [entry.id for _, entry, _, _ in rows if entry.id])
        ids = _public_ids(
            session, {miss["story"] for copy, _, _, _ in rows for miss in copy.near_misses}
        )
        for copy, entry, category, feed_url in rows:
            assert entry.id is not None
            copies[copy.story_id].append(
                Copy(
                    outlet=entry.outlet,
                    domain=entry.domain,
                    url=entry.url,
                    title=entry.title,
                    published=entry.published,
                    first_seen=entry.first_seen,
                    credits=tuple(credited.get(entry.id, ())),
                    similarity=copy.similarity,
                    edits=tuple(copy.edits),
                    reason=copy.reason,
                    passages=tuple(copy.passages),
                    threshold=copy.threshold,
                    near_misses=tuple(_near_miss(miss, ids) for miss in copy.near_misses),
                    feed_url=feed_url,
                    entry=entry.id,
                    category=category or "",
                    language=entry.language,
                    author=entry.author,
                    length=entry.length,
                )
            )
    return copies


def found(session: Session, story_or_url: str) -> StoryRow:
    """A story by its id, the start of its id, or any copy's address; the one it was joined to.

    Raises NotFoundError.
    """
    row = session.exec(select(StoryRow).where(StoryRow.public_id == story_or_url)).first()
    ids = [row.public_id] if row is not None else []
    if row is None:
        ids += session.exec(
            select(StoryRow.public_id)
            .join(CopyRow, col(CopyRow.story_id) == StoryRow.id)
            .join(EntryRow, col(EntryRow.id) == CopyRow.entry_id)
            .where(EntryRow.url == story_or_url)
        ).all()
    if not ids and len(story_or_url) >= 4:
        starts = col(StoryRow.public_id).startswith(story_or_url, autoescape=True)
        ids += session.exec(select(StoryRow.public_id).where(starts).limit(2)).all()
    if len(set(ids)) > 1:
        raise NotFoundError(
            f"More than one story has {story_or_url!r}: {', '.join(sorted(set(ids)))}.",
            reason="ambiguous",
            remedy="Name one of these ids.",
        )
    if row is None and ids:
        row = session.exec(select(StoryRow).where(StoryRow.public_id == ids[0])).one()
    if row is not None and row.merged_into is not None:
        row = session.get(StoryRow, row.merged_into)
    if row is None or not row.url:
        raise NotFoundError(
            f"No story has the id or a copy at {story_or_url!r}.",
            reason="no_story",
            remedy="Ids stand in the address of a story's page; addresses must be exact.",
        )
    return row


def stories(session: Session, query: StoryQuery) -> list[Story]:
    """The stories that the query wants, newest first seen first."""
    rows: dict[int, StoryRow] = {}
    numbers = wanted(session.connection(), query)
    for part in chunks(numbers):
        for row in session.exec(select(StoryRow).where(col(StoryRow.id).in_(part))):
            rows[row.id or 0] = row
    return told(session, [rows[number] for number in numbers])


def told(session: Session, rows: Sequence[StoryRow]) -> list[Story]:
    """Story rows with their copies and texts, in the same order."""
    numbers = [row.id for row in rows if row.id is not None]
    copies, ruled = copies_of(session, numbers), _rulings(session, numbers)
    leads = [row.lead_entry_id for row in rows if row.lead_entry_id is not None]
    bodies: dict[int, BodyRow] = {}
    entries: dict[int, EntryRow] = {}
    for part in chunks(leads):
        for body in session.exec(select(BodyRow).where(col(BodyRow.entry_id).in_(part))):
            bodies[body.entry_id] = body
        for entry in session.exec(select(EntryRow).where(col(EntryRow.id).in_(part))):
            entries[entry.id or 0] = entry
    return [
        replace(
            _story(row, copies.get(row.id or 0, []), entries, bodies),
            rulings=tuple(ruled.get(row.id or 0, ())),
        )
        for row in rows
    ]


def health_of(row: FeedRow, entries: int, hub: str = "") -> FeedHealth:
    """A feed row as people see it."""
    state: FeedState = "ok"
    if row.last_error_reason == "gone":
        state = "gone"
    elif row.failures:
        state = "failing"
    elif row.last_polled_at is None:
        state = "new"
    return FeedHealth(
        url=row.url,
        name=row.name or row.title or row.url,
        domain=row.domain or "",
        category=row.category or "",
        state=state,
        last_polled_at=row.last_polled_at,
        last_success_at=row.last_success_at,
        next_poll_at=None if state == "gone" else row.next_poll_at,
        interval=timedelta(seconds=row.interval_seconds),
        status=row.last_status,
        error=row.last_error,
        error_reason=row.last_error_reason,
        failures=row.failures,
        entries=entries,
        polls=row.polls,
        not_modified=row.polls_not_modified,
        note=row.note,
        why=row.why,
        remedy=row.last_remedy,
        validators=Validators(row.etag, row.last_modified, row.validators_url),
        entries_a_day=round(86_400 / max(row.gap_seconds, 1), 2) if row.gap_seconds else None,
        bytes_saved=row.bytes_saved,
        poll_url=row.poll_url,
        push=hub if row.pushed_at else "",
    )


def _public_ids(session: Session, stories: Collection[int]) -> Mapping[int, str]:
    """The ids that these stories, or those that they were joined to, are known by."""
    ids: dict[int, str] = {}
    leader, its_own = aliased(StoryRow), col(StoryRow.public_id)
    columns = select_rows(StoryRow.id, func.coalesce(leader.public_id, its_own))  # type: ignore[call-overload]
    query = columns.outerjoin(leader, col(leader.id) == col(StoryRow.merged_into))
    for part in chunks(stories):
        ids |= dict(session.connection().execute(query.where(col(StoryRow.id).in_(part))).all())
    return ids


def _near_miss(miss: Mapping[str, Any], ids: Mapping[int, str]) -> NearMiss:
    return NearMiss(miss["story"], miss["score"], miss["reason"], ids.get(miss["story"], ""))


def _rulings(session: Session, stories: Collection[int]) -> Mapping[int, Sequence[Ruling]]:
    said: dict[int, list[Ruling]] = defaultdict(list)
    for part in chunks(stories):
        rows = session.exec(
            select(RulingRow)
            .where(col(RulingRow.story_id).in_(part))
            .order_by(col(RulingRow.at), col(RulingRow.id))
        )
        for row in rows:
            said[row.story_id].append(Ruling(row.kind, row.other, row.at, row.url))  # type: ignore[arg-type]
    return said


def _credits(session: Session, entry_ids: Sequence[int]) -> Mapping[int, list[Credit]]:
    credited: dict[int, list[Credit]] = defaultdict(list)
    for part in chunks(entry_ids):
        rows = session.exec(
            select(CreditRow)
            .where(col(CreditRow.entry_id).in_(part))
            .order_by(col(CreditRow.entry_id), col(CreditRow.position))
        )
        for row in rows:
            credited[row.entry_id].append(
                Credit(
                    name=row.name,
                    as_written=row.as_written,
                    domain=row.domain,
                    url=row.url,
                    role=Role(row.role),
                    extent=Extent(row.extent),
                    quote=row.quote,
                    where=Where(row.place),
                    confidence=row.confidence,
                    rank=row.rank,
                )
            )
    return credited


def _story(
    row: StoryRow,
    copies: Sequence[Copy],
    entries: Mapping[int, EntryRow],
    bodies: Mapping[int, BodyRow],
) -> Story:
    lead = entries.get(row.lead_entry_id or 0)
    body = bodies.get(row.lead_entry_id or 0)
    origin = row.origin and {**row.origin, "role": Role(row.origin["role"])}
    return Story(
        id=row.public_id,
        title=row.title,
        url=row.url,
        first_seen=row.first_seen,
        updated=row.updated,
        origin=Origin(**origin) if origin else None,
        agency=Agency(**row.agency) if row.agency else None,
        chain=tuple(row.chain),
        conflict=row.conflict,
        copies=tuple(copies),
        categories=tuple(sorted({copy.category for copy in copies} - {""})),
        language=row.language,
        author=lead.author if lead else "",
        published=lead.published if lead else None,
        lead=row.lead_entry_id or 0,
        content_html=body.html if body else "",
        full_html=body.page_html if body else "",
        enclosures=tuple(Enclosure(**e) for e in lead.enclosures) if lead else (),
    )
