"""Polling many feeds, against the PyPI library `reader`: fetch, parse, store.

Each round polls an origin that changes between two passes: the first poll of all feeds, and one
after a tick, when 95 % of them answer 304. Both sides get the same documents in the same order,
take turns in going first, and must find the same number of entries.
"""

import json
import os
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.farm import Origin, origin
from benchmarks.measuring import Cost, measure
from benchmarks.press import Press
from benchmarks.results import Options, Result, Spread, Table

OURS, PEER = "aggregator", "reader"
PASSES = ("first poll", "poll with 95 % 304")
# reader's threads share one interpreter lock: of 1, 2, 4, 8 and 16, all came within the noise.
READER_WORKERS = 4
CONCURRENCY = 64

_MEGABYTE = 1e6


class DisagreementError(Exception):
    """A side did not read what the origin has; its numbers would mean nothing."""


@dataclass(frozen=True)
class Pass:
    """One pass of one side: what it said of itself, what it cost, what it cost the origin."""

    told: dict[str, float]
    cost: Cost
    origin_cpu_seconds: float

    @property
    def rate(self) -> float:
        """Feeds a second, start-up left out."""
        return self.told["feeds"] / self.told["seconds"]

    @property
    def entry_rate(self) -> float:
        """New entries a second."""
        return self.told["entries_new"] / self.told["seconds"]


Passes = dict[tuple[str, str], list[Pass]]  # by side and pass, a Pass for each round


def run(options: Options) -> Result:
    """Measure, and tell."""
    press = Press(feeds=options.feeds or 1000)
    if options.quick:
        press = Press(feeds=options.feeds or 12, entries=6, size=900)
    runs = 1 if options.quick else options.runs or 3
    passes, stories_told = rounds(press, runs)
    return Result(
        title="Polling: feeds a second",
        measured=_measured(press, runs),
        tables=[_ratios(passes), _sides(passes)],
        reading=_reading(passes, stories_told),
        versions=("aggregator", "reader", "feedparser", "httpx", "aiohttp", "uvloop"),
    )


def rounds(press: Press, runs: int, *, share: float = 0.05) -> tuple[Passes, str]:
    """Run `runs` rounds; all passes, and a sentence on the stories that were found.

    Raises `DisagreementError` where a side failed at a feed or missed an entry.
    """
    passes: Passes = {(side, name): [] for side in (OURS, PEER) for name in PASSES}
    told = ""
    with (
        tempfile.TemporaryDirectory(prefix="aggregator-bench-") as folder,
        origin(press, share=share) as server,
    ):
        newest = [press.entries] * press.feeds
        for number in range(runs):
            _say(f"round {number + 1} of {runs}")
            sides = (OURS, PEER) if number % 2 == 0 else (PEER, OURS)
            place = Path(folder) / str(number)
            place.mkdir()
            commands = {OURS: our_command(server, place), PEER: peer_command(server, place)}
            first = set(_entries(press, newest))
            for side in sides:
                one = _pass(server, commands[side], side, len(first))
                passes[side, PASSES[0]].append(one)
            for feed, more in server.tick().items():
                newest[feed] += more
            second = set(_entries(press, newest))
            for side in sides:
                one = _pass(server, commands[side], side, len(second - first))
                passes[side, PASSES[1]].append(one)
            told = _stories(press, passes, first, second)
    return passes, told


def _pass(server: Origin, command: Sequence[str | Path], side: str, expected: int) -> Pass:
    spent = server.cpu_seconds()
    cost = measure(command, env=_environment())
    told = json.loads(cost.stdout)
    _say(f"  {side}: {told['feeds'] / told['seconds']:.1f} feeds/s")
    if told["failed"] or told["feeds"] != server.press.feeds or told["entries_new"] != expected:
        raise DisagreementError(
            f"{side} was to poll {server.press.feeds} feeds and find {expected} new entries; "
            f"it says {cost.stdout.strip()}"
        )
    return Pass(told, cost, server.cpu_seconds() - spent)


def our_command(server: Origin, folder: Path) -> list[str | Path]:
    """`aggregator poll`, with a configuration that asks as fast as it can."""
    config = folder / "config.yaml"
    feeds = "".join(f"  - {{url: '{url}', full_text: never}}\n" for url in server.urls())
    config.write_text(
        f"feeds:\n{feeds}"
        f"poll: {{per_host_delay: 0s, concurrency: {CONCURRENCY}}}\n"
        "http: {allow_networks: [127.0.0.0/8]}\n"
        f"database: sqlite:///{folder / 'aggregator.db'}\n",
        "utf-8",
    )
    program = Path(sysconfig.get_path("scripts")) / "aggregator"
    return [program, "poll", "--all", "--json", "--config", config]


def peer_command(server: Origin, folder: Path) -> list[str | Path]:
    """`reader`, with its database in the folder."""
    urls = folder / "urls"
    urls.write_text("\n".join(server.urls()), "utf-8")
    script = Path(__file__).parent / "peers" / "reader_poll.py"
    return [sys.executable, script, folder / "reader.db", urls, f"--workers={READER_WORKERS}"]


