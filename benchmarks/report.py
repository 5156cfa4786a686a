"""docs/benchmarks.md: a section for each benchmark, each with what it was measured on.

A section is replaced when its benchmark was run; the others stay as they were.
"""

import os
import platform
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.results import Result, Table

_HEAD = """\
# Benchmarks

`make bench` measures and writes this page; `python -m benchmarks --only NAME` renews one section.
Each compares with a named peer, in the same run and on the same machine, because ratios travel
and seconds do not. Where a number has two more in brackets, it is the median of several runs, and
they are the least and the most. What is bad stands here, too.
"""
_SECTION = re.compile(r"^<!-- begin (\S+) -->\n(.*?)^<!-- end \1 -->\n", re.MULTILINE | re.DOTALL)


def write(page: Path, results: Mapping[str, Result], order: Sequence[str], today: date) -> None:
    """Put the results, by name, into the page; sections come in this order."""
    text = page.read_text("utf-8") if page.exists() else ""
    sections = dict(_SECTION.findall(text))
    sections |= {name: section(result, today) for name, result in results.items()}
    known = [name for name in order if name in sections]
    body = "".join(
        f"\n<!-- begin {name} -->\n{sections[name]}<!-- end {name} -->\n" for name in known
    )
    page.write_text(_HEAD + body, "utf-8")
    for result in results.values():
        for plot in result.plots:
            page.with_name(f"{plot.name}.svg").write_text(plot.svg, "utf-8")


def section(result: Result, today: date) -> str:
    """One benchmark as Markdown."""
    parts = [f"## {result.title}", *result.measured]
    parts += map(_table, result.tables)
    parts += [f"![{plot.told}]({plot.name}.svg)" for plot in result.plots]
    parts += result.reading
    parts.append(f"Measured on {today.isoformat()}: {environment(result.versions)}.")
    return "\n\n".join(parts) + "\n"


def environment(packages: Sequence[str] = ()) -> str:
    """What a measurement stood on: the machine's kind, and versions."""
    told = [
        f"{os.cpu_count()} cores ({_processor()})",
        f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GB of memory",
        f"{platform.system()} {platform.release().split('-')[0]}",
        f"{platform.python_implementation()} {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{package} {version(package)}" for package in packages),
    ]
    return ", ".join(told)


def _table(table: Table) -> str:
    rows = [table.columns, tuple("---" for _ in table.columns), *table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _processor() -> str:
    found = re.search(
        r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE
    )
    return found[1] if found else platform.machine()
