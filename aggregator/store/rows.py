"""Dataclasses of the model to rows of the tables: plain dictionaries, for many to a statement."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, bindparam

from aggregator.model import Copy, Credit, Decision, Face, PollRecord, Reading, Rhythm, Wishes
from aggregator.store.tables import FeedRow, table

Row = dict[str, Any]


def entry_row(reading: Reading) -> Row:
    """What an entry's row has of a reading, new or changed."""
    entry = reading.entry
    return {
        "key_guid": reading.keys.guid,
        "key_link": reading.keys.link,
        "key_text": reading.keys.text,
        "key_title": reading.keys.title,
        "digest": reading.digest,
        "guid": entry.guid,
        "url": entry.url,
        "title": entry.title,
        "author": entry.author,
        "outlet": reading.carrier.name,
        "domain": reading.carrier.domain,
        "language": entry.language[:35],
        "enclosures": [asdict(enclosure) for enclosure in entry.enclosures],
        "published": entry.published,
        "updated": entry.updated,
        "dropped_at": None,
        "length": len(reading.document.text),
        "page_state": reading.page_state,
        "page_tries": reading.page_tries,
    }


def body_row(number: int, reading: Reading) -> Row:
    """The texts of an entry."""
    return {
        "entry_id": number,
        "html": reading.entry.html,
        "page_html": reading.page_html,
        "text": reading.document.text,
    }


def credit_row(number: int, position: int, credit: Credit) -> Row:
    """One credit of an entry."""
    return {
        "entry_id": number,
        "position": position,
        "name": credit.name,
        "as_written": credit.as_written,
        "domain": credit.domain,
        "url": credit.url,
        "role": credit.role.value,
        "extent": credit.extent.value,
        "quote": credit.quote,
        "place": credit.where.value,
        "confidence": credit.confidence,
        "rank": credit.rank,
    }


def copy_row(entry_id: int, story_id: int, decision: Decision) -> Row:
    """Which story an entry is a copy of, and why."""
    return {
        "entry_id": entry_id,
        "story_id": story_id,
        "similarity": decision.score,
        "threshold": decision.threshold,
        "reason": decision.reason,
        "edits": list(decision.edits),
        "passages": list(decision.passages),
        # Without their public ids, which are read anew: a story may be joined to another.
        "near_misses": [
            {"story": miss.story, "score": miss.score, "reason": miss.reason}
            for miss in decision.near_misses
        ],
    }


def story_row(number: int, public_id: str, now: datetime) -> Row:
    """A story that nobody has seen yet."""
    return {
        "id": number,
        "public_id": public_id,
        "lead_entry_id": None,
        "title": "",
        "url": "",
        "origin": None,
        "agency": None,
        "chain": [],
        "conflict": "",
        "language": "",
        "digest": "",
        "first_seen": now,
        "updated": now,
        "copies": 0,
        "labels": [],
    }


def face_row(face: Face) -> Row:
    """What subscribers see of a story."""
    told = face.provenance
    return {
        "lead_entry_id": face.lead,
        "title": face.title,
        "url": face.url,
        "language": face.language[:35],
        "origin": asdict(told.origin) if told.origin else None,
        "agency": asdict(told.agency) if told.agency else None,
        "chain": list(told.chain),
        "conflict": told.conflict,
        "digest": face.digest,
    }


def copy_of(
    number: int, reading: Reading, decision: Decision, feed: tuple[str, str], now: datetime
) -> Copy:
    """A copy that is being filed, as it will be read back. `feed`: its URL and category."""
    entry = reading.entry
    return Copy(
        outlet=reading.carrier.name,
        domain=reading.carrier.domain,
        url=entry.url,
        title=entry.title,
        published=entry.published,
        first_seen=now,
        credits=tuple(replace(credit, block=None) for credit in reading.credits),
        similarity=decision.score,
        edits=decision.edits,
        reason=decision.reason,
        passages=decision.passages,
        threshold=decision.threshold,
        near_misses=decision.near_misses,
        feed_url=feed[0],
        entry=number,
        category=feed[1],
        language=entry.language[:35],
        author=entry.author,
        length=len(reading.document.text),
    )


