"""What is done to a read entry in the writer's transaction: store it, match it, show its story."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from aggregator.amendments import note_changes, settle, withdrawn
from aggregator.credit import Directory, trace
from aggregator.match import Again, decide, fingerprint, look_again
from aggregator.model import Carried, Copy, Decision, Document, Feed, Member, Outlet, Reading
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
    """Store the entries, make each a copy of a story, and give the stories their faces.

    The faces come at the transaction's end, so that a story is shown once, whoever touched it.
    """
    earlier = transaction.earlier([r.known_id for r in readings if r.known_id is not None])
    before = {number: was.document for number, was in earlier.items()}
    numbers = transaction.save(feed.id, readings, now)
    transaction.index.prime([hash_ for reading in readings for hash_ in reading.hashes])
    listed = transaction.stories_at(feed.id, (reading.keys.link for reading in readings))
    filing = _Filing(transaction, before, listed, now)
    news = Counter(
        filing.place(number, reading) for number, reading in zip(numbers, readings, strict=True)
    )
    note_changes(transaction, list(zip(numbers, readings, strict=True)), earlier, now)
    transaction.touched |= filing.touched
    transaction.at_end = partial(_show_touched, directory=directory, now=now)
    known = sum(reading.known_id is not None for reading in readings)
    credited = Counter(credit.where.value for reading in readings for credit in reading.credits)
    return Filed(
        tuple(numbers), len(readings) - known, known, news["story"], news["copy"], credited
    )


class _Filing:
    """Entries of one feed, on their way into stories."""

    def __init__(
        self,
        transaction: Transaction,
        before: Mapping[int, Document],
        listed: dict[str, list[tuple[int, datetime | None]]],
        now: datetime,
    ) -> None:
        self.touched: set[int] = set()  # stories that may look different now
        self._transaction = transaction
        self._before = before  # the texts of old entries, as they were until now
        self._listed = listed  # stories that other feeds have at the same addresses
        self._now = now

    def place(self, number: int, reading: Reading) -> Literal["story", "copy", "stays"]:
        """Make an entry a copy of a story: its own, one that has its text, or a new one."""
        transaction, document = self._transaction, reading.document
        current = transaction.story_of(number) if reading.known_id is not None else None
        barred = transaction.rulings.barred(number, reading.keys.link)
        if current is not None:
            barred |= transaction.apart(current)
            if not transaction.alone(current):  # others rely on it
                return self._changed(number, reading, current, barred)
            if number in self._before:
                transaction.index.remove(current, fingerprint(self._before[number]))

        decision = _same_address(self._listed, reading, barred) or decide(
            document, transaction.index, reading.hashes, without=barred
        )
        same = [story for story in (current, decision.story, *decision.also) if story is not None]
        target = same[0] if same else transaction.new_story(self._now)
        for other in sorted(same):
            target = self._joined(target, other)
        transaction.place(number, target, decision)
        transaction.index.add(target, document, reading.hashes)
        self.touched.add(target)
        if decision.story is not None:
            return "copy"
        return "story" if current is None else "stays"

    def _changed(
        self, number: int, reading: Reading, current: int, barred: set[int]
    ) -> Literal["story", "copy", "stays"]:
        """A changed copy of a story that has others: it stays, unless it was judged too early."""
        transaction, document, hashes = self._transaction, reading.document, reading.hashes
        before = self._before.get(number)
        if before is not None and before.text != document.text:
            copies = transaction.copies([current])[current]
            texts = transaction.documents([copy.entry for copy in copies if copy.entry != number])
            others = [Member(text.outlet, text.title, text.text) for text in texts.values()]
            again = look_again(
                document, before.text, current, others, transaction.index, without=barred
            )
            if not again.stays and not transaction.rulings.is_merged(current):
                return self._part(number, reading, current, again)
            for other in again.joins:
                current = self._joined(current, other)
        transaction.index.add(current, document, hashes)
        self.touched.add(current)
        return "stays"

    def _part(
        self, number: int, reading: Reading, current: int, again: Again
    ) -> Literal["story", "copy"]:
        """Take a copy out of its story, for good, so that nobody sees it come and go."""
        transaction, decision = self._transaction, again.decision
        if decision.story is None:
            target = transaction.new_story(self._now)
            decision = replace(decision, reason=f"It was taken out of another story: {again.why}.")
        else:
            target = decision.story
        take_out(transaction, current, target, {number: decision}, [self._before[number]])
        entries, other = transaction.links([number]), transaction.public_id(target)
        transaction.rulings.add("outgrown", current, other, self._now, entries=entries)
        transaction.index.add(target, reading.document, reading.hashes)
        self.touched |= {current, target}
        return "story" if again.decision.story is None else "copy"

    def _joined(self, story: int, other: int) -> int:
        """One story made of two, the older; not of two that were taken apart for good."""
        target, younger = min(story, other), max(story, other)
        if target == younger or other in self._transaction.apart(story):
            return story
        join(self._transaction, target, younger)
        for link, found in self._listed.items():
            self._listed[link] = [(target if s == younger else s, at) for s, at in found]
        return target


def take_out(
    transaction: Transaction,
    story: int,
    target: int,
    decisions: Mapping[int, Decision],
    texts: Iterable[Document],
) -> None:
    """Move copies (by their entries' numbers) out of a story into another.

    `texts` are theirs, as the index holds them; what others of the story hold too stays posted.
    """
    for entry, decision in decisions.items():
        transaction.place(entry, target, decision)
    left = set(_hashes_of(transaction, story))
    gone = {hash_ for text in texts for hash_ in fingerprint(text)} - left
    transaction.index.remove(story, sorted(gone))


def join(transaction: Transaction, older: int, younger: int) -> None:
    """Make one story of two, with all that the index holds of them."""
    transaction.join(older, younger, _hashes_of(transaction, younger))


def _hashes_of(transaction: Transaction, story: int) -> list[int]:
    copies = transaction.copies([story]).get(story, ())
    texts = transaction.documents([copy.entry for copy in copies]).values()
    return [hash_ for text in texts for hash_ in fingerprint(text)]


def _same_address(
    listed: Mapping[str, Sequence[tuple[int, datetime | None]]],
    reading: Reading,
    barred: set[int],
) -> Decision | None:
    """Two feeds that list one page at about one time list one text, however much they quote.

    The time keeps apart what an outlet puts at one address day after day.
    """
    published = reading.entry.published
    if published is None:
        return None
    for story, at in listed.get(reading.keys.link, ()):
        if story not in barred and at is not None and abs(at - published) <= _SAME_TIME:
            reason = "Both feeds list the same page."
            return Decision(story, score=1.0, threshold=1.0, reason=reason)
    return None


def take_back(
    transaction: Transaction, *, gone: Sequence[int], directory: Directory, now: datetime
) -> None:
    """Note that the pages of these entries are gone, and tell it with their stories."""
    show(transaction, withdrawn(transaction, gone, now), directory, now)


def _show_touched(transaction: Transaction, *, directory: Directory, now: datetime) -> None:
    stories, transaction.touched = transaction.touched, set()
    show(transaction, stories, directory, now)


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
        transaction.show(faces, now)
        settle(transaction, told, texts)
        transaction.published()


def _carried(copy: Copy) -> Carried:
    outlet = Outlet(copy.outlet, (copy.domain,) if copy.domain else ())
    return Carried(
        outlet, copy.url, copy.first_seen, copy.credits, copy.published, key=str(copy.entry)
    )
