"""Which stories a query wants: a walk from the newest on, that ends when enough is found.

A story's number is its place in the river: numbers are given in the order in which stories are
first seen, and never twice. No walk sorts, so none costs more for there being more stories; see
docs/decisions/0011-selecting-and-searching.md.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, column, exists, func, or_, select
from sqlalchemy import table as named_table
from sqlalchemy import text as sql

from aggregator.model import StoryQuery
from aggregator.store.labels import COUNTS, label
from aggregator.store.tables import CountersRow, LabelRow, StoryRow, table
from aggregator.store.words import for_fts5, for_tsquery, phrases

ARCHIVE = 50  # numbers of stories to an archive document
_FEW = 1000  # stories that can be looked at one by one
_SLACK = 200  # numbers by which stories may be out of the order of time
NIL = "00000000-0000-0000-0000-000000000000"  # the story before the first
_STORY, _LABEL, _COUNTERS = table(StoryRow), table(LabelRow), table(CountersRow)
_SHOWN = and_(_STORY.c.merged_into.is_(None), _STORY.c.url != "")


@dataclass(frozen=True, slots=True)
class Walk:
    """Where to look, numbers `first` to `last`, and how far: `limit` stories from one end."""

    limit: int
    first: int = 1
    last: int = 2**31 - 1
    newest_first: bool = True

    def within(self, number: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition on a story's number."""
        return and_(number >= self.first, number <= self.last)

    def order(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """The order of walking."""
        return number.desc() if self.newest_first else number.asc()


def wanted(connection: Connection, query: StoryQuery) -> list[int]:
    """The numbers of the stories that a query wants, newest first."""
    walk = Walk(query.limit)
    if query.archive is not None:
        walk = replace(walk, first=query.archive * ARCHIVE + 1, last=(query.archive + 1) * ARCHIVE)
    if query.before and (number := _number(connection, query.before)) is not None:
        walk = replace(walk, last=number - 1)
    if query.after and (number := _number(connection, query.after)) is not None:
        walk = replace(walk, first=number + 1, newest_first=False)
    return sorted(walked(connection, query, walk), reverse=True)


def walked(connection: Connection, query: StoryQuery, walk: Walk) -> list[int]:
    """The numbers of the stories that a query wants, found by that walk, in its order."""
    if query.since is not None:
        walk = replace(walk, first=max(walk.first, _first_since(connection, query.since)))
    groups = _groups(query)
    driver, rare = _rarest(connection, groups)
    conditions = [_SHOWN, *_conditions(query)]
    conditions += [_labelled(group) for group in groups if group is not driver]
    if query.words.strip():
        matching = _matching(connection, query.words)
        if matching is None:
            return []
        if not rare:
            number = _word_number(connection)
            statement = matching.join(_STORY, _STORY.c.id == number).where(*conditions)
            return _run(connection, statement, number, walk)
        number = _word_number(connection)
        conditions.append(exists(matching.where(number == _STORY.c.id).correlate(_STORY)))
    if driver is None:
        return _run(connection, select(_STORY.c.id).where(*conditions), _STORY.c.id, walk)
    number = _LABEL.c.story_id
    walks = []
    for name in driver:  # each in order by itself; together they would have to be sorted
        labelled = select(number).join(_STORY, _STORY.c.id == number)
        statement = labelled.where(_LABEL.c.name == name, *conditions)
        walks.append(_run(connection, statement, number, walk))
    merged = heapq.merge(*walks, reverse=walk.newest_first)
    return list(dict.fromkeys(merged))[: walk.limit]


def archives(connection: Connection) -> int:
    """How many archive documents are complete: those numbered below this."""
    given = connection.execute(select(_COUNTERS.c.stories)).scalar_one()
    return int(given) // ARCHIVE


def archive_before(connection: Connection, query: StoryQuery, number: int | None) -> int | None:
    """The newest archive document before that one that has any story of the query's.

    None for the number stands for the feed as it is now.
    """
    last = ARCHIVE * (archives(connection) if number is None else number)
    found = walked(connection, query, Walk(1, last=last)) if last else []
    return (found[0] - 1) // ARCHIVE if found else None


def archive_after(connection: Connection, query: StoryQuery, number: int) -> int | None:
    """The archive document after that one; None where the feed itself follows."""
    first, last = (number + 1) * ARCHIVE + 1, ARCHIVE * archives(connection)
    found = walked(connection, query, Walk(1, first, last, newest_first=False))
    return (found[0] - 1) // ARCHIVE if found else None


def _groups(query: StoryQuery) -> list[tuple[str, ...]]:
    """For each thing that is selected by, the labels of which a story must have any."""
    groups = [
        tuple(label(kind, value) for value in values)
        for kind, values in (
            ("category", query.categories),
            ("outlet", query.outlets),
            ("origin", query.origins),
            ("language", query.languages),
        )
        if values
    ]
    if query.agency is not None:
        groups.append((label("agency", "yes" if query.agency else "no"),))
    if query.copies >= COUNTS[0]:
        count = max(count for count in COUNTS if count <= query.copies)
        groups.append((label("copies", str(count)),))
    return groups


def _rarest(
    connection: Connection, groups: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...] | None, bool]:
    """The labels that fewest stories have, and whether those are few."""
    counts = []
    for group in groups:
        some = select(_LABEL.c.story_id).where(_LABEL.c.name.in_(group)).limit(_FEW).subquery()
        counts.append(connection.execute(select(func.count()).select_from(some)).scalar_one())
    if not groups:
        return None, False
    least = min(counts)
    return groups[counts.index(least)], least < _FEW


