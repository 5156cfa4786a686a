"""WebSub, the subscriber: asks hubs, answers them, and files what they bring as if it were polled.

Off unless `server.base_url` is an address that hubs can reach.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog

from aggregator.config import Config
from aggregator.errors import FetchError
from aggregator.fetch import Fetcher, websub
from aggregator.fetch.guard import Guard
from aggregator.model import PollOutcome, Subscription
from aggregator.pipeline import Pipeline
from aggregator.store import Store

_AT_ONCE = 20  # subscriptions that are asked for in one go
_AGAIN = timedelta(hours=1)  # after a hub that did not answer, doubling up to a week
_LONGEST = timedelta(days=7)
_A_MINUTE = 60  # pushes to one feed that are taken; a hub in good order sends a few an hour

Received = Literal["filed", "unknown", "forged"]
log = structlog.get_logger(__name__)


def callback_base(config: Config) -> str:
    """Where hubs reach us, or "" where they cannot: no base_url, or one that is not public."""
    base = config.server.base_url or ""
    host = urlsplit(base).hostname or ""
    try:
        private = Guard(config.http.allow_networks).refusal(ip_address(host)) != ""
    except ValueError:
        private = not host or "." not in host
    return "" if private else f"{base}/push/"


class Push:
    """The subscriptions of one daemon. `clock` is the time of day."""

    def __init__(
        self,
        base: str,
        *,
        store: Store,
        fetcher: Fetcher,
        pipeline: Pipeline,
        clock: Callable[[], datetime],
        seen: Callable[[PollOutcome], None] = lambda _: None,
    ) -> None:
        self._base = base
        self._store = store
        self._fetcher = fetcher
        self._pipeline = pipeline
        self._clock = clock
        self._seen = seen
        self._minute = 0
        self._taken: Counter[int] = Counter()

    async def ask(self) -> None:
        """Ask hubs for the subscriptions that are new, or whose lease is about to end."""
        now = self._clock()
        due = await asyncio.to_thread(self._store.subscriptions_due, now, _AT_ONCE)
        await asyncio.gather(*(self._ask(one) for one in due))

    async def _ask(self, one: Subscription) -> None:
        form = websub.subscription(
            callback=self._base + one.token, topic=one.topic, secret=one.secret
        )
        wait = min(_AGAIN * 2 ** min(one.failures, 10), _LONGEST)
        try:
            await self._fetcher.post(one.hub, form)
        except FetchError as error:
            log.info("hub_failed", hub=one.hub, topic=one.topic, reason=error.reason)
        # Its verification, which is to come, sets the time anew.
        await self._change(one, asked=True, failures=one.failures + 1, ask_at=self._clock() + wait)

    async def verify(self, token: str, query: dict[str, str]) -> str | None:
        """What to answer a hub that asks whether we meant it (section 5.3); None: we did not."""
        one = await asyncio.to_thread(self._store.subscription_at, token)
        mode = query.get("hub.mode", "")
        if one is None or query.get("hub.topic") != one.topic:
            return None
        if mode == "denied":
            await self._change(one, asked=False, lease_until=None, ask_at=self._clock() + _LONGEST)
            return ""
        challenge = query.get("hub.challenge", "")
        if mode != "subscribe" or not one.asked or not challenge:
            return None
        lease = websub.lease_of(query.get("hub.lease_seconds", ""))
        now = self._clock()
        # Renewed well before its end.
        await self._change(one, failures=0, lease_until=now + lease, ask_at=now + lease * 0.8)
        return challenge

    async def refusal(self, token: str) -> Literal["", "unknown", "too_many"]:
        """Why nothing may come in there now."""
        one = await asyncio.to_thread(self._store.subscription_at, token)
        if one is None:
            return "unknown"
        return "" if self._may_come(one.feed_id) else "too_many"

    async def receive(
        self, token: str, body: bytes, *, content_type: str, signature: str
    ) -> Received:
        """Take what a hub brings, if it is signed with our secret; file it as if it were polled."""
        one = await asyncio.to_thread(self._store.subscription_at, token)
        if one is None:
            return "unknown"
        if not websub.is_signed(body, signature, one.secret):
            log.warning("push_forged", hub=one.hub, topic=one.topic)
            return "forged"
        outcome = await self._pipeline.pushed(one.feed_id, body, one.topic, content_type)
        if outcome is not None:
            self._seen(outcome)
        return "filed"

    def _may_come(self, feed: int) -> bool:
        minute = int(self._clock().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            self._taken.clear()
        self._taken[feed] += 1
        return self._taken[feed] <= _A_MINUTE

    async def _change(self, one: Subscription, **values: Any) -> None:
        await asyncio.to_thread(self._store.change_subscription, one.feed_id, **values)
