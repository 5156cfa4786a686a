"""Queries: rows of the tables to the dataclasses of the model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, tuple_
from sqlmodel import Session, col, select

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
    Role,
    Story,
    StoryQuery,
    Validators,
    Where,
)
from aggregator.store.amendments import amendments
from aggregator.store.tables import BodyRow, CopyRow, CreditRow, EntryRow, FeedRow, StoryRow

# Well under every database's bound on the parameters of one statement.
CHUNK = 500


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    """The values in lists of at most `size`."""
    batch = list(values)
    return (batch[start : start + size] for start in range(0, len(batch), size))


def feed_of(row: FeedRow) -> Feed:
    """A feed row as the pipeline sees it."""
    assert row.id is not None
    return Feed(
        id=row.id,
        spec=FeedSpec(row.url, row.name, row.domain, row.category, FullText(row.full_text)),
        poll_url=row.poll_url,
        title=row.title,
        site_url=row.site_url,
        validators=Validators(row.etag, row.last_modified),
        body_digest=row.body_digest,
        failures=row.failures,
        interval=timedelta(seconds=row.interval_seconds),
        next_poll_at=row.next_poll_at,
    )


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
                    near_misses=tuple(NearMiss(**miss) for miss in copy.near_misses),
                    feed_url=feed_url,
                    entry=entry.id,
                    category=category or "",
                    language=entry.language,
                    author=entry.author,
                    length=entry.length,
                )
            )
    return copies


def stories(session: Session, query: StoryQuery) -> list[Story]:
    """The stories that the query wants, newest first seen first."""
    statement = select(StoryRow).where(col(StoryRow.merged_into).is_(None), StoryRow.url != "")
    for condition in _conditions(query):
        statement = statement.where(condition)
    if query.before:
        last = session.exec(select(StoryRow).where(StoryRow.public_id == query.before)).first()
        if last is not None:
            place = tuple_(col(StoryRow.first_seen), col(StoryRow.id))
            statement = statement.where(place < tuple_(last.first_seen, last.id))
    statement = statement.order_by(col(StoryRow.first_seen).desc(), col(StoryRow.id).desc())
    return told(session, session.exec(statement.limit(query.limit)).all())


def told(session: Session, rows: Sequence[StoryRow]) -> list[Story]:
    """Story rows with their copies and texts, in the same order."""
    copies = copies_of(session, [row.id for row in rows if row.id is not None])
    leads = [row.lead_entry_id for row in rows if row.lead_entry_id is not None]
    bodies: dict[int, BodyRow] = {}
    entries: dict[int, EntryRow] = {}
    for part in chunks(leads):
        for body in session.exec(select(BodyRow).where(col(BodyRow.entry_id).in_(part))):
            bodies[body.entry_id] = body
        for entry in session.exec(select(EntryRow).where(col(EntryRow.id).in_(part))):
            entries[entry.id or 0] = entry
    numbers = [row.id for row in rows if row.id is not None]
    corrected = amendments(session.connection(), numbers)
    return [
        replace(
            _story(row, copies.get(row.id or 0, []), entries, bodies),
            amendments=tuple(found for _, found in corrected.get(row.id or 0, ())),
        )
        for row in rows
    ]


def health_of(row: FeedRow, entries: int) -> FeedHealth:
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
        next_poll_at=row.next_poll_at,
        interval=timedelta(seconds=row.interval_seconds),
        status=row.last_status,
        error=row.last_error,
        error_reason=row.last_error_reason,
        failures=row.failures,
        entries=entries,
        polls=row.polls,
        not_modified=row.polls_not_modified,
        note=row.note,
        id=row.id or 0,
        source=row.source,
    )


def _conditions(query: StoryQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.languages:
        # "en" wants "en-GB" too (RFC 4647, 3.3.1: basic filtering)
        language = func.lower(col(StoryRow.language))
        conditions.append(
            or_(
                *(
                    or_(language == w.lower(), language.like(f"{w.lower()}-%"))
                    for w in query.languages
                )
            )
        )
    for word in query.words.split():
        pattern = "%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        conditions.append(col(StoryRow.title).ilike(pattern, escape="\\"))
    carried = (
        select(CopyRow.story_id)
        .join(EntryRow, col(EntryRow.id) == CopyRow.entry_id)
        .join(FeedRow, col(FeedRow.id) == EntryRow.feed_id)
    )
    if query.categories:
        within = carried.where(col(FeedRow.category).in_(query.categories))
        conditions.append(col(StoryRow.id).in_(within))
    if query.outlets:
        names = [name.lower() for name in query.outlets]
        by = or_(
            func.lower(col(EntryRow.outlet)).in_(names), func.lower(col(EntryRow.domain)).in_(names)
        )
        conditions.append(col(StoryRow.id).in_(carried.where(by)))
    return conditions


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