def _conditions(query: StoryQuery) -> list[ColumnElement[bool]]:
    conditions = []
    if query.copies > 1:
        conditions.append(_STORY.c.copies >= query.copies)
    if query.since is not None:
        conditions.append(_STORY.c.first_seen >= query.since)
    return conditions


def _labelled(group: Sequence[str]) -> ColumnElement[bool]:
    has_any = or_(*(_LABEL.c.name == name for name in group))
    return exists().where(_LABEL.c.story_id == _STORY.c.id, has_any).correlate(_STORY)


_FTS5 = named_table("story_words", column("rowid"))
_TSVECTOR = named_table("story_words", column("story_id"))


def _word_number(connection: Connection) -> ColumnElement[Any]:
    return _FTS5.c.rowid if connection.dialect.name == "sqlite" else _TSVECTOR.c.story_id


def _matching(connection: Connection, words: str) -> Select[Any] | None:
    """The stories in which all these words are; None where there is no word to look for."""
    found = phrases(words)
    if found is None:
        return None
    number = _word_number(connection)
    if connection.dialect.name == "sqlite":
        return select(number).where(
            sql("story_words MATCH :words").bindparams(words=for_fts5(found))
        )
    matches = "story_words.words @@ CAST(:words AS tsquery)"
    return select(number).where(sql(matches).bindparams(words=for_tsquery(found)))


def _run(
    connection: Connection, statement: Select[Any], number: ColumnElement[Any], walk: Walk
) -> list[int]:
    asked = statement.where(walk.within(number)).order_by(walk.order(number)).limit(walk.limit)
    return list(connection.execute(asked).scalars())


def _number(connection: Connection, public_id: str) -> int | None:
    if public_id == NIL:
        return 0
    found = select(_STORY.c.id).where(_STORY.c.public_id == public_id)
    return connection.execute(found).scalar()


def _first_since(connection: Connection, since: datetime) -> int:
    """A number, not far below the first of those that were first seen since then."""
    first, last = 1, int(connection.execute(select(func.max(_STORY.c.id))).scalar() or 0) + 1
    while first < last:
        middle = (first + last) // 2
        seen = select(_STORY.c.first_seen).where(_STORY.c.id >= middle).order_by(_STORY.c.id)
        moment = connection.execute(seen.limit(1)).scalar()
        if moment is None or moment >= since:
            last = middle
        else:
            first = middle + 1
    return max(first - _SLACK, 1)
