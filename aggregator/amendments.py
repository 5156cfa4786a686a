"""Corrections follow the story: what is noted when an outlet changes or withdraws its text.

Called from filing, in the writer's transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator.changes import carries_old, changes_between, notice_in
from aggregator.model import Amendment, AmendmentKind, Copy, Document, Hunk, Reading
from aggregator.store import Transaction
from aggregator.store.amendments import Earlier


def note_changes(
    transaction: Transaction,
    numbered: Sequence[tuple[int, Reading]],
    earlier: Mapping[int, Earlier],
    now: datetime,
) -> None:
    """Note what entries that were saved just now say or changed, and keep what they were."""
    for number, reading in numbered:
        was = earlier.get(number)
        if was is not None and was.digest != reading.digest:
            transaction.keep(number, was, now)
        amendment = amendment_of(number, reading, was, now)
        if amendment is not None:
            transaction.correct(amendment)


def amendment_of(
    number: int, reading: Reading, was: Earlier | None, now: datetime
) -> Amendment | None:
    """What is to be told of an entry that is new (`was` is None) or may have changed."""
    document = reading.document
    found = notice_in(document.text)
    if was is None:
        if found is None:
            return None
        return Amendment(number, document.outlet, now, found[0], notice=found[1])
    if was.digest == reading.digest:  # it was read again for our own reasons
        return None
    if found is not None and found == notice_in(was.document.text):
        found = None
    # A text from a page and one from a feed differ without anybody having changed anything.
    changes = changes_between(was.document, document, texts=was.page_state == reading.page_state)
    if changes is None and found is None:
        return None
    kind = AmendmentKind.CHANGED
    if found is not None and (found[0] is AmendmentKind.WITHDRAWN or changes is None):
        kind = found[0]
    hunks = _without_notice(changes.hunks, found[1]) if changes and found else ()
    return Amendment(
        number,
        document.outlet,
        now,
        kind,
        notice=found[1] if found else "",
        title_before=changes.title_before if changes else "",
        title_after=changes.title_after if changes else "",
        hunks=hunks or (changes.hunks if changes and not found else ()),
        more=changes.more if changes else 0,
    )


def withdrawn(transaction: Transaction, entries: Sequence[int], now: datetime) -> list[int]:
    """Note that these entries' pages are gone. The stories that they are copies of."""
    for number in entries:
        transaction.correct(Amendment(number, "", now, AmendmentKind.WITHDRAWN))
    return transaction.stories_with(entries)


def settle(
    transaction: Transaction,
    told: Mapping[int, Sequence[Copy]],
    texts: Mapping[int, Document],
) -> None:
    """Find anew which copies carry the old text, for the stories that have amendments."""
    found = {}
    for story, noted in transaction.amendments(sorted(told)).items():
        gone = {c.entry for _, c in noted if c.kind is AmendmentKind.WITHDRAWN}
        for number, amendment in noted:
            still = tuple(
                copy.entry
                for copy in told[story]
                if copy.entry != amendment.entry
                and copy.entry not in gone
                and copy.entry in texts
                and _carries_old(amendment, texts[copy.entry])
            )
            if still != amendment.still:
                found[number] = still
    transaction.settle(found)


def _carries_old(amendment: Amendment, document: Document) -> bool:
    if amendment.kind is AmendmentKind.WITHDRAWN:
        return notice_in(document.text) is None
    return carries_old(document.text, amendment.hunks)


def _without_notice(hunks: Sequence[Hunk], notice: str) -> tuple[Hunk, ...]:
    """The hunks but the one that only adds the notice itself."""
    start = notice[:40]
    return tuple(hunk for hunk in hunks if hunk.cut or start not in hunk.added)
