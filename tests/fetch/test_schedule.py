"""When a feed is polled next."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aggregator.fetch.schedule import (
    NEVER,
    Bounds,
    after_failure,
    after_success,
    learn,
    postponed,
    usual_gap,
)
from aggregator.model import Rhythm, Wishes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a Sunday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds(interval=30 * MINUTE, min_interval=5 * MINUTE, max_interval=DAY)
spans = st.timedeltas(timedelta(0), timedelta(days=400))
moments = st.datetimes(
    datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001
)  # fmt: skip
wishes = st.builds(
    Wishes,
    max_age=st.none() | spans,
    ttl=st.none() | spans,
    every=st.none() | spans,
    skip_hours=st.lists(st.integers(0, 24), max_size=23, unique=True).map(tuple),
    skip_days=st.lists(st.integers(0, 6), max_size=6, unique=True).map(tuple),
)
rhythms = st.builds(
    Rhythm,
    since=st.none() | moments.filter(lambda at: at <= NOW),
    news_at=st.none() | moments.filter(lambda at: at <= NOW),
    gap=st.none() | spans,
    share=st.floats(0, 1),
    polls=st.integers(0, 10_000),
)


def success(seed=1, **given_):
    return after_success(NOW, BOUNDS, Random(seed), **given_)


# --- what publishers ask for


@given(wishes, rhythms, st.none() | spans, st.booleans(), st.booleans(), st.integers())
def test_no_wish_of_a_publisher_is_ever_broken(wish, rhythm, retry_after, pile, pushed, seed):
    then = after_success(
        NOW,
        BOUNDS,
        Random(seed),
        wishes=wish,
        rhythm=rhythm,
        retry_after=retry_after,
        in_a_pile=pile,
        pushed=pushed,
    )
    assert then.at >= NOW + (retry_after or BOUNDS.min_interval)
    for asked in (wish.max_age, wish.ttl, wish.every):
        assert then.at >= NOW + min(asked or timedelta(0), DAY)
    hours, days = {hour % 24 for hour in wish.skip_hours}, set(wish.skip_days)
    assert then.at.hour not in hours
    assert then.at.weekday() not in days
    assert then.why


@given(rhythms, st.integers())
def test_without_a_wish_the_next_poll_lies_within_the_bounds_and_is_never_early(rhythm, seed):
    then = after_success(NOW, BOUNDS, Random(seed), rhythm=rhythm)
    assert BOUNDS.min_interval <= then.interval <= BOUNDS.max_interval
    assert NOW + then.interval <= then.at <= NOW + then.interval * 1.1


@pytest.mark.parametrize(
    ("given_", "interval", "word"),
    [
        ({"retry_after": 40 * DAY}, 40 * DAY, "Retry-After"),
        ({"wishes": Wishes(max_age=2 * HOUR)}, 2 * HOUR, "Cache-Control"),
        ({"wishes": Wishes(ttl=2 * HOUR)}, 2 * HOUR, "<ttl>"),
        ({"wishes": Wishes(every=2 * HOUR)}, 2 * HOUR, "sy:updatePeriod"),
        ({"wishes": Wishes(2 * HOUR, 2 * HOUR, 2 * HOUR)}, 2 * HOUR, "Cache-Control"),
        ({"wishes": Wishes(HOUR, 3 * HOUR, 2 * HOUR)}, 3 * HOUR, "<ttl>"),
        ({"wishes": Wishes(max_age=365 * DAY)}, DAY, "Cache-Control"),
        ({"wishes": Wishes(MINUTE, MINUTE, MINUTE)}, 30 * MINUTE, "poll.interval"),
        ({"wishes": Wishes(2 * HOUR), "retry_after": 2 * HOUR}, 2 * HOUR, "Retry-After"),
        ({}, 30 * MINUTE, "poll.interval"),
    ],
)
def test_the_longest_wish_decides_and_of_equals_the_one_that_is_most_meant_for_us(
    given_, interval, word
):
    then = success(**given_)
    assert then.interval == interval
    assert word in then.why


def test_a_wish_outranks_the_longest_interval_of_the_configuration():
    short = Bounds(timedelta(seconds=1), timedelta(seconds=1), timedelta(seconds=10))
    then = after_success(NOW, short, Random(1), wishes=Wishes(max_age=HOUR))
    assert then.interval == HOUR


@pytest.mark.parametrize(
    ("wish", "earliest"),
    [
        (Wishes(skip_hours=(12, 13)), NOW.replace(hour=14)),
        (Wishes(skip_hours=tuple(range(12, 25))), datetime(2026, 3, 2, 1, tzinfo=UTC)),
        (Wishes(skip_days=(6,)), datetime(2026, 3, 2, tzinfo=UTC)),
        (Wishes(skip_days=(6, 0), skip_hours=(0, 1, 2)), datetime(2026, 3, 3, 3, tzinfo=UTC)),
    ],
)
def test_skipped_hours_and_days_are_gmt_and_what_follows_them_is_spread(wish, earliest):
    polls = [success(seed, wishes=wish).at for seed in range(50)]
    assert all(earliest <= at < earliest + HOUR for at in polls)
    assert len(set(polls)) == 50
    assert "skip" in success(wishes=wish).why


def test_a_feed_that_skips_every_hour_is_asked_all_the_same():
    assert success(wishes=Wishes(skip_hours=tuple(range(24)))).at <= NOW + HOUR
    assert success(wishes=Wishes(skip_days=tuple(range(7)))).at <= NOW + HOUR


# --- failures


@given(st.integers(1, 10_000), st.none() | spans, st.integers())
def test_retry_after_is_never_undercut(failures, retry_after, seed):
    then = after_failure(NOW, BOUNDS, Random(seed), failures=failures, retry_after=retry_after)
    assert then.at >= NOW + (retry_after or BOUNDS.min_interval)


def test_failures_in_a_row_double_the_interval_up_to_the_longest():
    intervals = [
        after_failure(NOW, BOUNDS, Random(1), failures=n).interval for n in (1, 2, 3, 4, 20, 10**6)
    ]
    assert intervals == [30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, DAY, DAY]


def test_a_feed_that_is_gone_is_never_asked_again():
    then = after_failure(NOW, BOUNDS, Random(1), failures=1, gone=True)
    assert then.at == NEVER


def test_failed_polls_keep_to_the_hours_that_the_feed_skips():
    then = after_failure(NOW, BOUNDS, Random(1), failures=1, wishes=Wishes(skip_hours=(12, 13)))
    assert then.at >= NOW.replace(hour=14)


# --- never in a pile


def spread(polls, within):
    """The most polls that fall into one of the hundred parts of the time."""
    start = min(polls)
    return max(Counter((at - start) // (within / 100) for at in polls).values())


@pytest.mark.parametrize(
    "plan",
    [
        lambda dice: after_failure(NOW, BOUNDS, dice, failures=1, retry_after=2 * HOUR),
        lambda dice: after_failure(NOW, BOUNDS, dice, failures=3),
        lambda dice: after_success(NOW, BOUNDS, dice, in_a_pile=True),
        lambda dice: after_success(NOW, BOUNDS, dice, wishes=Wishes(max_age=2 * HOUR)),
        lambda dice: postponed(NOW, BOUNDS, dice, wait=HOUR),
        lambda dice: after_success(NOW, BOUNDS, dice, wishes=Wishes(skip_hours=(12, 13))),
    ],
    ids=["429", "outage", "restart", "fresh", "host rests", "skipped hours"],
)
def test_a_thousand_feeds_polled_at_one_instant_are_not_polled_at_one_again(plan):
    dice = Random(1)
    polls = [plan(dice).at for _ in range(1000)]
    assert max(polls) - min(polls) > 2 * MINUTE
    assert spread(polls, max(polls) - min(polls)) < 40


# --- rhythm


@given(st.lists(moments, max_size=40), moments)
@example([NOW] * 3, NOW)
def test_any_dates_give_a_sensible_gap_or_none(dates, now):
    gap = usual_gap(dates, now)
    assert gap is None or timedelta(0) < gap <= timedelta(days=366)


def test_one_wrong_date_does_not_change_what_is_usual():
    dates = [NOW - n * HOUR for n in range(10)] + [
        NOW + 100 * DAY,
        datetime(1970, 1, 1, tzinfo=UTC),
    ]
    assert usual_gap(dates, NOW) == HOUR


@given(st.lists(st.booleans(), max_size=60), rhythms)
def test_the_share_of_polls_that_found_something_stays_a_share(findings, rhythm):
    for found in findings:
        rhythm = learn(rhythm, NOW, found=found)
    assert 0 <= rhythm.share <= 1


def test_a_first_poll_teaches_nothing_about_how_often_there_is_news():
    rhythm = learn(Rhythm(), NOW, found=True)
    assert (rhythm.polls, rhythm.share, rhythm.since) == (0, 0, NOW)


@given(rhythms, spans, st.integers(0, 100))
def test_the_longer_the_quiet_the_rarer_the_polls(rhythm, more, seed):
    assume(rhythm.since or rhythm.news_at)
    before = after_success(NOW, BOUNDS, Random(seed), rhythm=rhythm)
    after = after_success(NOW + more, BOUNDS, Random(seed), rhythm=rhythm)
    assert after.interval >= before.interval


def test_dates_alone_make_polls_more_frequent_and_never_rarer():
    assert success(rhythm=Rhythm(since=NOW, gap=20 * MINUTE)).interval == 10 * MINUTE
    assert success(rhythm=Rhythm(since=NOW, gap=30 * DAY)).interval == 30 * MINUTE


# --- days of polls, by a clock of our own


def simulate(news, days, bounds=BOUNDS, wish=Wishes(), seed=1):  # noqa: B008
    """Poll a feed whose entries come at the times `news`: the polls, and each entry's delay."""
    dice, now, rhythm = Random(seed), NOW, Rhythm()
    polls, delays, seen = [], [], set()
    while now < NOW + days * DAY:
        there = [at for at in news if at <= now]
        fresh = [at for at in there if at not in seen]
        seen.update(fresh)
        if polls:
            delays += [now - at for at in fresh if at > NOW]
        rhythm = learn(rhythm, now, found=bool(fresh), dates=there[-30:])
        polls.append(now)
        now = after_success(now, bounds, dice, wishes=wish, rhythm=rhythm).at
    return polls, delays


