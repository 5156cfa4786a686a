"""How far a pass over the feeds is: a bar on a terminal, and the totals at its end."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from aggregator.model import PollOutcome

_TOTALS = ("feeds", "fetched", "not_modified", "failed", "entries_new", "stories_new")


class PollProgress:
    """Counts how polls end, and shows it on the console if that is a terminal.

    A context manager; `seen` is told of each poll as it ends. `clock` gives seconds.
    """

    def __init__(
        self,
        feeds: int,
        console: Console | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._console = console or Console(file=sys.stderr)
        self._clock = clock
        self._start = clock()
        self._count: Counter[str] = Counter(feeds=feeds)
        self._done = 0
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("polling"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.1f} feeds/s"),
            TextColumn("{task.fields[news]} new"),
            TextColumn("{task.fields[errors]} errors", style="red"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("polling", total=feeds, rate=0.0, news=0, errors=0)

    def seen(self, outcome: PollOutcome) -> None:
        """Count one poll."""
        self._done += 1
        self._count[outcome.result] += 1
        self._count["entries_new"] += outcome.entries_new
        self._count["stories_new"] += outcome.stories_new
        self._bar.update(
            self._task,
            advance=1,
            rate=self._done / max(self._clock() - self._start, 1e-9),
            news=self._count["entries_new"],
            errors=self._count["failed"],
        )

    def totals(self) -> dict[str, int | float]:
        """What the pass came to; `seconds` is how long it has taken so far."""
        seconds = round(self._clock() - self._start, 3)
        return {name: self._count[name] for name in _TOTALS} | {"seconds": seconds}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
