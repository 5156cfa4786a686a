"""`make bench`: runs the benchmarks and writes docs/benchmarks.md."""

import argparse
import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import report
from benchmarks.results import Options, Result

# A benchmark is a module of this package with `run(options: Options) -> Result`; in this order
# they stand in the page.
BENCHMARKS = ("polling", "tick", "match", "growth", "credit", "publish", "workers")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def run(name: str, options: Options) -> Result:
    """Run one benchmark."""
    result: Result = importlib.import_module(f"benchmarks.{name}").run(options)
    return result


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", choices=BENCHMARKS, metavar="NAME", help="repeat for several")
    add("--feeds", type=int, help="feeds to poll; default: 1000")
    add("--runs", type=int, help="rounds; default: 3")
    add("--quick", action="store_true", help="try that everything works; numbers mean nothing")
    add("--corpus", type=Path, help="labelled cases in place of a benchmark's own")
    add("--documents", type=int, help="the most that `growth` fills the index with")
    add("--page", type=Path, help="where to write; default: docs/benchmarks.md, with --quick none")
    given = parser.parse_args(arguments)
    options = Options(given.feeds, given.runs, given.quick, given.corpus, given.documents)
    page = given.page or (None if given.quick else PAGE)
    today = datetime.now(UTC).date()
    for name in given.only or BENCHMARKS:
        print(name, file=sys.stderr)
        result = run(name, options)
        if page is not None:  # at once, so that a later one's failure costs nothing
            report.write(page, {name: result}, BENCHMARKS, today)
        print(report.section(result, today))


if __name__ == "__main__":
    main()
