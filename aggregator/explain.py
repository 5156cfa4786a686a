"""Why copies are one story and why it has this origin, and how feeds fare: for a terminal.

What others wrote is made inert first: a title can hold what makes a terminal do things.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from aggregator.model import Copy, Credit, Extent, FeedHealth, Role, Ruling, Story
from aggregator.publish import feed_json as health_json
from aggregator.publish import inert, title, uri, without_secrets

__all__ = ["explanation", "health_json", "health_table"]

_STATES = {"new": "dim", "ok": "green", "failing": "red", "gone": "red"}


def explanation(story: Story) -> RenderableType:
    """The story's origin, chain and copies, each with the marks and the decision behind it."""
    parts: list[RenderableType] = [
        Text(title(story), style="bold"),
        Text(uri(story.url), style="blue"),
        Text(f"id {story.id}", style="dim"),
        Text(),
        Text.assemble(("Origin: ", "bold"), _origin(story)),
    ]
    if story.chain:
        parts.append(Text.assemble(("Chain:  ", "bold"), " → ".join(map(inert, story.chain))))
    if story.conflict:
        parts.append(Text.assemble(("Conflict: ", "bold red"), inert(story.conflict)))
    parts += [Text(f"Said:   {_ruling(ruling)}") for ruling in story.rulings]
    for number, copy in enumerate(story.copies, 1):
        parts += [Text(), *_copy(number, copy)]
    return Group(*parts)


def health_table(feeds: Sequence[FeedHealth]) -> Table:
    """The feeds, a row each; what is wrong with one stands below its name."""
    table = Table(
        *("feed", "state", "last poll", "next poll", "every", "a day", "304s", "saved"),
        caption="Times: UTC. a day: entries, as their dates tell. saved: bytes, by 304s.",
    )
    for feed in feeds:
        told = Text.assemble((inert(feed.name), "bold"), "\n", (without_secrets(feed.url), "dim"))
        if feed.error or feed.note:
            told.append(f"\n{inert(feed.error or feed.note)}", style="red" if feed.error else "")
        if feed.why:
            told.append(f"\nnext: {inert(feed.why)}", style="dim")
        known_by = [feed.validators.etag or "", feed.validators.last_modified or ""]
        if any(known_by):
            told.append(f"\nknown by: {inert(', '.join(filter(None, known_by)))}", style="dim")
        table.add_row(
            told,
            Text(feed.state, style=_STATES[feed.state]),
            _minute(feed.last_polled_at),
            _minute(feed.next_poll_at),
            "" if feed.next_poll_at is None else _span(feed.interval),
            "" if feed.entries_a_day is None else f"{feed.entries_a_day:.3g}",
            f"{feed.not_modified}/{feed.polls}",
            decimal(feed.bytes_saved),
        )
    return table


def _origin(story: Story) -> str:
    if story.origin is None:
        return "unknown"
    agency = f", wire: {story.agency.name}" if story.agency else ""
    origin = story.origin
    return inert(f"{origin.name}{agency} ({origin.confidence:.0%} sure: {origin.reason})")


def _ruling(ruling: Ruling) -> str:
    what = {
        "merge": f"a person joined story {ruling.other} to it",
        "split": f"a person took {uri(ruling.url)} out of it, into story {ruling.other}",
        "outgrown": f"{uri(ruling.url)} grew into another text, and is in story {ruling.other}",
    }
    return f"{what[ruling.kind]}, {_time(ruling.at)}"


def _copy(number: int, copy: Copy) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Text.assemble((f"{number}. {inert(copy.outlet)}", "bold"), f"  “{inert(copy.title)}”"),
        Text(f"   {uri(copy.url)}", style="blue"),
        Text(f"   first seen {_time(copy.first_seen)}", style="dim"),
        Text(f"   {_why(copy)}"),
    ]
    lines += [Text(f"   edited: {inert(edit)}") for edit in copy.edits]
    lines += [Text(f"   shared: “{inert(text)}”", style="dim") for text in copy.passages]
    lines += [Text(f"   credits {_credit(credit)}") for credit in copy.credits]
    lines += [
        Text(
            f"   near miss: story {miss.id or '(gone by now)'} at {miss.score:.2f}: "
            f"{inert(miss.reason)}",
            style="dim",
        )
        for miss in copy.near_misses
    ]
    return lines


def _why(copy: Copy) -> str:
    if not copy.threshold:
        return inert(copy.reason) or "the first copy of its story"
    return f"copy: {inert(copy.reason)} (score {copy.similarity:.2f}, needed {copy.threshold:.2f})"


def _credit(credit: Credit) -> str:
    unnamed = "an unnamed source" if credit.role is Role.UNNAMED else credit.as_written
    name = inert(credit.name or unnamed)
    part = " in part" if credit.extent is Extent.PARTIAL else ""
    return f"{name} ({credit.role.value}{part}, {credit.where.value}): “{inert(credit.quote)}”"


def _time(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "never"


def _span(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _minute(moment: datetime | None) -> str:
    return moment.strftime("%m-%d %H:%M") if moment else "never"
