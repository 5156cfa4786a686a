"""Why copies are one story and why it has this origin, and how feeds fare: for a terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aggregator.model import Copy, Credit, Extent, FeedHealth, Role, Story


def explanation(story: Story) -> RenderableType:
    """The story's origin, chain and copies, each with the marks and the decision behind it."""
    parts: list[RenderableType] = [
        Text(story.title, style="bold"),
        Text(story.url, style="blue"),
        Text(f"id {story.id}", style="dim"),
        Text(),
        Text.assemble(("Origin: ", "bold"), _origin(story)),
    ]
    if story.chain:
        parts.append(Text.assemble(("Chain:  ", "bold"), " → ".join(story.chain)))
    if story.conflict:
        parts.append(Text.assemble(("Conflict: ", "bold red"), story.conflict))
    for number, copy in enumerate(story.copies, 1):
        parts += [Text(), *_copy(number, copy)]
    return Group(*parts)


def health_table(feeds: Sequence[FeedHealth]) -> Table:
    """The feeds, a row each."""
    table = Table("feed", "state", "last poll", "next poll", "entries", "304s", "last error")
    for feed in feeds:
        table.add_row(
            f"{feed.name}\n[dim]{feed.url}[/dim]",
            feed.state,
            _time(feed.last_polled_at),
            _time(feed.next_poll_at),
            str(feed.entries),
            f"{feed.not_modified}/{feed.polls}",
            Text(feed.error or feed.note),
        )
    return table


def _origin(story: Story) -> str:
    if story.origin is None:
        return "unknown"
    agency = f", wire: {story.agency.name}" if story.agency else ""
    origin = story.origin
    return f"{origin.name}{agency} ({origin.confidence:.0%} sure: {origin.reason})"


def _copy(number: int, copy: Copy) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Text.assemble((f"{number}. {copy.outlet}", "bold"), f"  “{copy.title}”"),
        Text(f"   {copy.url}", style="blue"),
        Text(f"   first seen {_time(copy.first_seen)}", style="dim"),
        Text(f"   {_why(copy)}"),
    ]
    lines += [Text(f"   edited: {edit}") for edit in copy.edits]
    lines += [Text(f"   shared: “{passage}”", style="dim") for passage in copy.passages]
    lines += [Text(f"   credits {_credit(credit)}") for credit in copy.credits]
    lines += [
        Text(f"   near miss: story {miss.story} at {miss.score:.2f}: {miss.reason}", style="dim")
        for miss in copy.near_misses
    ]
    return lines


def _why(copy: Copy) -> str:
    if not copy.threshold:
        return copy.reason or "the first copy of its story"
    return f"copy: {copy.reason} (score {copy.similarity:.2f}, needed {copy.threshold:.2f})"


def _credit(credit: Credit) -> str:
    name = credit.name or "an unnamed source" if credit.role is Role.UNNAMED else credit.name
    part = " in part" if credit.extent is Extent.PARTIAL else ""
    return f"{name} ({credit.role.value}{part}, {credit.where.value}): “{credit.quote}”"


def _time(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "never"
