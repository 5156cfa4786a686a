"""What is done to a read entry in the writer's transaction: store it, match it, show its story."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from aggregator.amendments import note_changes, settle, withdrawn
from aggregator.credit import Directory, trace
from aggregator.match import decide, fingerprint
from aggregator.model import Carried, Copy, Decision, Document, Feed, Outlet, Reading
from aggregator.store import Transaction
from aggregator.story import compose

_SAME_TIME = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Filed:
    """What filing entries came to."""

    numbers: tuple[int, ...] = ()
    entries_new: int = 0
    entries_changed: int = 0
    stories_new: int = 0
    merged: int = 0
    credits: Mapping[str, int] = field(default_factory=dict)  # by where they stand

    def __add__(self, other: "Filed") -> "Filed":
        return Filed(
            self.numbers + other.numbers,
            self.entries_new + other.entries_new,
            self.entries_changed + other.entries_changed,
            self.stories_new + other.stories_new,
            self.merged + other.merged,
            Counter(self.credits) + Counter(other.credits),
        )


def file(
    transaction: Transaction,
    *,
    feed: Feed,
    readings: Sequence[Reading],
    directory: Directory,
    now: datetime,
) -> Filed:
    """Store the entries, make each a copy of a story, and give the stories their faces."""
    earlier = transaction.earlier([r.known_id for r in readings if r.known_id is not None])
    before = {number: was.document for number, was in earlier.items()}
    numbers = transaction.save(feed.id, readings, now)
    transaction.index.prime([hash_ for reading in readings for hash_ in reading.hashes])
    listed = transaction.stories_at(feed.id, (reading.keys.link for reading in readings))
    touched: set[int] = set()
    stories_new = merged = 0
    for number, reading in zip(numbers, readings, strict=True):
        story, news = _place(
            transaction, number, reading, before=before.get(number), listed=listed, now=now
        )
        touched.add(story)
        stories_new += news == "story"
        merged += news == "copy"
    note_changes(transaction, list(zip(numbers, readings, strict=True)), earlier, now)
    show(transaction, touched, directory, now)
    known = sum(reading.known_id is not None for reading in readings)
    credited = Counter(credit.where.value for reading in readings for credit in reading.credits)
    return Filed(tuple(numbers), len(readings) - known, known, stories_new, merged, credited)


def _place(
    transaction: Transaction,
    number: int,
    reading: Reading,
    *,
    before: Document | None,
    listed: dict[str, list[tuple[int, datetime | None]]],
    now: datetime,
) -> tuple[int, Literal["story", "copy", "stays"]]:
    """Make an entry a copy of a story: its own, one that has its text, or a new one.

    `before` is the entry's text as it was until now, where it is an old one.
    """
    document, hashes = reading.document, reading.hashes
    current = transaction.story_of(number) if reading.known_id is not None else None
    if current is not None:
        if not transaction.alone(current):  # others rely on it: an edit parts nobody
            transaction.index.add(current, document, hashes)
            return current, "stays"
        if before is not None:
            transaction.index.remove(current, fingerprint(before))

    decision = _same_address(listed, reading) or decide(document, transaction.index, hashes)
    same = {story for story in (current, decision.story, *decision.also) if story is not None}
    target = min(same) if same else transaction.new_story(now)
    for younger in sorted(same - {target}):
        transaction.join(target, younger, _hashes_of(transaction, younger))
        for link, found in listed.items():
            listed[link] = [(target if s == younger else s, at) for s, at in found]
    transaction.place(number, target, decision)
    transaction.index.add(target, document, hashes)
    if decision.story is not None:
        return target, "copy"
    return target, "story" if current is None else "stays"


def _hashes_of(transaction: Transaction, story: int) -> list[int]:
    copies = transaction.copies([story]).get(story, ())
    texts = transaction.documents([copy.entry for copy in copies]).values()
    return [hash_ for text in texts for hash_ in fingerprint(text)]


def _same_address(
    listed: Mapping[str, Sequence[tuple[int, datetime | None]]], reading: Reading
) -> Decision | None:
    """Two feeds that list one page at about one time list one text, however much they quote.

    The time keeps apart what an outlet puts at one address day after day.
    """
    published = reading.entry.published
    if published is None:
        return None
    for story, at in listed.get(reading.keys.link, ()):
        if at is not None and abs(at - published) <= _SAME_TIME:
            reason = "Both feeds list the same page."
            return Decision(story, score=1.0, threshold=1.0, reason=reason)
    return None


def take_back(
    transaction: Transaction, *, gone: Sequence[int], directory: Directory, now: datetime
) -> None:
    """Note that the pages of these entries are gone, and tell it with their stories."""
    show(transaction, withdrawn(transaction, gone, now), directory, now)


def show(
    transaction: Transaction, stories: Iterable[int], directory: Directory, now: datetime
) -> None:
    """Choose origin and face of each story from all its copies, and publish what changed."""
    told = transaction.copies(sorted(stories))
    texts = transaction.documents([copy.entry for copies in told.values() for copy in copies])
    faces = {
        story: compose(copies, trace([_carried(copy) for copy in copies], directory), texts)
        for story, copies in told.items()
    }
    if faces:
        settle(transaction, told, texts)
        transaction.show(faces, now)
        transaction.published()


def _carried(copy: Copy) -> Carried:
    outlet = Outlet(copy.outlet, (copy.domain,) if copy.domain else ())
    return Carried(
        outlet, copy.url, copy.first_seen, copy.credits, copy.published, key=str(copy.entry)
    )