def _environment() -> dict[str, str]:
    """The environment, without what would change the settings, or lead past the origin.

    And as users have it: Python keeps the modules that it compiled.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AGGREGATOR_")
        and not name.lower().endswith("_proxy")
        and name != "PYTHONDONTWRITEBYTECODE"
    }


def _entries(press: Press, newest: Sequence[int]) -> Iterable[tuple[int, int]]:
    """The entries that the documents list, as (feed, number)."""
    return ((feed, n) for feed, count in enumerate(newest) for n in press.listed(count))


# ------------------------------------------------------------------------------- telling it


def _measured(press: Press, runs: int) -> list[str]:
    return [
        f"{press.feeds:,} feeds of {press.entries} entries with {press.size / 1000:g} kB of HTML "
        "each, two thirds RSS, one third Atom, from an origin on the same machine, every feed at "
        f"an address of its own. {press.copies * 100:.0f} % of the entries are edited copies of "
        "other feeds' entries, under other headlines. *First poll*: an empty database. *Poll "
        "with 95 % 304*: the same database, when 5 % of the feeds have one to three new entries "
        "and the others answer 304.",
        f"`aggregator poll --all --json` ({CONCURRENCY} requests at once, no delay between two to "
        "one host, no article pages; SQLite) fetches, parses, sanitises, reads credits, matches "
        "every new entry with all stories so far, and stores. `reader` (`update_feeds`, "
        f"{READER_WORKERS} threads; SQLite) fetches, parses and stores; credits and copies are "
        f"not its business. Rounds: {runs}, each with new databases, the two in turn first. A "
        "round counts only if both read all feeds and found every entry.",
    ]


def _ratios(passes: Passes) -> Table:
    def ratio(name: str, value: Callable[[Pass], float]) -> str:
        pairs = zip(passes[OURS, name], passes[PEER, name], strict=True)
        return Spread.of(value(ours) / value(peer) for ours, peer in pairs).shown("×")

    return Table(
        ("aggregator ÷ reader", "feeds/s", "CPU", "peak memory", "the same, shared pages once"),
        tuple(
            (
                name,
                f"**{ratio(name, lambda it: it.rate)}**",
                ratio(name, lambda it: it.cost.cpu_seconds),
                ratio(name, lambda it: it.cost.peak_bytes),
                ratio(name, lambda it: it.cost.shared_once_bytes),
            )
            for name in PASSES
        ),
    )


def _sides(passes: Passes) -> Table:
    def shown(seen: list[Pass], value: Callable[[Pass], float]) -> str:
        return Spread.of(map(value, seen)).shown()

    columns: dict[str, Callable[[Pass], float]] = {
        "feeds/s": lambda it: it.rate,
        "new entries/s": lambda it: it.entry_rate,
        "pass, s": lambda it: it.told["seconds"],
        "process, s": lambda it: it.cost.seconds,
        "CPU, s": lambda it: it.cost.cpu_seconds,
        "peak memory, MB": lambda it: it.cost.peak_bytes / _MEGABYTE,
        "shared once, MB": lambda it: it.cost.shared_once_bytes / _MEGABYTE,
        "processes": lambda it: it.cost.processes,
        "origin's CPU, s": lambda it: it.origin_cpu_seconds,
    }
    return Table(
        ("", *columns),
        tuple(
            (f"{side}, {name}", *(shown(seen, value) for value in columns.values()))
            for (side, name), seen in sorted(passes.items(), key=lambda item: item[0][1])
        ),
    )


def _stories(
    press: Press, passes: Passes, first: set[tuple[int, int]], second: set[tuple[int, int]]
) -> str:
    """How many stories were found, of how many there are, in the round that was last."""
    found = [round(passes[OURS, name][-1].told["stories_new"]) for name in PASSES]
    before, after = press.stories(first), press.stories(first | second)
    return (
        f"Out of the {len(first):,} entries of a first poll, which tell {before:,} stories, "
        f"aggregator made {found[0]:,}; out of the {len(second - first):,} new ones of the second "
        f"poll, which add {after - before:,}, it made {found[1]:,}."
    )


def _reading(passes: Passes, stories_told: str) -> list[str]:
    share = max(
        one.origin_cpu_seconds / one.told["seconds"] for seen in passes.values() for one in seen
    )
    return [
        "*feeds/s* are over the pass itself, start-up left out; *process* is from the start of "
        "the command to its end, *CPU* is of all its processes. *Peak memory* adds up the "
        "resident sets of all processes of the command at one moment: aggregator parses in worker "
        "processes, and pages that they share count several times; *shared once* counts them "
        f"once. The origin shares the cores with whoever polls it, and took {share * 100:.0f} % of "
        "one core at the most.",
        stories_told,
    ]


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
