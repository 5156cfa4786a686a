"""Reads the credits of small texts, for the tests."""

from collections.abc import Sequence
from datetime import UTC, datetime

from aggregator.credit import load_directory, read_credits
from aggregator.credit.ranks import Rank
from aggregator.model import (
    Block,
    BlockKind,
    Carried,
    Credit,
    Extent,
    Link,
    Mark,
    Outlet,
    OutletKind,
    Role,
    Where,
)

CARRIER = Outlet("Wexcombe Gazette", ("wexcombegazette.example",), ("The Gazette",))
PAGE = "https://wexcombegazette.example/2026/ferry"
TITLE = "Ferry to run all night"
STORY = (
    "The ferry between Wexcombe and the Holms will run all night from Monday, the harbour board "
    "decided after a meeting of three hours.",
    "Seven captains had asked for it since the bridge was closed. The last boat used to leave at "
    "ten, and whoever missed it slept in the waiting room.",
)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def paragraphs(*texts: str | Block) -> tuple[Block, ...]:
    """Blocks out of texts."""
    return tuple(text if isinstance(text, Block) else Block(text) for text in texts)


def linked(text: str, **links: str) -> Block:
    """A paragraph with a link on each given word: linked("See Here", Here="https://…")."""
    places = tuple(
        Link(text.index(word), text.index(word) + len(word), url) for word, url in links.items()
    )
    return Block(text, links=places)


def read(
    *texts: str | Block,
    marks: Sequence[Mark] = (),
    carrier: Outlet = CARRIER,
    url: str = PAGE,
    title: str = TITLE,
    language: str = "en",
    outlets: Sequence[Outlet] = (),
) -> tuple[Credit, ...]:
    """The credits of a text."""
    directory = load_directory()
    if outlets:
        directory = directory.with_outlets(outlets)
    return read_credits(
        paragraphs(*texts),
        marks=tuple(marks),
        carrier=carrier,
        url=url,
        title=title,
        language=language,
        directory=directory,
    )


def at_end(line: str | Block, **more: object) -> tuple[Credit, ...]:
    """The credits of a story that ends with a line."""
    return read(*STORY, line, **more)  # type: ignore[arg-type]


def at_head(line: str | Block, **more: object) -> tuple[Credit, ...]:
    """The credits of a story that begins with a line."""
    return read(line, *STORY, **more)  # type: ignore[arg-type]


def dated(dateline: str, **more: object) -> tuple[Credit, ...]:
    """The credits of a story whose first paragraph begins with words."""
    return read(dateline + STORY[0], STORY[1], **more)  # type: ignore[arg-type]


def names(found: Sequence[Credit]) -> list[str]:
    """Who is credited, each once, in order."""
    return list(dict.fromkeys(credit.name for credit in found))


def credit(
    name: str,
    domain: str = "",
    *,
    url: str = "",
    rank: Rank = Rank.PROSE,
    role: Role = Role.PUBLISHER,
    extent: Extent = Extent.FULL,
    quote: str = "",
) -> Credit:
    """A credit as `read_credits` would give it."""
    return Credit(
        name=name,
        as_written=name,
        domain=domain,
        url=url,
        role=role,
        extent=extent,
        quote=quote or f"originally appeared on {name}",
        where=Where.BODY,
        confidence=0.9,
        rank=rank,
        block=0,
    )


def carried(
    name: str, domain: str, *found: Credit, url: str = "", key: str = "", minute: int = 0
) -> Carried:
    """A copy of a story."""
    return Carried(
        key=key or name,
        outlet=Outlet(name, (domain,) if domain else ()),
        url=url or f"https://{domain}/ferry",
        credits=found,
        first_seen=NOON.replace(minute=minute),
    )


__all__ = [
    "CARRIER",
    "NOON",
    "PAGE",
    "STORY",
    "TITLE",
    "Block",
    "BlockKind",
    "OutletKind",
    "at_end",
    "at_head",
    "carried",
    "credit",
    "dated",
    "linked",
    "names",
    "paragraphs",
    "read",
]