def every(gap, days, seed=2):
    """Entries at about this gap, from a week ago."""
    dice, at, found = Random(seed), NOW - 7 * DAY, []
    while at < NOW + days * DAY:
        at += gap * dice.uniform(0.5, 1.5)
        found.append(at)
    return found


def test_a_busy_feed_is_asked_often_and_a_quiet_one_rarely():
    busy, delays = simulate(every(15 * MINUTE, 5), 5)
    quiet, _ = simulate(every(30 * DAY, 30), 30)
    assert 5 * 24 * 4 < len(busy) < 5 * 24 * 12
    assert sorted(delays)[len(delays) // 2] < 10 * MINUTE
    assert len(quiet) < 30 * 24 * 2 / 8  # an eighth of what the configured interval makes


def test_a_feed_that_falls_silent_is_asked_ever_more_rarely_and_comes_back_with_its_news():
    news = [at for at in every(HOUR, 2) if at < NOW + 2 * DAY]
    news += [NOW + 30 * DAY + n * HOUR for n in range(72)]
    polls, _ = simulate(news, 33)
    gaps = [later - earlier for earlier, later in pairwise(polls)]
    quiet = [g for at, g in zip(polls, gaps, strict=False) if NOW + 25 * DAY < at < NOW + 29 * DAY]
    again = [g for at, g in zip(polls, gaps, strict=False) if at > NOW + 32 * DAY]
    assert min(quiet) > 23 * HOUR
    assert max(again) < 2 * HOUR + 10 * MINUTE


def test_a_publishers_wish_holds_through_days_of_news():
    wish = Wishes(max_age=2 * HOUR, skip_hours=(0, 1, 2, 3, 4))
    polls, _ = simulate(every(10 * MINUTE, 5), 5, wish=wish)
    assert all(b - a >= 2 * HOUR for a, b in pairwise(polls))
    assert not any(at.hour < 5 for at in polls)


def test_feeds_that_began_together_have_drifted_apart_after_a_day():
    news = every(DAY, 2)
    last = [simulate(news, 2, seed=seed)[0][-1] for seed in range(200)]
    assert spread(last, 30 * MINUTE) < 20


def test_a_rhythm_that_is_not_known_yet_changes_nothing():
    assert success(rhythm=replace(Rhythm(), share=0.9, polls=3)).interval == 30 * MINUTE
