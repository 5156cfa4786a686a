"""The bar of `aggregator poll`."""

import io

from rich.console import Console

from aggregator.model import PollOutcome
from aggregator.progress import PollProgress


def shown(*, terminal: bool) -> tuple[str, dict[str, int | float]]:
    file, now = io.StringIO(), iter(range(0, 1000, 2))
    console = Console(file=file, force_terminal=terminal, width=160, color_system=None)
    with PollProgress(4, console, clock=lambda: next(now)) as progress:
        progress.seen(PollOutcome("a", "fetched", entries_new=7, stories_new=5))
        progress.seen(PollOutcome("b", "failed"))
        progress.seen(PollOutcome("c", "not_modified"))
    return file.getvalue(), progress.totals()


def test_a_terminal_sees_how_far_it_is_how_fast_what_failed_and_how_long_it_takes():
    text, _ = shown(terminal=True)
    for word in ("3/4", "0.5 feeds/s", "7 new", "1 errors", "left:"):
        assert word in text


def test_what_is_no_terminal_sees_nothing():
    assert shown(terminal=False)[0] == ""


def test_the_totals_are_what_the_contract_names():
    assert shown(terminal=False)[1] == {
        "feeds": 4,
        "fetched": 1,
        "not_modified": 1,
        "failed": 1,
        "entries_new": 7,
        "stories_new": 5,
        "seconds": 8,
    }
