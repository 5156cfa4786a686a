"""When a feed is polled next. Pure: the clock and the dice come from outside.

What a publisher says comes first, in the order of how much it is meant for us: Retry-After, the
freshness of the answer, `<ttl>`, `sy:updatePeriod`, `skipHours` and `skipDays`; then the bounds of
the configuration; and within all of these, what the feed's own rhythm teaches. The longest of the
publisher's wishes is kept, so that none is broken.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from statistics import median

from aggregator.model import Rhythm, Wishes


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often any feed may be polled, as configured."""

    interval: timedelta
    min_interval: timedelta
    max_interval: timedelta


@dataclass(frozen=True, slots=True)
class NextPoll:
    """The moment of the next poll, the interval that led to it, without jitter, and why."""

    at: datetime
    interval: timedelta
    why: str = ""


NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # the next poll of a feed that was retired

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# A server that calls its feed fresh for a year means its images. A day is what readers can bear.
_LONGEST_WISH = _DAY
# Feeds that were once polled together drift apart by this share of their interval.
_JITTER = 0.1
# What was polled in one pile (a first poll, a restart, an outage) is spread wider, once.
_SPREAD = 0.5
# A feed that was quiet for so long is asked again after a part of that.
_PART_OF_QUIET = 20
# How much the last poll counts in the share of polls that found something.
_LATEST = 0.1
_POLLS_THAT_TELL = 10
_SHARE = 0.3  # of polls that should find something
_QUICKEST, _SLOWEST = 0.5, 4.0  # how far the share may move an interval
_LONGEST_GAP = timedelta(days=366)
_PUSHED = 8  # times the interval, while a hub brings the news


def after_success(
    now: datetime,
    bounds: Bounds,
    dice: Random,
    *,
    wishes: Wishes = Wishes(),  # noqa: B008  (frozen)
    rhythm: Rhythm = Rhythm(),  # noqa: B008
    retry_after: timedelta | None = None,
    in_a_pile: bool = False,
    pushed: bool = False,
) -> NextPoll:
    """The poll after one that went well.

    `in_a_pile`: it was polled together with many others, so it is spread wider. `pushed`: a
    WebSub hub brings its news, and polls only make sure that it does.
    """
    interval, why = _learned(now, bounds, rhythm)
    if pushed:
        interval = max(interval, min(bounds.interval * _PUSHED, bounds.max_interval))
        why = "its hub brings the news; polls only make sure"
    most = max(bounds.max_interval, _LONGEST_WISH)
    asked = (
        (retry_after, "the server asks for it (Retry-After)", None),
        (wishes.max_age, "the last answer is fresh until then (Cache-Control, Expires)", most),
        (wishes.ttl, "the feed asks for it (<ttl>)", most),
        (wishes.every, "the feed says how often it changes (sy:updatePeriod)", most),
    )
    for wish, reason, longest in asked:
        if wish is not None:
            wish = wish if longest is None else min(wish, longest)  # noqa: PLW2901
            if wish > interval:
                interval, why = wish, reason
    spread = _SPREAD if in_a_pile else _JITTER
    at = now + interval * (1 + spread * dice.random())
    return _skipping(NextPoll(at, interval, why), wishes, dice)


def after_failure(
    now: datetime,
    bounds: Bounds,
    dice: Random,
    *,
    failures: int,
    retry_after: timedelta | None = None,
    gone: bool = False,
    wishes: Wishes = Wishes(),  # noqa: B008
) -> NextPoll:
    """The poll after `failures` failures in a row (this one included).

    The interval doubles with each; a server's Retry-After (RFC 9110, 10.2.3) is never undercut,
    even beyond the longest interval. A feed that is gone (410) is not asked again.
    """
    if gone:
        return NextPoll(NEVER, bounds.max_interval, "it was taken down for good")
    interval = within(bounds.interval * 2 ** min(max(failures - 1, 0), 16), bounds)
    why = "it failed" if failures <= 1 else f"it failed {failures} times in a row"
    if retry_after is not None and retry_after > interval:
        interval, why = retry_after, "the server asks for it (Retry-After)"
    # Hosts go down with all their feeds, and networks with all hosts: spread them.
    at = now + interval + min(interval, max(bounds.max_interval, _DAY)) * (_SPREAD * dice.random())
    return _skipping(NextPoll(at, interval, why), wishes, dice)


