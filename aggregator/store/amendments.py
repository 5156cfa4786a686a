"""Earlier versions of entries, and what was corrected: rows and queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from aggregator.model import Amendment, AmendmentKind, Document, Hunk, Version
from aggregator.store.tables import (
    AmendmentRow,
    BodyRow,
    CopyRow,
    EntryRow,
    VersionRow,
    table,
)

MOST_VERSIONS = 5  # of an entry that are kept
MOST_AMENDMENTS = 10  # of a story that are told
_MOST_VANISHED = 100
_RECENT = timedelta(days=7)  # what is older may have been filed away
_CHUNK = 500

_ENTRY, _BODY, _COPY = table(EntryRow), table(BodyRow), table(CopyRow)
_VERSION, _AMENDMENT = table(VersionRow), table(AmendmentRow)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An entry as it is stored, before it is written anew."""

    document: Document
    html: str
    digest: str
    page_state: str


def earlier(connection: Connection, entries: Sequence[int]) -> dict[int, Earlier]:
    """The entries as they are stored."""
    found = {}
    for start in range(0, len(entries), _CHUNK):
        rows = connection.execute(
            select(
                _ENTRY.c.id,
                _ENTRY.c.outlet,
                _ENTRY.c.title,
                _BODY.c.text,
                _ENTRY.c.first_seen,
                _BODY.c.html,
                _ENTRY.c.digest,
                _ENTRY.c.page_state,
            )
            .join(_BODY, _BODY.c.entry_id == _ENTRY.c.id)
            .where(_ENTRY.c.id.in_(entries[start : start + _CHUNK]))
        )
        for number, outlet, title, text, seen, html, digest, state in rows:
            document = Document(outlet, title, text, seen)
            found[number] = Earlier(document, html, digest, state)
    return found


def keep(connection: Connection, entry: int, was: Earlier, now: datetime) -> None:
    """Keep what an entry was until now; the oldest of too many versions goes."""
    connection.execute(
        insert(_VERSION).values(
            entry_id=entry,
            until=now,
            title=was.document.title,
            html=was.html,
            text=was.document.text,
        )
    )
    kept = (
        select(_VERSION.c.id)
        .where(_VERSION.c.entry_id == entry)
        .order_by(_VERSION.c.id.desc())
        .limit(MOST_VERSIONS)
    )
    numbers = connection.execute(kept).scalars().all()
    connection.execute(
        delete(_VERSION).where(_VERSION.c.entry_id == entry, _VERSION.c.id < min(numbers))
    )


def versions(connection: Connection, entries: Sequence[int]) -> dict[int, list[Version]]:
    """The earlier versions of entries, the newest first."""
    found: dict[int, list[Version]] = defaultdict(list)
    rows = connection.execute(
        select(_VERSION.c.entry_id, _VERSION.c.until, _VERSION.c.title, _VERSION.c.html)
        .where(_VERSION.c.entry_id.in_(entries))
        .order_by(_VERSION.c.id.desc())
    )
    for entry, *version in rows:
        found[entry].append(Version(*version))
    return found


def correct(connection: Connection, amendment: Amendment) -> None:
    """Note a amendment. An entry is withdrawn once, and a notice noted once."""
    told = (
        select(_AMENDMENT.c.id)
        .where(_AMENDMENT.c.entry_id == amendment.entry)
        .where(_AMENDMENT.c.kind == amendment.kind.value)
        .where(_AMENDMENT.c.notice == amendment.notice)
    )
    once = amendment.kind is not AmendmentKind.CHANGED
    if once and connection.execute(told.limit(1)).first() is not None:
        return
    row = {
        "entry_id": amendment.entry,
        "at": amendment.at,
        "kind": amendment.kind.value,
        "notice": amendment.notice,
        "title_before": amendment.title_before,
        "title_after": amendment.title_after,
        "hunks": [asdict(hunk) for hunk in amendment.hunks],
        "more": amendment.more,
        "still": list(amendment.still),
    }
    connection.execute(insert(_AMENDMENT), [row])


def amendments(
    connection: Connection, stories: Sequence[int]
) -> dict[int, list[tuple[int, Amendment]]]:
    """The amendments of stories, newest first, each with its number."""
    found: dict[int, list[tuple[int, Amendment]]] = defaultdict(list)
    for start in range(0, len(stories), _CHUNK):
        rows = connection.execute(
            select(_COPY.c.story_id, _ENTRY.c.outlet, *_AMENDMENT.c)
            .join(_COPY, _COPY.c.entry_id == _AMENDMENT.c.entry_id)
            .join(_ENTRY, _ENTRY.c.id == _AMENDMENT.c.entry_id)
            .where(_COPY.c.story_id.in_(stories[start : start + _CHUNK]))
            .order_by(_AMENDMENT.c.id.desc())
        ).mappings()
        for row in rows:
            if len(found[row["story_id"]]) < MOST_AMENDMENTS:
                found[row["story_id"]].append((row["id"], _amendment(row)))
    return found


def settle(connection: Connection, still: Mapping[int, Sequence[int]]) -> None:
    """Set which entries carry the old text, by the amendments' numbers."""
    for number, entries in still.items():
        connection.execute(
            update(_AMENDMENT).where(_AMENDMENT.c.id == number).values(still=list(entries))
        )


def vanished(
    connection: Connection, present: Mapping[int, tuple[datetime, datetime]], listed: set[int]
) -> list[tuple[int, str]]:
    """Entries that left their feed though it lists older ones: numbers and addresses.

    `present` has the entries that the feed listed until now, with the publisher's date (else our
    own) and our first sight. What falls off the end of a feed has grown old, and says nothing.
    """
    older = [dated for number, (dated, _) in present.items() if number in listed]
    if not older:
        return []
    oldest, newest = min(older), max(seen for _, seen in present.values())
    missed = [
        number
        for number, (dated, seen) in present.items()
        if number not in listed and dated > oldest and seen > newest - _RECENT
    ]
    rows = connection.execute(
        select(_ENTRY.c.id, _ENTRY.c.url)
        .where(_ENTRY.c.id.in_(missed[:_MOST_VANISHED]), _ENTRY.c.url != "")
        .order_by(_ENTRY.c.id)
    )
    return [(number, url) for number, url in rows]


def story_numbers(connection: Connection, entries: Sequence[int]) -> list[int]:
    """The stories that entries are copies of."""
    rows = connection.execute(
        select(_COPY.c.story_id).where(_COPY.c.entry_id.in_(entries)).distinct()
    )
    return list(rows.scalars())


def _amendment(row: RowMapping) -> Amendment:
    return Amendment(
        entry=row["entry_id"],
        outlet=row["outlet"],
        at=row["at"],
        kind=AmendmentKind(row["kind"]),
        notice=row["notice"],
        title_before=row["title_before"],
        title_after=row["title_after"],
        hunks=tuple(Hunk(**hunk) for hunk in row["hunks"]),
        more=row["more"],
        still=tuple(row["still"]),
    )
