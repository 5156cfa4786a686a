"""The commands for who keeps a daemon running: first steps, a look at it, copies of its data."""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aggregator.cli_options import DEFAULT_CONFIG, AsJson, ConfigPath, busy, load, told


def add_to(app: typer.Typer, feeds_app: typer.Typer) -> None:
    """Make these commands part of the command line."""
    for command in (init, status, doctor, backup, restore):
        app.command()(command)
    feeds_app.command("import")(feeds_import)
    feeds_app.command("test")(feeds_test)


def init(
    config: ConfigPath = DEFAULT_CONFIG,
    opml: Annotated[Path | None, typer.Option(help="Subscriptions of a feed reader.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a first configuration."""
    from aggregator import subscribing

    done = subscribing.first_config(config, opml)
    if as_json:
        told(asdict(done))
    else:
        print(done)


def feeds_import(
    file: Annotated[Path, typer.Argument(help="An OPML file.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Add the feeds of an OPML file to the configuration, those that are not there yet."""
    from aggregator import subscribing

    done = subscribing.add_opml(config, file)
    if as_json:
        told(asdict(done))
    else:
        print(done)


def feeds_test(
    url: Annotated[str, typer.Argument(help="A feed's address.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Fetch a feed once and tell what is in it; nothing is stored."""
    from aggregator import trying

    settings = load(config if config.exists() or config != DEFAULT_CONFIG else None)
    found = asyncio.run(trying.try_feed(settings, url))
    if as_json:
        told(asdict(found))
    else:
        Console().print(trying.for_people(found))


def status(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Tell how the daemon is doing."""
    from aggregator import condition

    found = condition.status(load(config))
    if as_json:
        told(found.as_json())
    else:
        Console().print(condition.for_people(found))


def doctor(
    config: ConfigPath = DEFAULT_CONFIG,
    mend: Annotated[
        bool, typer.Option("--mend", help="Back the database up, and mend what can be.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for what is wrong: configuration, database, feeds. Exit code 0: nothing.

    With --mend, what is wrong in the database is put right first, where that can be done without
    guessing; a backup from before it is left in the current folder.
    """
    from aggregator import condition

    if mend:
        with busy("Backing up, and mending …"):
            done, before = condition.mend(load(config), Path.cwd())
        for sentence in done or ["There was nothing to mend in the database."]:
            print(sentence, file=sys.stderr)
        print(f"The database as it was: {before.name}", file=sys.stderr)
    with busy("Looking at configuration, database and feeds …"):
        findings = condition.examine(config)
    if as_json:
        told([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(finding)
        print("Nothing is wrong." if not findings else f"{len(findings)} found.")
    if findings:
        raise typer.Exit(1)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Copy all data into one file, also while the daemon runs."""
    from aggregator.store import backup as copying

    settings = load(config)
    with busy("Copying …"):
        counts = copying.backup(settings.database_url, file)
    if as_json:
        told({"file": str(file), "rows": counts})
    else:
        print(f"{file}: {_counted(counts)}.")


def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make the database what a backup holds; what was in it is backed up beside the file."""
    from aggregator import condition

    settings = load(config)
    with busy("Copying …"):
        counts, before = condition.restore(settings, file)
    if as_json:
        told({"rows": counts, "before": str(before) if before else None})
        return
    if before is not None:
        print(f"What was in the database until now is in {before}.")
    print(f"The database holds {_counted(counts)} now.")


def _counted(counts: dict[str, int]) -> str:
    names = {"feed": "feeds", "entry": "entries", "story": "stories"}
    return ", ".join(f"{counts[key]:,} {name}" for key, name in names.items())