def postponed(now: datetime, bounds: Bounds, dice: Random, *, wait: timedelta) -> NextPoll:
    """The poll of a feed whose host is to be left alone for `wait`: nothing was asked."""
    room = max(bounds.min_interval, wait)
    why = "its host asked to be left alone, or does not answer"
    return NextPoll(now + wait + room * (_SPREAD * dice.random()), wait, why)


def within(interval: timedelta, bounds: Bounds) -> timedelta:
    """The interval, moved into the configured bounds."""
    return min(max(interval, bounds.min_interval), bounds.max_interval)


# ---------------------------------------------------------------------------------- the rhythm


def learn(rhythm: Rhythm, now: datetime, *, found: bool, dates: Iterable[datetime] = ()) -> Rhythm:
    """What one more good poll teaches. `dates` are those of the entries, where it had any."""
    first = rhythm.since is None
    gap = usual_gap(dates, now) or rhythm.gap
    if first:  # all is new in a first poll, which tells nothing
        return Rhythm(since=now, news_at=now if found else None, gap=gap)
    weight = max(_LATEST, 1 / (rhythm.polls + 1))
    share = rhythm.share + weight * (found - rhythm.share)
    news_at = now if found else rhythm.news_at
    return replace(rhythm, news_at=news_at, gap=gap, share=share, polls=rhythm.polls + 1)


def usual_gap(dates: Iterable[datetime], now: datetime) -> timedelta | None:
    """The usual time between two entries, from the last twenty dates; None where they tell none.

    The median, as entries come in bursts and some dates are wrong. Dates to come are left out.
    """
    past = sorted({date for date in dates if date <= now}, reverse=True)[:21]
    if len(past) < 3:
        return None
    gap = median((later - earlier).total_seconds() for later, earlier in pairwise(past))
    return min(timedelta(seconds=gap), _LONGEST_GAP)


def _learned(now: datetime, bounds: Bounds, rhythm: Rhythm) -> tuple[timedelta, str]:
    """The interval that the feed's rhythm asks for, within the bounds, and the reason.

    Dates can only make it shorter, as they may be anything; longer it grows by what we saw
    ourselves: polls that found nothing, and a long quiet.
    """
    interval, why = bounds.interval, "as configured (poll.interval)"
    if rhythm.gap is not None and rhythm.gap / 2 < interval:
        interval, why = rhythm.gap / 2, f"an entry comes every {told(rhythm.gap)}"
    if rhythm.polls >= _POLLS_THAT_TELL:
        factor = min(max(_SHARE / max(rhythm.share, 0.01), _QUICKEST), _SLOWEST)
        if factor > 1 or (interval == bounds.interval and factor < 1):
            interval *= factor
            why = f"{rhythm.share:.0%} of the polls find something"
    moments = [moment for moment in (rhythm.since, rhythm.news_at) if moment is not None]
    quiet = now - max(moments) if moments else timedelta(0)
    if quiet / _PART_OF_QUIET > interval:
        interval, why = quiet / _PART_OF_QUIET, f"nothing new for {told(quiet)}"
    bounded = within(interval, bounds)
    if bounded > interval:
        why = "no feed is asked more often (poll.min_interval)"
    elif bounded < interval:
        why = "no feed is asked more rarely (poll.max_interval)"
    return bounded, why


def told(duration: timedelta) -> str:
    """A duration for people: "40 s", "5 min", "3 h", "2 days"."""
    seconds = duration.total_seconds()
    for size, unit in ((172_800, "days"), (5400, "h"), (90, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86400, 'h': 3600, 'min': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} s"


# ------------------------------------------------------------------------- skipped hours and days


def _skipping(then: NextPoll, wishes: Wishes, dice: Random) -> NextPoll:
    """The same poll, moved past the hours and days that the feed skips (RSS 2.0; GMT)."""
    hours = {hour % 24 for hour in wishes.skip_hours}
    days = {day % 7 for day in wishes.skip_days}
    if len(hours) == 24 or len(days) == 7 or then.at >= NEVER:
        return then  # who skips all of them wants none of it
    at, moved = then.at, False
    for _ in range(8 * 24):
        if at.hour not in hours and at.weekday() not in days:
            break
        at, moved = at.replace(minute=0, second=0, microsecond=0) + _HOUR, True
    if not moved:
        return then
    # Not all feeds at the full hour.
    at += min(then.interval, _HOUR - timedelta(minutes=1)) * dice.random()
    return NextPoll(at, then.interval, "the feed skips the hours before (skipHours, skipDays)")
