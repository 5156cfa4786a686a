"""Which feeds are listed: the one place where feeds come and go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from aggregator.model import FeedSpec
from aggregator.store.labels import find_again, of_feeds
from aggregator.store.reading import chunks
from aggregator.store.tables import CountersRow, FeedRow, table

_FEED, _COUNTERS = table(FeedRow), table(CountersRow)
_CONFIGURED = ("name", "domain", "category", "full_text", "listed")
_KNOWN = select(
    _FEED.c.id, _FEED.c.url, _FEED.c.last_error_reason, *(_FEED.c[name] for name in _CONFIGURED)
)
_CHANGE = (
    update(_FEED)
    .where(_FEED.c.id == bindparam("feed"))
    .values({name: bindparam(name) for name in _CONFIGURED})
)
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
        values = (spec.name, spec.domain, spec.category, spec.full_text.value, True)
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
    unlisted = [] if keep_others else [row.id for row in known.values() if row.listed]
    for part in chunks(unlisted):
        connection.execute(update(_FEED).where(_FEED.c.id.in_(part)).values(listed=False))
    if moved:  # to another category, and their stories with them
        find_again(connection, of_feeds(connection, moved))
        connection.execute(update(_COUNTERS).values(revision=_COUNTERS.c.revision + 1))
