"""How long an answer stays fresh, as its headers say (RFC 9111, 4.2). Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONGEST = timedelta(days=3650)


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long from now the answer stays fresh; None where its headers do not say.

    `max-age` outranks Expires (RFC 9111, 5.3); what a cache on the way has used up of it (Age) is
    taken off. `no-cache`, `no-store` and `max-age=0` say nothing about when to ask again.
    """
    directives = _directives(headers.get("cache-control", ""))
    if "no-cache" in directives or "no-store" in directives:
        return None
    age = _seconds(headers.get("age", "")) or timedelta(0)
    if "max-age" in directives:
        lifetime = _seconds(directives["max-age"])
    else:
        expires, date = _date(headers.get("expires", "")), _date(headers.get("date", ""))
        lifetime = None if expires is None else expires - (date or now)
    if lifetime is None or lifetime <= timedelta(0):
        return None
    return max(min(lifetime, _LONGEST) - age, timedelta(0)) or None


def _directives(header: str) -> dict[str, str]:
    """Cache-Control's directives; the first of a name stands (RFC 9111, 4.2.1)."""
    found: dict[str, str] = {}
    for part in header.split(","):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(value: str) -> timedelta | None:
    value = value.strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return min(timedelta(seconds=int(value[:10])), _LONGEST)


def _date(value: str) -> datetime | None:
    """An HTTP date; None where it is missing or is none ("0" and "-1" are common)."""
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None
