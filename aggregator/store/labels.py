"""What stories are selected by, kept beside them: labels, and the words of their texts.

Each category, outlet, language and so on of a story is a label. The table of labels is in the order
of label and story, so the newest stories of any label are at hand, however many there are: a
selection is a walk from the newest on that ends when enough is found.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from aggregator.store.tables import (
    BodyRow,
    CopyRow,
    EntryRow,
    FeedRow,
    LabelRow,
    StoryRow,
    table,
)
from aggregator.store.words import for_tsvector, terms

_STORY, _COPY, _LABEL = table(StoryRow), table(CopyRow), table(LabelRow)
_ENTRY, _FEED, _BODY = table(EntryRow), table(FeedRow), table(BodyRow)

COUNTS = (2, 3, 5, 10, 20, 50)  # numbers of copies that there is a label for
_LONGEST = 200  # characters of a label
_CHUNK = 500


@dataclass(slots=True)
class Carriage:
    """Who carries a story, under which categories and headlines."""

    copies: int = 0
    outlets: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    titles: dict[str, None] = field(default_factory=dict)

    def add(self, outlet: str, domain: str, category: str | None, title: str) -> None:
        """Count one copy."""
        self.copies += 1
        self.outlets |= {outlet, domain}
        self.categories.add(category or "")
        self.titles[title] = None


def label(kind: str, value: str) -> str:
    """The label for a value, which is the same however it is spaced and capitalised."""
    return f"{kind}:{' '.join(value.split()).casefold()}"[:_LONGEST]


def labels_of(row: Mapping[str, Any], carriage: Carriage) -> list[str]:
    """The labels of a story, of which `row` has origin, agency and language."""
    origin, agency, language = row["origin"], row["agency"], row["language"]
    found = {label("outlet", outlet) for outlet in carriage.outlets if outlet.strip()}
    found |= {label("category", name) for name in carriage.categories if name.strip()}
    if origin is not None:
        names = (origin["name"], origin["domain"])
        found |= {label("origin", name) for name in names if name.strip()}
    from_agency = agency is not None or (origin is not None and origin["role"] == "agency")
    found.add(label("agency", "yes" if from_agency else "no"))
    while language:  # "en" wants "en-GB", too (RFC 4647, 3.3.1: basic filtering)
        found.add(label("language", language))
        language = language.rpartition("-")[0]
    found |= {label("copies", str(count)) for count in COUNTS if count <= carriage.copies}
    return sorted(found)


def carriages(connection: Connection, stories: Iterable[int]) -> dict[int, Carriage]:
    """Who carries these stories, as the database has it."""
    found: dict[int, Carriage] = defaultdict(Carriage)
    for part in _chunks(stories):
        for story, *copy in connection.execute(_CARRIED, {"stories": part}):
            found[story].add(*copy)
    return found


def texts(connection: Connection, entries: Iterable[int]) -> dict[int, str]:
    """The texts of entries, by number."""
    found: dict[int, str] = {}
    for part in _chunks(entries):
        found |= {row.entry_id: row.text for row in connection.execute(_TEXT, {"entries": part})}
    return found


def relabel(
    connection: Connection, changes: Mapping[int, tuple[Iterable[str], Iterable[str]]]
) -> None:
    """Write the labels of stories, of each those that it had and those that it has."""
    gone, new = [], []
    for story, (before, after) in changes.items():
        old, now = set(before), set(after)
        gone += [(name, story) for name in old - now]
        new += [(name, story) for name in now - old]
    sign = "?" if connection.dialect.name == "sqlite" else "%s"
    if gone:
        connection.exec_driver_sql(_UNLABEL.format(sign), gone)
    if new:
        connection.exec_driver_sql(_ADD_LABEL.format(sign), sorted(new))


def write_words(connection: Connection, found: Mapping[int, str], *, known: bool) -> None:
    """Write what stories are searched by; `known` where they may have been written before."""
    if known:
        forget_words(connection, found)
    if connection.dialect.name == "sqlite":
        rows = [(story, " ".join(terms(text))) for story, text in found.items()]
        connection.exec_driver_sql("INSERT INTO story_words (rowid, words) VALUES (?, ?)", rows)
    else:
        rows = [(story, for_tsvector(terms(text))) for story, text in found.items()]
        connection.exec_driver_sql(_ADD_WORDS, rows)


def forget_words(connection: Connection, stories: Iterable[int]) -> None:
    """Let these stories be found by no word."""
    rows = [(story,) for story in stories]
    if rows and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DELETE FROM story_words WHERE rowid = ?", rows)
    elif rows:
        connection.exec_driver_sql("DELETE FROM story_words WHERE story_id = %s", rows)


def forget(connection: Connection, stories: Sequence[int]) -> None:
    """Let these stories be found by nothing any more: they are joined to others, or deleted."""
    for part in _chunks(stories):
        rows = connection.execute(_LABELS, {"stories": part}).all()
        relabel(connection, {row.id: (row.labels, ()) for row in rows})
        forget_words(connection, part)
        connection.execute(update(_STORY).where(_STORY.c.id.in_(part)).values(labels=[]))


def find_again(connection: Connection, stories: Iterable[int], *, words: bool = False) -> None:
    """Write the labels of stored stories anew; their words, too, where that is wanted."""
    for part in _chunks(stories):
        rows = connection.execute(_LABELS, {"stories": part}).all()
        carried = carriages(connection, part)
        after = {row.id: labels_of(dict(row._mapping), carried[row.id]) for row in rows}
        relabel(connection, {row.id: (row.labels, after[row.id]) for row in rows})
        if rows:
            changed = [
                {"story": row.id, "labels": after[row.id], "copies": carried[row.id].copies}
                for row in rows
            ]
            connection.execute(_KEEP, changed)
        if words:
            leads = texts(connection, (row.lead_entry_id for row in rows if row.lead_entry_id))
            told = {
                row.id: searched(carried[row.id], leads.get(row.lead_entry_id, "")) for row in rows
            }
            write_words(connection, told, known=True)


def of_feeds(connection: Connection, feeds: Iterable[int]) -> list[int]:
    """The stories that any of these feeds carries."""
    found: set[int] = set()
    for part in _chunks(feeds):
        found |= set(connection.execute(_OF_FEEDS, {"feeds": part}).scalars())
    return sorted(found)


def searched(carriage: Carriage, text: str) -> str:
    """What a story is searched by: all its headlines, and the text that is shown."""
    return "\n".join([*carriage.titles, text])


def _chunks(values: Iterable[int]) -> Iterable[list[int]]:
    batch = list(values)
    return (batch[start : start + _CHUNK] for start in range(0, len(batch), _CHUNK))


_CARRIED = (
    select(_COPY.c.story_id, _ENTRY.c.outlet, _ENTRY.c.domain, _FEED.c.category, _ENTRY.c.title)
    .join(_ENTRY, _ENTRY.c.id == _COPY.c.entry_id)
    .join(_FEED, _FEED.c.id == _ENTRY.c.feed_id)
    .where(_COPY.c.story_id.in_(bindparam("stories", expanding=True)))
    .order_by(_ENTRY.c.id)
)
_TEXT = select(_BODY.c.entry_id, _BODY.c.text).where(
    _BODY.c.entry_id.in_(bindparam("entries", expanding=True))
)
_LABELS = select(
    *(_STORY.c.id, _STORY.c.labels, _STORY.c.lead_entry_id),
    *(_STORY.c.origin, _STORY.c.agency, _STORY.c.language),
).where(_STORY.c.id.in_(bindparam("stories", expanding=True)))
_KEEP = (
    update(_STORY)
    .where(_STORY.c.id == bindparam("story"))
    .values(labels=bindparam("labels"), copies=bindparam("copies"))
)
_OF_FEEDS = (
    select(_COPY.c.story_id)
    .distinct()
    .join(_ENTRY, _ENTRY.c.id == _COPY.c.entry_id)
    .where(_ENTRY.c.feed_id.in_(bindparam("feeds", expanding=True)))
)
_ADD_LABEL = "INSERT INTO label (name, story_id) VALUES ({0}, {0}) ON CONFLICT DO NOTHING"
_UNLABEL = "DELETE FROM label WHERE name = {0} AND story_id = {0}"
_ADD_WORDS = "INSERT INTO story_words (story_id, words) VALUES (%s, %s::tsvector)"
