"""What was said of stories for good, and what follows for those who would be joined.

A *split* says that a copy is none of a story. So the copy may not be placed there again, nor may
the story that it is in now, and whatever that is joined with later, be joined with the first. The
copy is known by its entry, and by its address when the entry is gone and comes back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, bindparam, delete, insert, or_, select, union, update
from sqlmodel import Session

from aggregator.store.reading import chunks
from aggregator.store.tables import CopyRow, EntryRow, RulingRow, table

_RULING, _COPY, _ENTRY = table(RulingRow), table(CopyRow), table(EntryRow)
_MERGE = "merge"


class Rulings:
    """What was said, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._any: bool | None = None  # nearly always there is none, and then nothing is asked

    def barred(self, entry_id: int, key_link: str) -> set[int]:
        """The stories that this entry may not be a copy of."""
        return self._asked(_BARRED, {"entry": entry_id, "link": key_link})

    def apart(self, story: int) -> set[int]:
        """The stories that this one may not be joined with."""
        return self._asked(_APART, {"story": story})

    def is_merged(self, story: int) -> bool:
        """Whether a person joined another story to this one."""
        found = self._session.connection().execute(_MERGED, {"story": story})
        return found.first() is not None

    def add(
        self,
        kind: Literal["merge", "split", "outgrown"],
        story: int,
        other: str,
        now: datetime,
        *,
        entries: Mapping[int, tuple[str, str]] | None = None,
    ) -> None:
        """Keep what was said. `entries`: of copies that were taken out, link key and address."""
        said = {"story_id": story, "kind": kind, "other": other, "at": now}
        rows: list[dict[str, Any]] = [
            {**said, "entry_id": entry, "key_link": link, "url": url}
            for entry, (link, url) in (entries or {}).items()
        ] or [{**said, "entry_id": None, "key_link": "", "url": ""}]
        self._session.connection().execute(insert(_RULING), rows)
        self._any = None

    def lift(self, story: int, other: int) -> None:
        """Forget what keeps these two apart: a later word of a person counts."""
        connection = self._session.connection()
        for first, second in ((story, other), (other, story)):
            rows = connection.execute(_BETWEEN, {"story": first, "other": second})
            for part in chunks([row.id for row in rows]):
                connection.execute(delete(_RULING).where(_RULING.c.id.in_(part)))
        self._any = None

    def move(self, older: int, newer: int) -> None:
        """What was said of the newer story goes for the older one that it was joined to."""
        moved = update(_RULING).where(_RULING.c.story_id == newer).values(story_id=older)
        self._session.connection().execute(moved)

    @property
    def keep_apart(self) -> bool:
        """Whether there is any that keeps something apart."""
        if self._any is None:
            self._any = self._session.connection().execute(_ANY).first() is not None
        return self._any

    def _asked(self, statement: Any, values: dict[str, Any]) -> set[int]:
        if not self.keep_apart:
            return set()
        return set(self._session.connection().execute(statement, values).scalars())


_KEEPS_APART = _RULING.c.kind != _MERGE
_SAME_COPY = or_(
    _RULING.c.entry_id == _ENTRY.c.id,
    and_(_RULING.c.key_link != "", _RULING.c.key_link == _ENTRY.c.key_link),
)
_ANY = select(_RULING.c.id).where(_KEEPS_APART).limit(1)
_MERGED = (
    select(_RULING.c.id)
    .where(_RULING.c.story_id == bindparam("story"), _RULING.c.kind == _MERGE)
    .limit(1)
)
_BARRED = select(_RULING.c.story_id).where(
    _KEEPS_APART,
    or_(
        _RULING.c.entry_id == bindparam("entry"),
        and_(_RULING.c.key_link != "", _RULING.c.key_link == bindparam("link")),
    ),
)
_IN_STORY = (
    select(_RULING.c.id, _RULING.c.story_id, _COPY.c.story_id.label("holds"))
    .join(_ENTRY, _SAME_COPY)
    .join(_COPY, _COPY.c.entry_id == _ENTRY.c.id)
    .where(_KEEPS_APART)
)
_APART = union(
    _IN_STORY.with_only_columns(_COPY.c.story_id).where(
        _RULING.c.story_id == bindparam("story"), _COPY.c.story_id != bindparam("story")
    ),
    _IN_STORY.with_only_columns(_RULING.c.story_id).where(
        _COPY.c.story_id == bindparam("story"), _RULING.c.story_id != bindparam("story")
    ),
)
_BETWEEN = _IN_STORY.where(
    _RULING.c.story_id == bindparam("story"), _COPY.c.story_id == bindparam("other")
)
