"""When a feed is polled next. Pure: the clock and the dice come from outside."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often any feed may be polled, as configured."""

    interval: timedelta
    min_interval: timedelta
    max_interval: timedelta


@dataclass(frozen=True, slots=True)
class NextPoll:
    """The moment of the next poll, and the interval that led to it, without jitter."""

    at: datetime
    interval: timedelta


# Feeds that were once polled together drift apart by this share of their interval.
_JITTER = 0.1


def after_success(
    now: datetime, bounds: Bounds, dice: Random, *, ttl: timedelta | None = None
) -> NextPoll:
    """The poll after one that went well.

    `ttl` is the feed's own wish (RSS 2.0 `<ttl>`): it is never asked sooner than that, within
    `bounds`.
    """
    wish = max(bounds.interval, ttl or timedelta(0))
    return _jittered(now, _within(wish, bounds), dice)


def after_failure(
    now: datetime,
    bounds: Bounds,
    dice: Random,
    *,
    failures: int,
    retry_after: timedelta | None = None,
    gone: bool = False,
) -> NextPoll:
    """The poll after `failures` failures in a row (this one included).

    The interval doubles with each; a server's Retry-After (RFC 9110, 10.2.3) is never undercut,
    even beyond the longest interval. A feed that is gone (410) is asked at the longest interval.
    """
    doubled = bounds.interval * 2 ** min(max(failures - 1, 0), 16)
    interval = bounds.max_interval if gone else _within(doubled, bounds)
    if retry_after is not None and retry_after > interval:
        # Jitter only ever adds here: sooner would break the promise.
        late = retry_after * (1 + _JITTER * dice.random())
        return NextPoll(now + late, retry_after)
    return _jittered(now, interval, dice)


def _within(interval: timedelta, bounds: Bounds) -> timedelta:
    return min(max(interval, bounds.min_interval), bounds.max_interval)


def _jittered(now: datetime, interval: timedelta, dice: Random) -> NextPoll:
    return NextPoll(now + interval * (1 + _JITTER * dice.random()), interval)
