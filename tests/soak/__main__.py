"""Long runs, by `make soak`: kills, and two hours of polls by a fast clock. Exit code 1: no.

python tests/soak kills [--kills 300] [--seed N]
python tests/soak polls [--feeds 1000] [--hours 2] [--factor 12]
"""

# ruff: noqa: PLC0415, T201  (imports wait for the path; results go to stdout)
import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

# The tests' own helpers.
sys.path[:0] = [str(Path(__file__).parent.parent / name) for name in ("end_to_end", "nights")]

_ROUND = 20  # kills to a day of the newsroom


def kills(count: int, seed: int) -> list[str]:
    """Kill it so many times; what must not be."""
    from killing import Tally, killed_round
    from running import on_the_air

    total, start = Tally(), time.monotonic()
    for number, first in enumerate(range(0, count, _ROUND)):
        with on_the_air(unchanged=True) as room, tempfile.TemporaryDirectory() as folder:
            dice = Random(seed + number)
            some = min(_ROUND, count - first)
            total += killed_round(room, Path(folder), kills=some, dice=dice)
        print(f"{total.kills} kills, {len(total.violations)} violations", file=sys.stderr)
    _show(
        f"{count} kills, seed {seed}, {time.monotonic() - start:.0f} s",
        {
            "kills": total.kills,
            "while it was polling": total.at_work,
            "in a request, or a moment after news": total.filing,
            "requests to the newsroom": total.requests,
            "entries at the ends of days": total.entries,
            "stories at the ends of days": total.stories,
            "violations": len(total.violations),
        },
    )
    return total.violations


def polls(feeds: int, hours: float, factor: float) -> list[str]:
    """Poll so many feeds for so many hours by a clock that runs `factor` times as fast."""
    from steadiness import measured

    result = measured(feeds, hours, factor)
    _show(f"{feeds} feeds, {hours:g} h, a clock {factor:g} times as fast", result.rows())
    return result.violations()


def _show(title: str, rows: dict[str, object]) -> None:
    table = Table(title=title, show_header=False)
    for name, value in rows.items():
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    Console().print(table)


def main() -> int:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    killing = commands.add_parser("kills")
    killing.add_argument("--kills", type=int, default=300)
    killing.add_argument("--seed", type=int, default=1)
    polling = commands.add_parser("polls")
    polling.add_argument("--feeds", type=int, default=1000)
    polling.add_argument("--hours", type=float, default=2)
    polling.add_argument("--factor", type=float, default=12)
    given = parser.parse_args()
    if given.command == "kills":
        violations = kills(given.kills, given.seed)
    else:
        violations = polls(given.feeds, given.hours, given.factor)
    for violation in violations:
        print(f"VIOLATION: {violation}", file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
