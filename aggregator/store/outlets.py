"""Who republishes whom: queries over the newest stories, and what they add up to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from aggregator.model import Crediting, Exchange, Flow, OutletShare, Role
from aggregator.store.reading import chunks
from aggregator.store.tables import BodyRow, CopyRow, CreditRow, EntryRow, StoryRow

# What is said of outlets is said of so many stories, however many there are.
NEWEST = 5000
_LANGUAGES_OF = 2000
# What stood in a feed when we first saw it may be old; it says nothing of who was how fast.
_FIRST_POLL = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One copy of one story, as the tally of outlets wants it."""

    story: int
    origin: Mapping[str, Any] | None  # the story's
    outlet: str
    domain: str
    feed: int
    first_seen: datetime


def exchange(session: Session, newest: int = NEWEST) -> Exchange:
    """Who republishes whom, among the newest stories."""
    seen = _sightings(session, newest)
    # By what is looked at: a feed's very first entry would have to be searched among all of them.
    began: dict[int, datetime] = {}
    for one in seen:
        began[one.feed] = min(one.first_seen, began.get(one.feed, one.first_seen))
    return tally(seen, _credited(session, newest), began)


def tally(
    seen: Sequence[Sighting],
    credited: Iterable[tuple[str, str, str, str, str, int]],
    began: Mapping[int, datetime],
) -> Exchange:
    """What the sightings add up to.

    `credited` has carrier's name and domain, credited name and domain, role, and how often.
    `began` says when each feed was first read, as far as is known.
    """
    names, keys = _known_by(seen)
    stories: dict[str, set[int]] = defaultdict(set)
    original: dict[str, set[int]] = defaultdict(set)
    lent: dict[str, set[int]] = defaultdict(set)
    flows: dict[tuple[str, str], set[int]] = defaultdict(set)
    lags: dict[tuple[str, str], list[float]] = defaultdict(list)
    copies: dict[int, list[tuple[str, Sighting]]] = defaultdict(list)
    for one in seen:
        copies[one.story].append((_key(one.outlet, one.domain, keys), one))
    for story, found in copies.items():
        told = found[0][1].origin
        origin = _key(told["name"], told["domain"], keys) if told else ""
        if told and origin not in names:
            names[origin] = (told["name"], told["domain"])
        if origin:
            original[origin].add(story)
        own = min((s.first_seen for k, s in found if k == origin), default=None)
        fair = all(_after_start(s, began) for k, s in found if k == origin)
        for key, one in found:
            stories[key].add(story)
            if not origin or key == origin:
                continue
            lent[origin].add(story)
            flows[origin, key].add(story)
            if own is not None and fair and _after_start(one, began):
                lags[origin, key].append((one.first_seen - own).total_seconds())
    shares = [
        OutletShare(
            key,
            name,
            domain,
            stories=len(stories[key]),
            original=len(original[key]),
            lent=len(lent[key]),
            own=len(stories[key] & original[key]),
        )
        for key, (name, domain) in names.items()
    ]
    credits_of: Counter[tuple[str, str, str, str]] = Counter()
    for outlet, domain, name, its_domain, role, count in credited:
        credits_of[_key(outlet, domain, keys), name, its_domain, role] += count
    return Exchange(
        outlets=tuple(sorted(shares, key=lambda s: (-s.stories - s.lent, s.key))),
        flows=tuple(
            sorted(
                (_flow(pair, len(found), lags[pair]) for pair, found in flows.items()),
                key=lambda flow: (-flow.stories, flow.origin, flow.carrier),
            )
        ),
        credits=tuple(
            Crediting(carrier, name, domain, Role(role), count)
            for (carrier, name, domain, role), count in credits_of.most_common()
        ),
        stories=len(copies),
    )


def offered(session: Session, entry_ids: Sequence[int]) -> dict[int, str]:
    """What the feeds offer of these entries' texts, as sanitised HTML."""
    found: dict[int, str] = {}
    for part in chunks(entry_ids):
        rows = session.exec(
            select(BodyRow.entry_id, BodyRow.html).where(col(BodyRow.entry_id).in_(part))
        )
        found |= dict(rows.all())
    return found


def languages(session: Session) -> list[str]:
    """The languages of the newest stories, the most frequent first."""
    newest = (
        select(StoryRow.language)
        .where(col(StoryRow.merged_into).is_(None))
        .order_by(col(StoryRow.first_seen).desc(), col(StoryRow.id).desc())
        .limit(_LANGUAGES_OF)
    )
    told = Counter(tag.partition("-")[0].lower() for tag in session.exec(newest) if tag)
    return [tag for tag, _ in told.most_common()]


def _newest(newest: int) -> Any:
    return (
        select(StoryRow.id)
        .where(col(StoryRow.merged_into).is_(None), StoryRow.url != "")
        .order_by(col(StoryRow.first_seen).desc(), col(StoryRow.id).desc())
        .limit(newest)
    ).subquery()


def _sightings(session: Session, newest: int) -> list[Sighting]:
    within = _newest(newest)
    rows = session.exec(
        select(
            StoryRow.id,
            StoryRow.origin,
            EntryRow.outlet,
            EntryRow.domain,
            EntryRow.feed_id,
            EntryRow.first_seen,
        )  # type: ignore[call-overload]
        .join(within, within.c.id == StoryRow.id)
        .join(CopyRow, col(CopyRow.story_id) == StoryRow.id)
        .join(EntryRow, col(EntryRow.id) == CopyRow.entry_id)
    )
    return [Sighting(*row) for row in rows]


def _credited(session: Session, newest: int) -> list[tuple[str, str, str, str, str, int]]:
    within = _newest(newest)
    named = (EntryRow.outlet, EntryRow.domain, CreditRow.name, CreditRow.domain, CreditRow.role)
    rows = session.exec(
        select(*named, func.count(func.distinct(EntryRow.id)))  # type: ignore[call-overload]
        .join(CopyRow, col(CopyRow.entry_id) == EntryRow.id)
        .join(within, within.c.id == CopyRow.story_id)
        .join(CreditRow, col(CreditRow.entry_id) == EntryRow.id)
        .where(CreditRow.name != "", CreditRow.role != Role.UNNAMED.value)
        .group_by(*named)
    )
    return [tuple(row) for row in rows]


def _known_by(seen: Iterable[Sighting]) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """The outlets' names and domains by key, and the key of each name: one outlet, one key."""
    names: dict[str, tuple[str, str]] = {}
    keys: dict[str, str] = {}
    for one in seen:
        if one.domain:
            names.setdefault(one.domain.lower(), (one.outlet, one.domain))
            keys.setdefault(one.outlet.lower(), one.domain.lower())
    for one in seen:
        key = _key(one.outlet, one.domain, keys)
        names.setdefault(key, (one.outlet, one.domain))
    return names, keys


def _key(name: str, domain: str, keys: Mapping[str, str]) -> str:
    return domain.lower() or keys.get(name.lower(), name.lower())


def _after_start(one: Sighting, began: Mapping[int, datetime]) -> bool:
    return one.feed not in began or one.first_seen - began[one.feed] > _FIRST_POLL


def _flow(pair: tuple[str, str], stories: int, lags: Sequence[float]) -> Flow:
    lag = timedelta(seconds=round(median(lags))) if lags else None
    return Flow(*pair, stories=stories, lag=lag, timed=len(lags))
