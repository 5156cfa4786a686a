"""`aggregator feeds test`: one feed, fetched and read once, for a look before subscribing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aggregator.config import Config
from aggregator.fetch import Fetcher
from aggregator.model import Feed, FeedSpec, Reading
from aggregator.outlets import outlet_of, told_outlets
from aggregator.parse import is_teaser, told_apart
from aggregator.parse import parse_feed as parse
from aggregator.publish import inert
from aggregator.reading import Task, know_outlets, known_outlets, read

_SHOWN = 5  # entries


@dataclass(frozen=True, slots=True)
class TriedEntry:
    """One entry, as far as a subscriber would want to know."""

    title: str
    url: str
    published: datetime | None
    teaser: bool  # whether the article's page would be fetched
    credits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TriedFeed:
    """What a feed is like."""

    url: str
    final_url: str
    status: int
    content_type: str
    format: str
    title: str
    outlet: str
    language: str
    bytes: int
    seconds: float
    validators: bool  # whether an unchanged feed can be told without sending it
    problems: tuple[str, ...]
    entries: tuple[TriedEntry, ...]


async def try_feed(config: Config, url: str) -> TriedFeed:
    """Fetch and read a feed. Raises FetchError and ParseError."""
    async with Fetcher(
        user_agent=config.http.user_agent,
        timeout=config.http.timeout,
        max_bytes=config.http.max_bytes,
        allow_networks=config.http.allow_networks,
        concurrency=1,
        per_host_delay=config.poll.per_host_delay,
    ) as fetcher:
        response = await fetcher.get(url)
    parsed = parse(response.body, url=response.final_url, content_type=response.content_type)
    told = told_outlets(config)
    know_outlets(*told)
    feed = Feed(0, FeedSpec(url), response.final_url)
    outlet = outlet_of(feed, parsed, known_outlets(*told))
    tasks = [Task(found) for found in told_apart(parsed.entries)]
    readings = read(outlet, parsed.language, tasks, datetime.now(UTC))
    return TriedFeed(
        url=url,
        final_url=response.final_url,
        status=response.status,
        content_type=response.content_type,
        format=parsed.format,
        title=parsed.title,
        outlet=outlet.name,
        language=parsed.language,
        bytes=len(response.body),
        seconds=round(response.seconds, 3),
        validators=bool(response.validators.etag or response.validators.last_modified),
        problems=parsed.problems,
        entries=tuple(map(_tried, readings)),
    )


def for_people(found: TriedFeed) -> RenderableType:
    """The feed for a terminal."""
    teasers = sum(entry.teaser for entry in found.entries)
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("address", found.final_url),
        ("title", found.title),
        ("outlet", found.outlet),
        ("format", f"{found.format}, {found.language or 'no language told'}"),
        ("size", f"{found.bytes:,} bytes in {found.seconds:.1f} s"),
        ("unchanged", "told by its server" if found.validators else "must be read to be known"),
        ("entries", f"{len(found.entries)}, {teasers} of them teasers"),
        *(("odd", problem) for problem in found.problems),
    ):
        facts.add_row(Text(name, style="dim"), Text(inert(value)))
    return Group(facts, Text(), *_lines(found.entries[:_SHOWN]))


def _lines(entries: Sequence[TriedEntry]) -> list[Text]:
    lines = []
    for entry in entries:
        day = f"{entry.published:%Y-%m-%d %H:%M}" if entry.published else "no date"
        line = Text.assemble((day, "dim"), "  ", inert(entry.title) or "(no title)")
        if entry.credits:
            line.append(f"  credits {inert(', '.join(entry.credits))}", style="green")
        lines.append(line)
    return lines


def _tried(reading: Reading) -> TriedEntry:
    entry = reading.entry
    names = dict.fromkeys(credit.name for credit in reading.credits if credit.name)
    return TriedEntry(entry.title, entry.url, entry.published, is_teaser(entry), tuple(names))
