"""Subscriptions at WebSub hubs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select, update

from aggregator.model import Subscription
from aggregator.store.tables import FeedRow, PushRow, table

_PUSH, _FEED = table(PushRow), table(FeedRow)


def remember_hub(
    connection: Connection,
    feed: int,
    named: tuple[str, str],
    now: datetime,
    mint: Callable[[], UUID],
) -> None:
    """Note which hub and topic a feed names; a subscription is asked for when they are new."""
    hub, topic = named
    known = connection.execute(select(_PUSH).where(_PUSH.c.feed_id == feed)).first()
    if known is not None and (known.hub, known.topic) == (hub, topic):
        return
    connection.execute(delete(_PUSH).where(_PUSH.c.feed_id == feed))
    if hub:
        row = {
            "feed_id": feed,
            "token": mint().hex + mint().hex[:8],
            "secret": mint().hex + mint().hex,
            "hub": hub,
            "topic": topic,
            "ask_at": now,
            "failures": 0,
            "asked": False,
            "lease_until": None,
        }
        connection.execute(insert(_PUSH), row)


def subscriptions_due(connection: Connection, now: datetime, limit: int) -> list[Subscription]:
    """Those that are to be asked for (again) now."""
    due = (
        select(_PUSH)
        .join(_FEED, _FEED.c.id == _PUSH.c.feed_id)
        .where(_PUSH.c.ask_at <= now, _FEED.c.listed)
        .order_by(_PUSH.c.ask_at)
        .limit(limit)
    )
    return [_subscription(row) for row in connection.execute(due)]


def subscription_at(connection: Connection, token: str) -> Subscription | None:
    """The one whose callback has this token."""
    row = connection.execute(select(_PUSH).where(_PUSH.c.token == token)).first()
    return _subscription(row) if row is not None else None


def change_subscription(connection: Connection, feed: int, **values: Any) -> None:
    """Set `ask_at`, `failures`, `asked` or `lease_until`."""
    connection.execute(update(_PUSH).where(_PUSH.c.feed_id == feed).values(values))


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        row.feed_id, row.token, row.secret, row.hub, row.topic, row.failures, row.asked,
        row.lease_until,
    )  # fmt: skip
