"""How long an answer is fresh, by its headers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch import fresh_for

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AT_ONE, AT_NOON = "Sun, 01 Mar 2026 13:00:00 GMT", "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ({"cache-control": "max-age=3600"}, HOUR),
        ({"cache-control": 'public, MAX-AGE = "3600", must-revalidate'}, HOUR),
        ({"cache-control": "max-age=3600", "age": "3000"}, 10 * MINUTE),
        ({"cache-control": "max-age=3600", "age": "9999"}, None),
        ({"cache-control": "max-age=3600, max-age=1"}, HOUR),
        ({"cache-control": "max-age=3600", "expires": "0"}, HOUR),
        ({"cache-control": "max-age=0", "expires": AT_ONE}, None),
        ({"cache-control": "no-cache, max-age=3600"}, None),
        ({"cache-control": "no-store", "expires": AT_ONE}, None),
        ({"cache-control": "s-maxage=3600"}, None),
        ({"cache-control": "public", "expires": AT_ONE}, HOUR),
        ({"expires": AT_ONE}, HOUR),
        # Its own Date tells what its Expires means, whatever its clock says.
        ({"expires": "Sun, 01 Mar 2020 13:00:00 GMT", "date": "Sun, 01 Mar 2020 12:30:00 GMT"},
         30 * MINUTE),
        ({"expires": AT_NOON}, None),
        ({"expires": "-1"}, None),
        ({"cache-control": "max-age=-5"}, None),
        ({"cache-control": "max-age=soon"}, None),
        ({"cache-control": "max-age"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_max_age_outranks_expires_and_what_a_cache_used_up_is_taken_off(headers, fresh):
    assert fresh_for(headers, NOW) == fresh


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "age", "date"]), st.text()))
def test_any_headers_make_a_sensible_time_or_none(headers):
    fresh = fresh_for(headers, NOW)
    assert fresh is None or timedelta(0) < fresh <= timedelta(days=3650)
