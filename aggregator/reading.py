"""What is done to other people's bytes, in worker processes: parse a feed, read its entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Literal

from aggregator.credit import Directory, carrier_of, load_directory, marks_of, read_credits
from aggregator.match import fingerprint
from aggregator.model import Block, Document, Outlet, Page, ParsedFeed, Reading
from aggregator.parse import Identified, parse_feed, tidy, told_apart
from aggregator.story import story_text


@dataclass(frozen=True, slots=True)
class Task:
    """One entry that is new or changed, with its article page when one was fetched."""

    found: Identified
    wants_page: bool = False
    page: Page | None = None
    page_state: Literal["none", "read", "failed"] = "none"
    page_tries: int = 0


_learned: tuple[tuple[Outlet, ...], tuple[Outlet, ...]] = ((), ())


def know_outlets(outlets: tuple[Outlet, ...], corrections: tuple[Outlet, ...] = ()) -> None:
    """Tell this process of the outlets of the user's own feeds, and of those that the user told.

    Called when a worker starts.
    """
    global _learned  # noqa: PLW0603  (a worker's memory is the only place it can stand)
    _learned = (outlets, corrections)
    _directory.cache_clear()


def parse(body: bytes, url: str, content_type: str) -> tuple[ParsedFeed, list[Identified]]:
    """A feed document: what it says of itself, and its entries, each once."""
    feed = parse_feed(body, url=url, content_type=content_type)
    return replace(feed, entries=()), told_apart(feed.entries)


def read(outlet: Outlet, language: str, tasks: Sequence[Task], now: datetime) -> list[Reading]:
    """Read each entry: its clean text, whom it credits, and the shingles it is matched by."""
    return [_read_one(outlet, language, task, now) for task in tasks]


def _read_one(outlet: Outlet, language: str, task: Task, now: datetime) -> Reading:
    entry, page, directory = task.found.entry, task.page, _directory()
    carrier = carrier_of(outlet, entry, directory)
    body, shown = tidy(entry.html, base_url=entry.url)
    # The page has the fuller text, unless less was found in it than the feed offers.
    from_page = page is not None and _length(page.blocks) >= _length(body)
    if page is not None and from_page:
        body = page.blocks
    language = entry.language or (page.language if page else "") or language
    credits_found = read_credits(
        body,
        marks=marks_of(entry, directory) + (page.marks if page else ()),
        carrier=carrier,
        url=page.url if page else entry.url,
        title=entry.title,
        language=language,
        directory=directory,
    )
    offered = "content_html" if entry.content_html else "summary_html"
    title = _own_title(entry.title, carrier) if carrier.name != outlet.name else entry.title
    document = Document(carrier.name, title, story_text(body, credits_found), now)
    return Reading(
        entry=replace(entry, title=title, language=language, **{offered: shown}),  # type: ignore[arg-type]
        keys=task.found.keys,
        digest=task.found.digest,
        known_id=task.found.known_id,
        carrier=carrier,
        document=document,
        hashes=tuple(fingerprint(document)),
        credits=credits_found,
        page_html=page.html if page and from_page else "",
        page_state=task.page_state,
        page_tries=task.page_tries,
    )


def _own_title(title: str, carrier: Outlet) -> str:
    """The title without the " - Outlet" that a transport adds to it."""
    own, dash, name = title.rpartition(" - ")
    names = {carrier.name, *carrier.aliases}
    return own if dash and own and name.casefold() in map(str.casefold, names) else title


def known_outlets(outlets: Iterable[Outlet], corrections: Iterable[Outlet]) -> Directory:
    """The directory that comes with the program, what the user's feeds teach, and corrections."""
    return load_directory().with_outlets(outlets).with_outlets(corrections, corrects=True)


@cache
def _directory() -> Directory:
    return known_outlets(*_learned)


def _length(body: Iterable[Block]) -> int:
    return sum(len(block.text) for block in body)
