"""Which feeds are listed: the one place where feeds come and go."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from aggregator.model import FeedSpec
from aggregator.store.labels import find_again, of_feeds
from aggregator.store.reading import chunks
from aggregator.store.tables import CountersRow, FeedRow, table

_FEED, _COUNTERS = table(FeedRow), table(CountersRow)
_CONFIGURED = ("name", "domain", "category", "full_text", "listed", "source")
_KNOWN = select(
    _FEED.c.id, _FEED.c.url, _FEED.c.last_error_reason, *(_FEED.c[name] for name in _CONFIGURED)
)
_CHANGE = (
    update(_FEED)
    .where(_FEED.c.id == bindparam("feed"))
    .values({name: bindparam(name) for name in _CONFIGURED})
)
_POLLED = select(_FEED.c.id, _FEED.c.next_poll_at, _FEED.c.last_polled_at)
_MOVE = (
    update(_FEED)
    .where(_FEED.c.id == bindparam("feed"))
    .values(next_poll_at=bindparam("next"), last_polled_at=bindparam("last"))
)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # when feeds are polled that were taken down for good
# Whoever lists a feed again that was retired wants it tried again.
_REVIVE = (
    update(_FEED)
    .where(_FEED.c.id == bindparam("feed"))
    .values(next_poll_at=bindparam("now"), last_error_reason="", failures=0)
)


def list_feeds(
    connection: Connection, specs: Sequence[FeedSpec], now: datetime, *, keep_others: bool
) -> None:
    """Make the listed feeds the ones that are polled; see `Store.list_feeds`."""
    known = {row.url: row for row in connection.execute(_KNOWN)}
    categories = {row.id: row.category for row in known.values()}
    usual = FeedRow(url="", poll_url="", next_poll_at=now).model_dump(exclude={"id"})
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    revived: list[dict[str, Any]] = []
    for spec in specs:
        values = (spec.name, spec.domain, spec.category, spec.full_text.value, True, "config")
        row = known.pop(spec.url, None)
        if row is None:
            place = {"url": spec.url, "poll_url": spec.url}
            new.append(usual | place | dict(zip(_CONFIGURED, values, strict=True)))
        elif tuple(row)[-len(_CONFIGURED) :] != values:
            changed.append({"feed": row.id, **dict(zip(_CONFIGURED, values, strict=True))})
            if not row.listed and row.last_error_reason == "gone":
                revived.append({"feed": row.id, "now": now})
    moved = [row["feed"] for row in changed if row["category"] != categories[row["feed"]]]
    for statement, rows in ((insert(_FEED), new), (_CHANGE, changed), (_REVIVE, revived)):
        if rows:
            connection.execute(statement, rows)
    # What was added by hand stays, whatever the configuration lists.
    others = (row.id for row in known.values() if row.listed and row.source == "config")
    unlisted = [] if keep_others else list(others)
    for part in chunks(unlisted):
        connection.execute(update(_FEED).where(_FEED.c.id.in_(part)).values(listed=False))
    if moved:  # to another category, and their stories with them
        find_again(connection, of_feeds(connection, moved))
        connection.execute(update(_COUNTERS).values(revision=_COUNTERS.c.revision + 1))


def set_back(connection: Connection, now: datetime) -> int:
    """Take back what was noted under a clock that was ahead; see `Store.set_back`."""
    rows = connection.execute(_POLLED.where(_FEED.c.last_polled_at > now)).all()
    changed = []
    for row in rows:
        ahead = row.last_polled_at - now
        then = row.next_poll_at if row.next_poll_at >= _NEVER else row.next_poll_at - ahead
        changed.append({"feed": row.id, "next": then, "last": now})
    if changed:
        connection.execute(_MOVE, changed)
    return len(changed)


def hasten(
    connection: Connection, since: datetime, reasons: Collection[str], at: Sequence[datetime]
) -> int:
    """Make feeds due that failed for these reasons since then; see `Store.hasten`."""
    failed = _POLLED.where(
        _FEED.c.listed, _FEED.c.last_polled_at >= since, _FEED.c.last_error_reason.in_(reasons)
    )
    rows = connection.execute(failed.order_by(_FEED.c.next_poll_at, _FEED.c.id)).all()
    moments = cycle(at)
    changed = [
        {"feed": row.id, "next": min(row.next_poll_at, moment), "last": row.last_polled_at}
        for row, moment in zip(rows, moments, strict=False)
    ]
    if changed:
        connection.execute(_MOVE, changed)
    return len(changed)
