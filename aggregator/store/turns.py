"""Turns at hosts among processes that share a PostgreSQL database, by its clock.

All of it happens in one transaction at a time (an advisory lock), so what is read is true until it
is changed. A turn is taken for as long as it can last at the most; whoever dies in it, or cannot
reach the database any more, keeps others waiting until then, and nobody longer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from aggregator.store.tables import TurnRow, table

# Beside the writer's: who matches does not hold up who asks.
_LOCK = 0x6167676D
_RESTS = "rests "  # before a host that asked to be left alone
_LONGEST_NAME = 300
_FORGOTTEN = timedelta(hours=1)

_TURN = table(TurnRow)
_TAKE = insert(_TURN)
_TAKE = _TAKE.on_conflict_do_update(
    index_elements=[_TURN.c.host],
    set_={"free_at": _TAKE.excluded.free_at, "holder": _TAKE.excluded.holder},
)
_GIVE_BACK = (
    update(_TURN)
    .where(_TURN.c.host == bindparam("key"), _TURN.c.holder == bindparam("whose"))
    .values(free_at=bindparam("at"), holder="")
)


@dataclass(frozen=True, slots=True)
class TurnWish:
    """A turn at all of these hosts at once, for `seconds` at the most.

    `resting` is what is left alone as one; a rest of it refuses the turn.
    """

    hosts: frozenset[str]
    holder: str  # a name that nobody else has, and no other turn
    seconds: float
    resting: str = ""


@dataclass(frozen=True, slots=True)
class TurnAnswer:
    """Whether the turn was given; else how many seconds are left of what stands in its way."""

    taken: bool
    wait: float = 0.0
    held: bool = False  # by another's turn, which may end earlier than that
    rests: bool = False  # as the host asked to be left alone


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """A turn that is over; its hosts may be asked again in `pause` seconds."""

    hosts: frozenset[str]
    holder: str
    pause: float


def exchange_turns(
    connection: Connection,
    wishes: Sequence[TurnWish],
    ends: Sequence[TurnEnd],
    rests: Mapping[str, float],
) -> list[TurnAnswer]:
    """End turns, note which hosts rest and for how many seconds, and answer wishes, in order."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    over = [
        {"key": _name(host), "whose": end.holder, "at": now + timedelta(seconds=end.pause)}
        for end in ends
        for host in end.hosts
    ]
    if over:
        connection.execute(_GIVE_BACK, over)
    taken = {
        _RESTS + _name(host): (now + timedelta(seconds=seconds), "")
        for host, seconds in rests.items()
    }
    known = _known(connection, wishes) | taken
    answers = []
    for wish in wishes:
        answer = _answer(wish, known, now)
        if answer.taken:
            mine = (now + timedelta(seconds=wish.seconds), wish.holder)
            taken |= dict.fromkeys(map(_name, wish.hosts), mine)
            known |= taken
        answers.append(answer)
    if taken:
        rows = [{"host": host, "free_at": at, "holder": who} for host, (at, who) in taken.items()]
        connection.execute(_TAKE, rows)
    return answers


def forget_turns(connection: Connection) -> int:
    """Forget hosts that were free for an hour; how many."""
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    gone = connection.execute(delete(_TURN).where(_TURN.c.free_at < now - _FORGOTTEN))
    return int(gone.rowcount)


def _known(connection: Connection, wishes: Iterable[TurnWish]) -> dict[str, tuple[datetime, Any]]:
    names = {_name(host) for wish in wishes for host in wish.hosts}
    names |= {_RESTS + _name(wish.resting) for wish in wishes if wish.resting}
    if not names:
        return {}
    rows = connection.execute(select(_TURN).where(_TURN.c.host.in_(sorted(names))))
    return {row.host: (row.free_at, row.holder) for row in rows}


def _answer(wish: TurnWish, known: Mapping[str, tuple[datetime, Any]], now: datetime) -> TurnAnswer:
    rest = known.get(_RESTS + _name(wish.resting)) if wish.resting else None
    if rest is not None and rest[0] > now:
        return TurnAnswer(taken=False, wait=(rest[0] - now).total_seconds(), rests=True)
    there = [found for host in wish.hosts if (found := known.get(_name(host)))]
    ahead = [(free_at, holder) for free_at, holder in there if free_at > now]
    if not ahead:
        return TurnAnswer(taken=True)
    wait = max(free_at for free_at, _ in ahead) - now
    return TurnAnswer(
        taken=False, wait=wait.total_seconds(), held=any(holder for _, holder in ahead)
    )


def _name(host: str) -> str:
    """The host as the table has it; no name of the DNS is as long as it may be there."""
    return host[: _LONGEST_NAME - len(_RESTS)]
