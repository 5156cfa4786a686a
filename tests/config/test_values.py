from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import format_duration, parse_duration
from aggregator.config.values import same_url


@given(st.timedeltas(timedelta(), timedelta(days=36_000)))
def test_a_duration_that_is_written_reads_back_as_the_same(duration):
    whole = duration - duration % timedelta(milliseconds=1)
    assert parse_duration(format_duration(whole)) == whole


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        (" 250 MS ", timedelta(milliseconds=250)),
        ("0s", timedelta()),
    ],
)
def test_durations_read_as_people_write_them(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "30", "m", "5 minutes", "-5m", "5m!", "٣m", "1e3s", "9" * 400 + "d"]
)
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="a duration is"):
        parse_duration(text)


@given(st.text(alphabet="0123456789. wdhmsMS-+", max_size=30))
def test_any_text_is_a_duration_or_refused(text):
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert timedelta() <= duration <= timedelta(days=36_500)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org", "https://EXAMPLE.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org/a#top", "https://example.org/a"),
    ],
)
def test_two_spellings_of_one_url_are_the_same(one, other):
    assert same_url(one) == same_url(other) is not None


@pytest.mark.parametrize(
    "other", ["https://example.org/A", "https://example.org/a?b", "http://example.org/a"]
)
def test_urls_that_may_be_different_documents_are_not_the_same(other):
    assert same_url("https://example.org/a") != same_url(other)


@pytest.mark.parametrize(
    "text", ["ftp://example.org/", "example.org", "https://", "https://a b/", ""]
)
def test_what_is_no_web_address_is_the_same_as_nothing(text):
    assert same_url(text) is None
