"""Turns at hosts, shared with other processes through the database.

Each process keeps its own order (`fetch.pacing`); here it asks the others' leave. A turn is a row
that only one of them can have, until a moment by the database's clock (`store.turns`). Who holds
one does not renew it, so a process that dies, hangs, or is cut off from the database blocks a host
for the length of one exchange, and nobody visits it meanwhile.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from datetime import timedelta

from aggregator.errors import StoreError
from aggregator.store import Store, TurnAnswer, TurnEnd, TurnWish

_MARGIN = 10.0  # seconds that an exchange may outlast its timeout, in a process that is held up
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 0.5  # seconds between two looks whether a turn is over
_AT_ONCE = 500  # wishes to a transaction


class SharedTurns:
    """Takes turns at hosts with all that have the same database. Implements `fetch.Others`.

    Wishes that come while a transaction is under way share the next one. `close` at the end.
    """

    def __init__(
        self, store: Store, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._store = store
        self._sleep = sleep
        self._wishes: list[tuple[TurnWish, asyncio.Future[TurnAnswer]]] = []
        self._ends: list[tuple[TurnEnd, asyncio.Future[None]]] = []
        self._owed: list[TurnEnd] = []  # that could not be written when they were due
        self._rests: dict[str, float] = {}
        self._working: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def turn(
        self, hosts: Collection[str], *, longest: float, pause: float, resting: str
    ) -> AsyncIterator[timedelta]:
        """A turn, as `fetch.Others` has it. Raises StoreError where the database cannot say."""
        name = uuid.uuid4().hex
        seconds = max(longest, 0.0) + _MARGIN + pause
        wish = TurnWish(frozenset(hosts), name, seconds, resting)
        left = await self._taken(wish)
        if left:
            yield left
            return
        try:
            yield timedelta(0)
        finally:
            # Our own next turn there begins after this is written, so it need not wait again.
            await asyncio.shield(self._end(TurnEnd(wish.hosts, name, pause)))

    def rest(self, key: str, left: timedelta) -> None:
        """Tell the others that a host is to be left alone."""
        self._rests[key] = left.total_seconds()
        self._begin()

    async def close(self) -> None:
        """Write what is still to be written."""
        while self._working is not None:
            await self._working

    async def _taken(self, wish: TurnWish) -> timedelta:
        """Wait for the turn; zero where we have it, else how long the host rests."""
        look = _FIRST_LOOK
        while True:
            answer = await self._ask(wish)
            if answer.taken:
                return timedelta(0)
            if answer.rests:
                return timedelta(seconds=answer.wait)
            await self._sleep(min(answer.wait, look) if answer.held else answer.wait)
            look = min(2 * look, _LONGEST_LOOK)

    async def _ask(self, wish: TurnWish) -> TurnAnswer:
        answered: asyncio.Future[TurnAnswer] = asyncio.get_running_loop().create_future()
        self._wishes.append((wish, answered))
        self._begin()
        try:
            return await answered
        except asyncio.CancelledError:
            # It may be given yet, to nobody; end it, in the same order.
            self._end(TurnEnd(wish.hosts, wish.holder, 0.0))
            raise

    def _end(self, end: TurnEnd) -> "asyncio.Future[None]":
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ends.append((end, ended))
        self._begin()
        return ended

    def _begin(self) -> None:
        if self._working is None:
            self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._wishes or self._ends or self._rests:
                wishes, self._wishes = self._wishes[:_AT_ONCE], self._wishes[_AT_ONCE:]
                ends, self._ends = self._ends, []
                rests, self._rests = self._rests, {}
                await self._exchange(wishes, ends, rests)
        finally:
            self._working = None

    async def _exchange(
        self,
        wishes: list[tuple[TurnWish, "asyncio.Future[TurnAnswer]"]],
        ends: list[tuple[TurnEnd, "asyncio.Future[None]"]],
        rests: dict[str, float],
    ) -> None:
        asked = [(wish, answered) for wish, answered in wishes if not answered.cancelled()]
        wanted = [wish for wish, _ in asked]
        over, self._owed = [*self._owed, *(end for end, _ in ends)], []
        error: Exception | None = None
        answers: list[TurnAnswer] = []
        try:
            answers = await asyncio.to_thread(self._store.turns, wanted, over, rests)
        except StoreError as refusal:
            error = refusal
            self._owed = over[-_AT_ONCE:]  # which end by themselves, but later
        except Exception as surprise:  # noqa: BLE001  (it is handed to those who wait)
            error = surprise
        for number, (_, answered) in enumerate(asked):
            if answered.done():
                continue
            if error is not None:
                answered.set_exception(error)
            else:
                answered.set_result(answers[number])
        for _, ended in ends:
            if not ended.done():
                ended.set_result(None)
