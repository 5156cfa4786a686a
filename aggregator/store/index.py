"""The index of matching, in the database. It answers what `aggregator.match` asks of an index.

It has no index of its own beside its primary key: what a story holds is found by the hashes of its
texts, and what is too old by a walk through a part of all hashes at a time. So a posting costs
little more than its two numbers.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, update
from sqlalchemy import select as select_rows
from sqlmodel import Session, col, select

from aggregator.model import Document, Member
from aggregator.store.reading import chunks
from aggregator.store.tables import BodyRow, CopyRow, EntryRow, PostingRow, table

# A shingle that this many stories hold is boilerplate or a template; no more are kept.
CAP = 8
_MEMBERS = 4
_HASHES = 1 << 47  # hashes are below this
_PARTS = 24  # expiry walks through one part of the hashes at a time
_HOUR = 3600
_ENTRY, _COPY, _BODY = table(EntryRow), table(CopyRow), table(BodyRow)


class StoredIndex:
    """Which stories hold which shingles, for as long as the window says.

    What one transaction adds is kept at hand until `flush`, so that the entries of one poll
    see each other without a statement for each shingle.
    """

    def __init__(self, session: Session, since: datetime) -> None:
        self._session = session
        self._since = hour_of(since)
        self._known: dict[int, list[int]] = {}
        self._added: dict[tuple[int, int], int] = {}
        self._members: dict[int, list[Member]] = {}
        # Called before a story's copies are read; the transaction may hold some back.
        self.before_reading: Callable[[int], None] = lambda _: None

    def prime(self, hashes: Iterable[int]) -> None:
        """Read the postings of all these hashes at once; what follows finds them at hand."""
        known = self._known
        # Not by subtracting the keys: that walks through all that is known.
        missing = sorted({hash_ for hash_ in hashes if hash_ not in known})
        if not missing:
            return
        known.update((hash_, []) for hash_ in missing)
        connection = self._session.connection()
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(_HELD_SQLITE, (json.dumps(missing), self._since))
        else:
            found = connection.exec_driver_sql(_HELD_POSTGRESQL, (missing, self._since))
        for hash_, story in found:
            known[hash_].append(story)

    def postings(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """For each hash that any story of the window holds, those stories (CAP at the most)."""
        self.prime(hashes)
        known = self._known
        return {hash_: stories for hash_ in hashes if (stories := known[hash_])}

    def members(self, story: int) -> Sequence[Member]:
        """The texts to compare with: the fullest, the first seen of those that are as full."""
        if story not in self._members:
            self.before_reading(story)
            rows = self._session.connection().execute(_TEXTS, {"story": story})
            self._members[story] = [Member(*row) for row in rows]
        return self._members[story]

    def begin(self, story: int) -> None:
        """Say that a story is new, so that nothing has to be read of it."""
        self._members[story] = []

    def add(self, story: int, document: Document, hashes: Sequence[int]) -> None:
        """Post a document's hashes to its story."""
        self.prime(hashes)
        known, added, hour = self._known, self._added, hour_of(document.seen)
        for hash_ in hashes:
            stories = known[hash_]
            if story not in stories and len(stories) < CAP:
                stories.append(story)
                added[hash_, story] = hour
        members = self._members.get(story)
        if members is not None:
            members.append(Member(document.outlet, document.title, _stored(document.text)))
            members.sort(key=lambda member: -len(member.text))
            del members[_MEMBERS:]

    def forget_members(self) -> None:
        """Read texts anew: an old one changed."""
        self._members.clear()

    def join(self, older: int, newer: int, hashes: Sequence[int]) -> None:
        """Let the older story hold what the newer one held: postings of these hashes."""
        self.flush()
        connection = self._session.connection()
        for part in chunks(hashes):
            here = col(PostingRow.hash).in_(part)
            held = select(PostingRow.hash).where(here, col(PostingRow.story_id) == older)
            twice = set(self._session.exec(held))
            of_newer = (col(PostingRow.story_id) == newer, here)
            connection.execute(delete(PostingRow).where(*of_newer, col(PostingRow.hash).in_(twice)))
            connection.execute(update(PostingRow).where(*of_newer).values(story_id=older))
        self.forget()

    def remove(self, story: int, hashes: Sequence[int]) -> None:
        """Forget that a story holds these hashes."""
        self.flush()
        for part in chunks(hashes):
            self._session.connection().execute(
                delete(PostingRow).where(
                    col(PostingRow.story_id) == story, col(PostingRow.hash).in_(part)
                )
            )
        self.forget()

    def forget(self) -> None:
        """Drop what is kept at hand, written or not; the database alone counts again."""
        self._known.clear()
        self._added.clear()
        self._members.clear()

    def flush(self) -> None:
        """Write what was added, in the table's order; what had grown too old is young again."""
        if self._added:
            rows = [(hash_, story, hour) for (hash_, story), hour in sorted(self._added.items())]
            connection = self._session.connection()
            sign = "?" if connection.dialect.name == "sqlite" else "%s"
            connection.exec_driver_sql(_POST.format(sign), rows)
        self._added.clear()

    def expire(self, now: datetime) -> int:
        """Delete postings from before the window, in the part of the index that `now` falls on.

        Called once an hour it comes by everywhere once a day. How many postings that were.
        """
        part = hour_of(now) % _PARTS
        first, last = _HASHES * part // _PARTS, _HASHES * (part + 1) // _PARTS
        done = self._session.connection().execute(
            delete(PostingRow).where(
                col(PostingRow.hash) >= first,
                col(PostingRow.hash) < last,
                col(PostingRow.seen_hour) < self._since,
            )
        )
        self.forget()
        return int(done.rowcount)


def hour_of(moment: datetime) -> int:
    """Hours since 1970, which is as exactly as postings know when they were seen."""
    return int(moment.astimezone(UTC).timestamp() // _HOUR)


def _stored(words: str) -> str:
    """The text as it comes back from the database (see `types.Compressed`)."""
    return words if words.isascii() else words.encode("utf-8", "replace").decode("utf-8")


# These run for some fifty hashes an entry, where the building of statements would cost most.
_HELD_SQLITE = (
    "SELECT hash, story_id FROM posting "
    "WHERE hash IN (SELECT value FROM json_each(?)) AND seen_hour >= ?"
)
_HELD_POSTGRESQL = (
    "SELECT hash, story_id FROM posting WHERE hash = ANY(%s::bigint[]) AND seen_hour >= %s"
)
# A posting that the window has forgotten may still stand there.
_POST = (
    "INSERT INTO posting (hash, story_id, seen_hour) VALUES ({0}, {0}, {0}) "
    "ON CONFLICT (hash, story_id) DO UPDATE SET seen_hour = excluded.seen_hour"
)
_TEXTS = (
    select_rows(_ENTRY.c.outlet, _ENTRY.c.title, _BODY.c.text)
    .join(_COPY, _COPY.c.entry_id == _ENTRY.c.id)
    .join(_BODY, _BODY.c.entry_id == _ENTRY.c.id)
    .where(_COPY.c.story_id == bindparam("story"))
    .order_by(_ENTRY.c.length.desc(), _ENTRY.c.id)
    .limit(_MEMBERS)
)
