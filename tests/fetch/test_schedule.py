"""When a feed is polled next."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.schedule import Bounds, after_failure, after_success

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds(interval=30 * MINUTE, min_interval=5 * MINUTE, max_interval=DAY)
spans = st.timedeltas(timedelta(0), timedelta(days=400))


@given(st.one_of(st.none(), spans), st.integers())
def test_after_success_the_next_poll_lies_within_the_bounds_and_is_never_early(ttl, seed):
    then = after_success(NOW, BOUNDS, Random(seed), ttl=ttl)
    assert BOUNDS.min_interval <= then.interval <= BOUNDS.max_interval
    assert NOW + then.interval <= then.at <= NOW + then.interval * 1.1


def test_a_feeds_own_ttl_slows_us_down_and_never_speeds_us_up():
    assert after_success(NOW, BOUNDS, Random(1), ttl=2 * HOUR).interval == 2 * HOUR
    assert after_success(NOW, BOUNDS, Random(1), ttl=MINUTE).interval == 30 * MINUTE


@given(st.integers(1, 10_000), st.one_of(st.none(), spans), st.integers())
def test_retry_after_is_never_undercut(failures, retry_after, seed):
    then = after_failure(NOW, BOUNDS, Random(seed), failures=failures, retry_after=retry_after)
    assert then.at >= NOW + (retry_after or BOUNDS.min_interval)


def test_failures_in_a_row_double_the_interval_up_to_the_longest():
    intervals = [
        after_failure(NOW, BOUNDS, Random(1), failures=n).interval for n in (1, 2, 3, 4, 20, 10**6)
    ]
    assert intervals == [30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, DAY, DAY]


def test_a_feed_that_is_gone_is_asked_at_the_longest_interval():
    assert after_failure(NOW, BOUNDS, Random(1), failures=1, gone=True).interval == DAY


def test_feeds_polled_together_drift_apart():
    dice = Random(1)
    assert len({after_success(NOW, BOUNDS, dice).at for _ in range(100)}) > 90