def poll_statement(poll: PollRecord) -> tuple[Update, Row]:
    """The statement that keeps what a poll taught, and its values.

    Polls that ended alike share one statement, which is compiled once.
    """
    feeds = table(FeedRow)
    row: Row = {
        "last_polled_at": poll.at,
        "next_poll_at": poll.next_poll_at,
        "interval_seconds": round(poll.interval.total_seconds()),
        "last_status": poll.status,
        "last_error": poll.error,
        "last_error_reason": poll.error_reason,
        "last_remedy": poll.remedy,
        "why": poll.why,
    }
    if poll.postponed:
        row = {"next_poll_at": poll.next_poll_at, "why": poll.why}
        return _update_feed(tuple(row), (), {}), row | {"feed": poll.feed_id}
    counted: Row = {"polls": feeds.c.polls + 1}
    if poll.error:
        counted["failures"] = feeds.c.failures + 1
    else:
        row |= {"failures": 0, "last_success_at": poll.at}
    if poll.status == 304:
        counted["polls_not_modified"] = feeds.c.polls_not_modified + 1
        counted["bytes_saved"] = feeds.c.bytes_saved + feeds.c.wire_bytes
    if poll.poll_url:
        row["poll_url"] = poll.poll_url
    if poll.validators is not None:
        row["etag"] = poll.validators.etag
        row["last_modified"] = poll.validators.last_modified
        row["validators_url"] = poll.validators.url
    if poll.wishes is not None:
        row["wishes"] = wishes_row(poll.wishes)
    if poll.rhythm is not None:
        row |= _rhythm_row(poll.rhythm)
    if poll.pushed_at is not False:
        row["pushed_at"] = poll.pushed_at
    if poll.owed is not False:
        row["pages_owed"] = poll.owed is not None
    for name in _AS_IT_IS:
        if getattr(poll, name) is not None:
            row[name] = getattr(poll, name)
    return _update_feed(tuple(row), tuple(counted), counted), row | {"feed": poll.feed_id}


def wishes_row(wishes: Wishes) -> Row:
    """A publisher's wishes as JSON: seconds, hours, days of the week; what is missing left out."""
    row: Row = {
        name: round(wish.total_seconds())
        for name in _SPANS
        if (wish := getattr(wishes, name)) is not None
    }
    return row | {name: list(got) for name in _SKIPPED if (got := getattr(wishes, name))}


def wishes_of(row: Row) -> Wishes:
    """The wishes that `wishes_row` wrote."""
    if not row:
        return _NO_WISHES
    spans: Row = {name: timedelta(seconds=row[name]) for name in _SPANS if name in row}
    skipped: Row = {name: tuple(row[name]) for name in _SKIPPED if name in row}
    return Wishes(**spans, **skipped)


def _rhythm_row(rhythm: Rhythm) -> Row:
    return {
        "first_success_at": rhythm.since,
        "news_at": rhythm.news_at,
        "gap_seconds": None if rhythm.gap is None else rhythm.gap.total_seconds(),
        "news_share": rhythm.share,
        "news_polls": rhythm.polls,
    }


_AS_IT_IS = (
    *("body_digest", "title", "site_url", "note"),
    *("looked_at", "look_days", "wire_bytes"),
)
_SPANS = ("max_age", "ttl", "every")
_SKIPPED = ("skip_hours", "skip_days")
_NO_WISHES = Wishes()
_STATEMENTS: dict[tuple[Sequence[str], Sequence[str]], Update] = {}


def _update_feed(named: Sequence[str], counts: Sequence[str], counted: Row) -> Update:
    feeds = table(FeedRow)
    if (named, counts) not in _STATEMENTS:
        values: Row = {name: bindparam(name) for name in named} | counted
        where = feeds.c.id == bindparam("feed")
        _STATEMENTS[named, counts] = feeds.update().where(where).values(values)
    return _STATEMENTS[named, counts]
