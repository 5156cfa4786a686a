"""Puts right what `checking` finds wrong with rows, as far as nothing has to be guessed."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from aggregator.store.labels import forget
from aggregator.store.reading import chunks
from aggregator.store.tables import BodyRow, CopyRow, EntryRow, FeedRow, StoryRow, table

_ENTRY, _BODY, _FEED = table(EntryRow), table(BodyRow), table(FeedRow)
_COPY, _STORY = table(CopyRow), table(StoryRow)


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done, a sentence each; stories to be shown anew; entries that need a story."""

    done: list[str]
    stories: set[int]
    homeless: list[int]


def mend(connection: Connection) -> Mended:
    """Mend what can be."""
    done: list[str] = []
    leaders, changed = _leaders(connection)
    for story, leader in changed.items():
        connection.execute(
            update(_STORY).where(_STORY.c.id == story).values(merged_into=leader or None)
        )
    _say(done, len(changed), "stories lead straight to the one that they were joined to")
    stories = {leader or story for story, leader in changed.items()}
    stories |= _take_copies_along(connection, leaders, done)
    _read_again(connection, done)
    _delete_empty(connection, done)
    astray = set(connection.execute(_ASTRAY).scalars())
    _say(done, len(astray), "stories show one of their own copies again")
    homeless = list(connection.execute(_HOMELESS).scalars())
    _say(done, len(homeless), "entries have a story of their own, as they had none")
    return Mended(done, stories | astray, homeless)


def _leaders(connection: Connection) -> tuple[dict[int, int], dict[int, int]]:
    """Where each joined story leads in the end, and those that have to be told (0: nowhere)."""
    rows = connection.execute(
        select(_STORY.c.id, _STORY.c.merged_into).where(_STORY.c.merged_into.is_not(None))
    )
    into = {row.id: row.merged_into for row in rows}
    leaders = {story: _end(into, story) for story in into}
    changed = {
        story: 0 if leader == story else leader
        for story, leader in leaders.items()
        if into[story] != leader
    }
    return leaders, changed


def _end(into: Mapping[int, int], story: int) -> int:
    """The story that a chain ends with; of a circle the oldest."""
    way = [story]
    while (following := into.get(way[-1])) is not None:
        if following in way:
            return min(way[way.index(following) :])
        way.append(following)
    return way[-1]


def _take_copies_along(
    connection: Connection, leaders: Mapping[int, int], done: list[str]
) -> set[int]:
    count, touched = 0, set()
    for story, leader in leaders.items():
        if story == leader:
            continue
        moved = update(_COPY).where(_COPY.c.story_id == story).values(story_id=leader)
        if rows := int(connection.execute(moved).rowcount):
            count += rows
            touched.add(leader)
    _say(done, count, "copies went along with their stories, which were joined to others")
    return touched


def _read_again(connection: Connection, done: list[str]) -> None:
    """Let entries without a text be read again, while their feeds have them."""
    rows = connection.execute(_TEXTLESS).all()
    for part in chunks(row.id for row in rows):
        connection.execute(update(_ENTRY).where(_ENTRY.c.id.in_(part)).values(digest=""))
    unknown = {"body_digest": "", "etag": "", "last_modified": ""}
    for part in chunks({row.feed_id for row in rows}):
        connection.execute(update(_FEED).where(_FEED.c.id.in_(part)).values(unknown))
    if rows:
        empty = {"html": "", "page_html": "", "text": ""}
        connection.execute(insert(_BODY), [{"entry_id": row.id, **empty} for row in rows])
    _say(done, len(rows), "entries without a text are read again, if their feeds have them still")


def _delete_empty(connection: Connection, done: list[str]) -> None:
    """Delete stories without a copy, and what leads to them."""
    empty = list(connection.execute(_EMPTY).scalars())
    forget(connection, empty)
    for part in chunks(empty):
        connection.execute(delete(_STORY).where(_STORY.c.id.in_(part)))
    _say(done, len(empty), "stories without a copy were deleted")


def _say(done: list[str], count: int, what: str) -> None:
    if count:
        done.append(f"{count:,} {what}.")


_ASTRAY = (
    select(_STORY.c.id)
    .join(_COPY, _COPY.c.entry_id == _STORY.c.lead_entry_id)
    .where(_COPY.c.story_id != _STORY.c.id, _STORY.c.merged_into.is_(None))
)
_HOMELESS = (
    select(_ENTRY.c.id)
    .outerjoin(_COPY, _COPY.c.entry_id == _ENTRY.c.id)
    .where(_COPY.c.entry_id.is_(None))
    .order_by(_ENTRY.c.id)
)
_TEXTLESS = (
    select(_ENTRY.c.id, _ENTRY.c.feed_id)
    .outerjoin(_BODY, _BODY.c.entry_id == _ENTRY.c.id)
    .where(_BODY.c.entry_id.is_(None))
)
_EMPTY = (
    select(_STORY.c.id)
    .outerjoin(_COPY, _COPY.c.story_id == _STORY.c.id)
    .where(_COPY.c.entry_id.is_(None), _STORY.c.merged_into.is_(None))
)
