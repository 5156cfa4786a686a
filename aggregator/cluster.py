"""`aggregator cluster`: documents in, the story of each out, decided as the daemon decides."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from aggregator.credit import Directory, load_directory, read_credits, registrable_domain
from aggregator.match import MemoryIndex, decide, fingerprint
from aggregator.model import Document, Outlet
from aggregator.parse import blocks, clean
from aggregator.story import story_text

_WINDOW = timedelta(days=7)


def cluster_lines(lines: Iterable[str], window: timedelta = _WINDOW) -> Iterator[str]:
    """For each line `{"id", "outlet", "url", "title", "html", "published"}` one line of answer.

    The answer is `{"id", "story", "reason"}`, in order, in one pass: `story` is a number, the same
    for copies of one text. `published` (unix seconds) says when a document was seen; one without
    counts as seen with the one before it. A line that cannot be read is answered with
    `"story": null` and an `"error"`. Blank lines are passed over.
    """
    index, last, stories = MemoryIndex(window), datetime.fromtimestamp(0, UTC), 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record: dict[str, Any] = {}
        try:
            record = _record(line)
            document = _document(record, last)
        except _BadLineError as error:
            yield _line(id=record.get("id"), story=None, error=f"Line {number}: {error}")
            continue
        last = document.seen
        index.advance(document.seen)
        hashes = fingerprint(document)
        decision = decide(document, index, hashes)
        story = decision.story
        if story is None:
            stories += 1
            story = stories
        index.add(story, document, hashes)
        yield _line(id=record.get("id"), story=story, reason=decision.reason)


class _BadLineError(ValueError):
    """A line that is no document; the message says why."""


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BadLineError(f"This is not JSON ({error}).") from error
    if not isinstance(record, dict):
        raise _BadLineError(f"A JSON object is wanted, not {type(record).__name__}.")
    return record


def _document(record: dict[str, Any], last: datetime) -> Document:
    url, title, html = (_text(record, key) for key in ("url", "title", "html"))
    carrier = _carrier(_text(record, "outlet"), registrable_domain(url))
    body = clean(blocks(html, base_url=url))
    credits_found = read_credits(
        body,
        marks=(),
        carrier=carrier,
        url=url,
        title=title,
        language="",
        directory=_directory(),
    )
    seen = _moment(record.get("published"), last)
    return Document(carrier.name, title, story_text(body, credits_found), seen)


def _line(**answer: Any) -> str:
    # ASCII, for an id may hold what no encoding can write.
    return json.dumps(answer)


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key) or ""
    if not isinstance(value, str):
        raise _BadLineError(f'"{key}" must be a text, not {type(value).__name__}.')
    return value


def _moment(published: Any, last: datetime) -> datetime:
    if published is None:
        return last
    if isinstance(published, bool) or not isinstance(published, int | float):
        raise _BadLineError(f'"published" must be unix seconds, not {published!r:.40}.')
    try:
        return datetime.fromtimestamp(published, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _BadLineError(f'"published" is no time of this era: {published!r:.40}.') from error


@cache
def _directory() -> Directory:
    return load_directory()


@lru_cache(maxsize=10_000)
def _carrier(name: str, domain: str) -> Outlet:
    """The outlet that carries a document, as a feed of that name and domain would have it."""
    known = _directory().by_domain(domain)
    if known is None:
        return Outlet(name or domain, (domain,) if domain else ())
    return replace(known, name=name or known.name)
