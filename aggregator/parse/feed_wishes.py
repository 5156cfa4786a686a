"""What a feed document says about being asked: how often, when not, and who brings its news.

Read from the document's own text, whichever parser reads its entries: the parsers keep the last of
several `<hour>` elements only, or none.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

from aggregator.parse.feed_xml import PERIODS

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIRST_ENTRY = re.compile(r"<(?:[\w.-]{1,30}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_LAST_ENTRY = re.compile(r"</(?:[\w.-]{1,30}:)?(?:item|entry)\s*>", re.IGNORECASE)
_PERIOD = re.compile(r"<[\w.-]{1,30}:updatePeriod\b[^>]{0,200}>\s*(\w{1,10})\s*<", re.IGNORECASE)
_OFTEN = re.compile(r"<[\w.-]{1,30}:updateFrequency\b[^>]{0,200}>\s*(\d{1,4})\s*<", re.IGNORECASE)
_HOURS = re.compile(r"<skipHours\b(.{0,4000}?)</skipHours", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(r"<hour\b[^>]{0,200}>\s*(\d{1,2})\s*<", re.IGNORECASE)
_WEEKDAYS = re.compile(r"<skipDays\b(.{0,2000}?)</skipDays", re.IGNORECASE | re.DOTALL)
_WEEKDAY = re.compile(r"<day\b[^>]{0,200}>\s*(\w{1,10})\s*<", re.IGNORECASE)
_LINK = re.compile(r"<(?:[\w.-]{1,30}:)?link\b([^>]{1,2000})>", re.IGNORECASE)
_REL = re.compile(r"""\brel\s*=\s*["']([^"']{1,60})["']""", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*["']([^"']{1,2000})["']""", re.IGNORECASE)
_AROUND = 20_000  # characters before the first entry and after the last


@dataclass(frozen=True, slots=True)
class FeedWishes:
    """What the head of a document says. `hub` and `self_url` are as written; "" without one."""

    update_every: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub: str = ""
    self_url: str = ""


def wishes_in(text: str) -> FeedWishes:
    """What the text of a feed document, XML or JSON, says about being asked.

    Sources: RSS 2.0 (skipHours and skipDays, which are GMT), the syndication module of RSS 1.0
    (updatePeriod), WebSub section 4 (links with the relations `hub` and `self`), JSON Feed 1.1.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] == "{":
        return _in_json(text)
    head = _around_entries(text)
    links = _links(head)
    return FeedWishes(
        update_every=_period(head),
        skip_hours=_hours(head),
        skip_days=_days(head),
        hub=links.get("hub", ""),
        self_url=links.get("self", ""),
    )


def _around_entries(text: str) -> str:
    first = _FIRST_ENTRY.search(text)
    if first is None:
        return text[:_AROUND]
    tail = text[max(first.end(), len(text) - _AROUND) :]
    ends = [match.end() for match in _LAST_ENTRY.finditer(tail)]
    return text[: min(first.start(), _AROUND)] + (tail[ends[-1] :] if ends else "")


def _period(head: str) -> timedelta | None:
    named = _PERIOD.search(head)
    period = PERIODS.get(named[1].lower()) if named else None
    often = _OFTEN.search(head)
    return period and period / max(int(often[1]) if often else 1, 1)


def _hours(head: str) -> tuple[int, ...]:
    block = _HOURS.search(head)
    numbers = [int(hour) for hour in _HOUR.findall(block[1])] if block else []
    # RSS 0.91 counts from 1 to 24, RSS 2.0 from 0 to 23.
    return tuple(sorted({number % 24 for number in numbers if number <= 24}))


def _days(head: str) -> tuple[int, ...]:
    block = _WEEKDAYS.search(head)
    names = [name.lower() for name in _WEEKDAY.findall(block[1])] if block else []
    return tuple(sorted({_DAYS.index(name) for name in names if name in _DAYS}))


def _links(head: str) -> dict[str, str]:
    """The first address of each relation."""
    found: dict[str, str] = {}
    for attributes in _LINK.findall(head):
        rel, href = _REL.search(attributes), _HREF.search(attributes)
        if rel and href:
            for relation in rel[1].lower().split():
                found.setdefault(relation, unescape(href[1]).strip())
    return found


def _in_json(text: str) -> FeedWishes:
    if '"hubs"' not in text:
        return FeedWishes()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return FeedWishes()
    hubs = document.get("hubs") if isinstance(document, Mapping) else None
    own = document.get("feed_url") if isinstance(document, Mapping) else None
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, Mapping) and str(hub.get("type")).lower() == "websub":
            url = hub.get("url")
            if isinstance(url, str):
                return FeedWishes(hub=url, self_url=own if isinstance(own, str) else "")
    return FeedWishes()
