"""How daemon and data are doing: `status`, `doctor`, and a restore that keeps a way back."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aggregator.config import Config, check, load
from aggregator.correct import correct_now
from aggregator.correct import mend as mend_rows
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import FeedHealth, QueueState
from aggregator.publish import inert, without_secrets
from aggregator.site import LATE
from aggregator.store import Store
from aggregator.store.backup import backup
from aggregator.store.backup import restore as replace_all

_SHOWN = 10  # feeds with errors


@dataclass(frozen=True, slots=True)
class Status:
    """What a person wants to know, at one moment."""

    at: datetime
    feeds: dict[str, int]  # by state
    late: int  # feeds that were due a while ago
    last_poll_at: datetime | None
    next_poll_at: datetime | None
    stories: int
    entries: int
    merged: int  # stories with several copies
    database_bytes: int
    failing: tuple[FeedHealth, ...]
    queue: QueueState | None = None  # of many machines, where there is one

    def as_json(self) -> dict[str, Any]:
        """The same, for programs."""
        told = {k: value for k, value in asdict(self).items() if k not in {"failing", "queue"}}
        told["queue"] = self.queue and {
            "waiting": self.queue.waiting,
            "running": self.queue.running,
            "oldest_seconds": self.queue.oldest and self.queue.oldest.total_seconds(),
            "workers": self.queue.workers,
        }
        for key in ("at", "last_poll_at", "next_poll_at"):
            told[key] = told[key].isoformat() if told[key] else None
        told["failing"] = [
            {"url": without_secrets(feed.url), "reason": feed.error_reason, "error": feed.error}
            for feed in self.failing
        ]
        return told


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, and what to do about it."""

    where: Literal["configuration", "database", "daemon", "feed"]
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.found} {self.remedy}".strip()


def status(config: Config) -> Status:
    """Look at the database. Raises StoreError."""
    store = Store(config.database_url)
    try:
        now = datetime.now(UTC)
        feeds, counts, gauges = store.feeds(), store.counts(), store.gauges(now - LATE)
        queue = store.queue()
    finally:
        store.close()
    due = [feed.next_poll_at for feed in feeds if feed.next_poll_at and feed.state != "gone"]
    return Status(
        at=now,
        feeds=dict(Counter(feed.state for feed in feeds)),
        late=gauges["late"],
        last_poll_at=max((f.last_polled_at for f in feeds if f.last_polled_at), default=None),
        next_poll_at=min(due, default=None),
        stories=counts["stories"],
        entries=counts["entries"],
        merged=counts["merged"],
        database_bytes=gauges["bytes"],
        failing=tuple(feed for feed in feeds if feed.state in {"failing", "gone"}),
        queue=queue,
    )


def for_people(found: Status) -> RenderableType:
    """The status for a terminal."""
    facts = Table.grid(padding=(0, 2))
    states = ", ".join(f"{count} {state}" for state, count in sorted(found.feeds.items()))
    due = found.next_poll_at is not None and found.next_poll_at <= found.at
    following = "due " if due else "next "
    polls = f"last {_ago(found.last_poll_at, found.at)}, "
    polls += f"{following}{_ago(found.next_poll_at, found.at)}"
    for name, value in (
        ("feeds", states or "none"),
        ("polls", polls + (f"; {found.late} feeds are late" if found.late else "")),
        ("stories", f"{found.stories:,}, {found.merged:,} of them carried more than once"),
        ("entries", f"{found.entries:,}"),
        ("queue", str(found.queue or "")),
        ("database", f"{found.database_bytes / 1e6:,.1f} MB"),
    ):
        if value:
            facts.add_row(Text(name, style="dim"), Text(value))
    lines = [
        Text.assemble((inert(feed.name), "bold"), "  ", (inert(feed.error), "red"))
        for feed in found.failing[:_SHOWN]
    ]
    if len(found.failing) > _SHOWN:
        lines.append(Text(f"and {len(found.failing) - _SHOWN} more: aggregator feeds list"))
    return Group(facts, *lines)


def examine(path: Path) -> list[Finding]:
    """All that is wrong with a configuration, its database and its feeds; empty: nothing is."""
    findings = [Finding("configuration", f"{problem}.") for problem in check(path)]
    try:
        config = load(path)
        found = status(config)
        store = Store(config.database_url)
    except ConfigError:
        return findings
    except AggregatorError as error:
        return [*findings, Finding("database", error.message, error.remedy)]
    try:
        broken = store.broken()
    finally:
        store.close()
    findings += [
        Finding("database", told, "Try `aggregator doctor --mend`; else restore a backup.")
        for told in broken
    ]
    if found.late:
        findings.append(
            Finding(
                "daemon",
                f"{found.late} feeds have been due for more than a quarter of an hour.",
                "Is `aggregator run` running? Its log tells what it does.",
            )
        )
    findings += [Finding("feed", f"{feed.url}: {feed.error}") for feed in found.failing]
    return findings


def restore(config: Config, file: Path) -> tuple[dict[str, int], Path | None]:
    """Make the database what a backup holds; what was in it is backed up beside the file.

    How many rows of what there are now, and where the old ones are (None: there were none).
    Raises StoreError, and then nothing was changed.
    """
    before: Path | None = None
    store = Store(config.database_url)
    try:
        used = any(store.counts().values())
    finally:
        store.close()
    if used:
        before = _kept(config, file, "restore")
    return replace_all(config.database_url, file), before


def mend(config: Config, folder: Path) -> tuple[list[str], Path]:
    """Put right what is wrong with the database; what was done, and a backup from before it.

    Raises StoreError, and then nothing was changed.
    """
    before = _kept(config, folder / "aggregator.db", "mend")
    return correct_now(config, mend_rows), before


def _kept(config: Config, file: Path, what: str) -> Path:
    """A backup, in a file of its own beside another."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    before = file.with_name(f"{file.stem}.before-{what}-{moment}.db")
    backup(config.database_url, before)
    return before


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    seconds = int((now - moment).total_seconds())
    size, unit = next(
        (size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
        if abs(seconds) >= size or size == 1
    )  # fmt: skip
    return f"{seconds // size} {unit} ago" if seconds >= 0 else f"in {-seconds // size} {unit}"
