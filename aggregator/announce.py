"""Tells WebSub hubs which feeds have changed (https://www.w3.org/TR/websub/, section 6).

How a publisher tells its hub is left open there; all public hubs take what PubSubHubbub had: a form
with `hub.mode=publish` and the feed's address as `hub.url`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from aggregator.errors import AggregatorError, StoreError

_LONGEST = 10.0  # seconds that a change waits for the changes that come with it
_FIRST_PAUSE = 5.0  # seconds before a hub that failed is tried again; then twice that, and so on
_LONGEST_PAUSE = 1800.0
_TRIES = 10

Post = Callable[[str, dict[str, str]], Awaitable[None]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Owed:
    """Something that a hub has to be told yet."""

    at: float
    tries: int = 0


class Announcer:
    """Looks for changes, and tells each hub of each feed that changed. Call `tick` once a second.

    `version` is a word that changes whenever anything does, `heads` tells of each feed's address
    what stands at its head. Both may wait for a database. `told` counts how a try ended: told,
    failed, given_up. `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        hubs: Sequence[str],
        *,
        version: Callable[[], str],
        heads: Callable[[], Mapping[str, str]],
        post: Post,
        told: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._hubs = hubs
        self._version = version
        self._heads = heads
        self._post = post
        self._told = told
        self._clock = clock
        self._seen: str | None = None
        self._since: float | None = None  # when the oldest change came that nobody was told of
        self._known: Mapping[str, str] = {}
        self._owed: dict[tuple[str, str], _Owed] = {}

    async def tick(self) -> None:
        """Look, and tell what is due. A start counts as a change: nobody knows what was missed."""
        try:
            await self._look()
        except StoreError as error:
            log.warning("announce_failed", reason=error.reason, error=str(error))
            return
        now = self._clock()
        due = [key for key, owed in self._owed.items() if owed.at <= now]
        await asyncio.gather(*(self._tell(hub, topic) for hub, topic in due))

    async def _look(self) -> None:
        version, now = await asyncio.to_thread(self._version), self._clock()
        if version != self._seen:
            self._seen = version
            self._since = now if self._since is None else self._since
            if now - self._since < _LONGEST:
                return  # more may follow at once
        if self._since is None:
            return
        heads = await asyncio.to_thread(self._heads)
        for topic, head in heads.items():
            if self._known.get(topic) != head:
                self._owed |= {(hub, topic): _Owed(now) for hub in self._hubs}
        self._known, self._since = heads, None

    async def _tell(self, hub: str, topic: str) -> None:
        owed = self._owed[hub, topic]
        try:
            await self._post(hub, {"hub.mode": "publish", "hub.url": topic})
        except AggregatorError as error:
            tries = owed.tries + 1
            given_up = tries >= _TRIES
            self._told("given_up" if given_up else "failed")
            log.warning(
                "hub_failed",
                hub=hub,
                topic=topic,
                tries=tries,
                reason=error.reason,
                error=str(error),
            )
            if given_up:
                del self._owed[hub, topic]
            else:
                pause = min(_FIRST_PAUSE * 2**owed.tries, _LONGEST_PAUSE)
                self._owed[hub, topic] = _Owed(self._clock() + pause, tries)
        else:
            self._told("told")
            del self._owed[hub, topic]
