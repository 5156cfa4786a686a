"""The commands. Each is a few lines that call one function."""

import asyncio
import json
import platform
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from aggregator import __version__, cli_examples, cli_keeping, logs
from aggregator.cli_options import DEFAULT_CONFIG, AsJson, ConfigPath, load, told
from aggregator.errors import AggregatorError, ConfigError

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.correct import Corrected

T = TypeVar("T")

app = typer.Typer(
    name="aggregator",
    help="One merged feed: each story once, linked to its original, with honest credit.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
feeds_app = typer.Typer(help="Feeds: their health, and new ones.", no_args_is_help=True)
app.add_typer(feeds_app, name="feeds")
cli_keeping.add_to(app, feeds_app)


class Format(StrEnum):
    """What `export` can write."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"
    OPML = "opml"


@app.command()
def run(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Run the daemon: it polls, and serves."""
    from aggregator import service

    logs.set_up()
    _loop(service.run(load(config)))


@app.command()
def serve(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Serve only, and leave polling to another."""
    from aggregator import service

    logs.set_up()
    _loop(service.run(load(config), poll=False))


@app.command()
def worker(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Poll together with other machines, on a PostgreSQL database that they share."""
    from aggregator import queue

    logs.set_up()
    _loop(queue.work(load(config)))


@app.command()
def poll(
    config: ConfigPath = DEFAULT_CONFIG,
    every: Annotated[bool, typer.Option("--all", help="Poll all feeds, due or not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Poll the feeds that are due, once."""
    logs.set_up(level=30)
    totals = _loop(_poll(load(config), every=every))
    if as_json:
        print(json.dumps(totals))
        return
    table = Table(*(name.replace("_", " ") for name in totals))
    table.add_row(*(str(number) for number in totals.values()))
    Console().print(table)


@app.command()
def check(
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print a JSON Schema of the file, for editors.")
    ] = False,
) -> None:
    """Say all that is wrong with the configuration."""
    from aggregator import config as configuration
    from aggregator.config import reference

    if schema:
        told(reference.schema())
        return
    problems = configuration.check(config)
    if as_json:
        told([asdict(problem) for problem in problems])
    for problem in () if as_json else problems:
        print(problem)
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(2)
    if not as_json:
        print(f"{config} is right.")


@app.command()
def explain(
    story_or_url: Annotated[str, typer.Argument(help="A story's id, or a copy's address.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say why these copies are one story and why this is its origin."""
    from aggregator.explain import explanation
    from aggregator.publish import story_json
    from aggregator.store import Store

    settings = load(config)
    store = Store(settings.database_url)
    story = store.find(story_or_url)
    if as_json:
        told(story_json(story))
    else:
        Console().print(explanation(story))


@app.command()
def merge(
    a: Annotated[str, typer.Argument(help="A story's id, or a copy's address.")],
    b: Annotated[str, typer.Argument(help="Another's.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make one story of two, for good. The older id stays; the other leads to it."""
    from aggregator import correct

    _tell(correct.correct_now(load(config), correct.merge, a=a, b=b), as_json=as_json)


@app.command()
def split(
    story: Annotated[str, typer.Argument(help="A story's id, or the start of it.")],
    copy_url: Annotated[str, typer.Argument(help="The address of the copy that is none of it.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take a copy out of a story, for good. It becomes a story of its own."""
    from aggregator import correct

    done = correct.correct_now(load(config), correct.split, story=story, url=copy_url)
    _tell(done, as_json=as_json)


@app.command()
def export(
    form: Annotated[Format, typer.Argument(metavar="rss|atom|json|opml")],
    config: ConfigPath = DEFAULT_CONFIG,
    name: Annotated[str, typer.Option(help="A named output; else the merged feed.")] = "",
    output: Annotated[Path | None, typer.Option(help="A file; else stdout.")] = None,
) -> None:
    """Write the same bytes that the server gives."""
    from aggregator.site import export_bytes

    data = export_bytes(load(config), form.value, name)
    if output is not None:
        output.write_bytes(data)
    else:
        sys.stdout.buffer.write(data)


@feeds_app.command("list")
def feeds_list(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show each feed's health."""
    from aggregator.explain import health_json, health_table
    from aggregator.store import Store

    feeds = Store(load(config).database_url).feeds()
    if as_json:
        told([health_json(feed) for feed in feeds])
    else:
        Console().print(health_table(feeds))


@app.command()
def attribute(  # noqa: PLR0917  (typer reads them from here; on the command line they have names)
    file: Annotated[
        Path | None,
        typer.Argument(help="A text; else stdin.", exists=True, dir_okay=False),
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Records in and out, a line each.")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="text, html, rss-item, ...")] = "text",
    publisher: Annotated[str, typer.Option(help="Who carries the text.")] = "",
    domain: Annotated[str, typer.Option(help="The carrier's domain.")] = "",
    as_json: AsJson = False,
) -> None:
    """Read whom a text credits."""
    from aggregator import attribute as attribution

    if jsonl:
        for line in attribution.attribute_lines(sys.stdin):
            print(line)
        return
    content = file.read_text("utf-8") if file else sys.stdin.read()
    found = attribution.attribute_one(content, form=form, publisher=publisher, domain=domain)
    if as_json:
        told({"credits": [attribution.as_json(credit) for credit in found.credits]})
    else:
        Console().print(attribution.for_people(found))


@app.command()
def cluster(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Records in and out, a line each.")] = True,
) -> None:
    """Sort documents into stories, with the daemon's own decisions."""
    from aggregator.cluster import cluster_lines

    if not jsonl:
        _fail(ConfigError("cluster reads and writes JSON lines only.", remedy="Add --jsonl."))
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    for line in cluster_lines(sys.stdin):
        print(line)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Where to look at it.")] = 8080,
) -> None:
    """Run a loopback newsroom of small outlets and the daemon on it."""
    from aggregator.demo import run_demo

    logs.set_up(level=30)
    _loop(run_demo(port=port))


@app.command()
def version(as_json: AsJson = False) -> None:
    """Print the version."""
    if as_json:
        told({"version": __version__, "python": platform.python_version()})
    else:
        print(__version__)


cli_examples.add_to(app)


def main() -> None:
    """Run the command line; errors come as one sentence each and an exit code."""
    try:
        app(prog_name="aggregator")
    except AggregatorError as error:
        _fail(error)
    except OSError as error:  # a file that was named
        place = f"{error.filename}: " if error.filename else ""
        print(f"aggregator: {place}{error.strerror or error}.", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(error: AggregatorError) -> NoReturn:
    print(f"aggregator: {error}", file=sys.stderr)
    sys.exit(2 if isinstance(error, ConfigError) else 1)


def _tell(done: "Corrected", *, as_json: bool) -> None:
    print(json.dumps(asdict(done)) if as_json else str(done))


def _loop(job: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the fast event loop where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows has none
        return asyncio.run(job)
    return uvloop.run(job)


async def _poll(config: "Config", *, every: bool) -> dict[str, int | float]:
    from aggregator.daemon import Daemon, utc_now
    from aggregator.progress import PollProgress

    async with Daemon.opened(config) as daemon:
        await daemon.list_feeds()
        store = daemon.store
        if every:
            # All but those that were taken down for good (410).
            feeds = [feed for feed in store.listed() if feed.error_reason != "gone"]
        else:
            feeds = store.due(utc_now(), limit=sys.maxsize >> 1)
        with PollProgress(len(feeds)) as progress:
            await daemon.poll_once(feeds, progress.seen)
            return progress.totals()


if __name__ == "__main__":
    main()
