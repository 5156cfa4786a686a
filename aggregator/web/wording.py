"""Words for times and marks, as pages say them."""

from datetime import datetime, timedelta

from aggregator.model import Role, Where

WHERE = {
    Where.BODY: "in the text",
    Where.DATELINE: "in the dateline",
    Where.BYLINE: "in the byline",
    Where.TITLE: "in the title",
    Where.FEED: "in the feed’s markup",
    Where.PAGE: "in the page’s markup",
}
ROLES = {
    Role.PUBLISHER: "credits",
    Role.AGENCY: "credits the agency",
    Role.REPORTING: "refers to reporting by",
    Role.UNNAMED: "says it is from a source it does not name",
}


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, or in how long, in as few words as people use."""
    seconds = (now - moment).total_seconds()
    length = span(timedelta(seconds=abs(seconds)))
    if abs(seconds) < 60:
        return "just now" if seconds >= 0 else "now"
    return f"{length} ago" if seconds > 0 else f"in {length}"


def span(length: timedelta) -> str:
    """A length of time by its largest unit."""
    seconds = length.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}\u00a0{unit}"
    return f"{int(seconds)}\u00a0s"


def later(length: timedelta) -> str:
    """How long after something, by its two largest units."""
    if length < timedelta():
        return later(-length).replace("later", "earlier")
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return f"{int(length.total_seconds())}\u00a0s later"
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{n}\u00a0{unit}" for n, unit in ((days, "d"), (hours, "h"), (rest, "min")) if n]
    return f"{' '.join(parts[:2])} later"
