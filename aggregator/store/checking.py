"""Whether the database holds together: its own check, and what must be true of its rows."""

from typing import Any

from sqlalchemy import Select, func, select, text
from sqlmodel import Session

from aggregator.store.tables import BodyRow, CopyRow, EntryRow, StoryRow, table

_ENTRY, _BODY = table(EntryRow), table(BodyRow)
_COPY, _STORY = table(CopyRow), table(StoryRow)
_KEPT = _STORY.alias("kept")

_RULES: tuple[tuple[str, Select[Any]], ...] = (
    (
        "entries belong to no story",
        select(func.count()).select_from(_ENTRY.outerjoin(_COPY)).where(_COPY.c.entry_id.is_(None)),
    ),
    (
        "entries have no text",
        select(func.count()).select_from(_ENTRY.outerjoin(_BODY)).where(_BODY.c.entry_id.is_(None)),
    ),
    (
        "copies are in a story that was joined to another",
        select(func.count())
        .select_from(_COPY.join(_STORY, _COPY.c.story_id == _STORY.c.id))
        .where(_STORY.c.merged_into.is_not(None)),
    ),
    (
        "stories have no copy",
        select(func.count())
        .select_from(_STORY.outerjoin(_COPY, _COPY.c.story_id == _STORY.c.id))
        .where(_COPY.c.entry_id.is_(None), _STORY.c.merged_into.is_(None)),
    ),
    (
        "stories lead to one that leads on",
        select(func.count())
        .select_from(_STORY.join(_KEPT, _STORY.c.merged_into == _KEPT.c.id))
        .where(_KEPT.c.merged_into.is_not(None)),
    ),
    (
        "stories show an entry that is none of their copies",
        select(func.count())
        .select_from(_STORY.join(_COPY, _COPY.c.entry_id == _STORY.c.lead_entry_id))
        .where(_COPY.c.story_id != _STORY.c.id, _STORY.c.merged_into.is_(None)),
    ),
)


def broken(session: Session) -> list[str]:
    """What is wrong, a sentence each; empty where nothing is."""
    connection = session.connection()
    found = []
    if connection.dialect.name == "sqlite":
        said = [row[0] for row in connection.execute(text("PRAGMA quick_check(10)"))]
        found += [f"SQLite says: {line}." for line in said if line != "ok"]
        if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            found.append("Rows point at others that are gone.")
    for what, rule in _RULES:
        count = connection.execute(rule).scalar() or 0
        if count:
            found.append(f"{count:,} {what}.")
    return found
