"""Dates of feeds, which can lie: aware UTC datetimes, or None for what no entry can have."""

import calendar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import struct_time

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before it there was no web


def from_struct(parsed: object) -> datetime | None:
    """A date of feedparser: nine numbers in UTC."""
    if not isinstance(parsed, struct_time | tuple):
        return None
    try:
        return plausible(datetime.fromtimestamp(calendar.timegm(tuple(parsed)), UTC))
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def from_text(text: str) -> datetime | None:
    """A date of RFC 3339 (JSON Feed, Atom), or of RFC 5322 (RSS)."""
    text = text.strip()[:64]
    if not text:
        return None
    try:
        return plausible(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    try:
        return plausible(parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def plausible(moment: datetime) -> datetime | None:
    """The moment in UTC (which is taken where no zone is said), or None when it is absurd."""
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment if moment >= _EARLIEST else None
