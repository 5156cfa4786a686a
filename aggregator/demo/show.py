"""`aggregator demo`: the newsroom and the daemon on it, and what to look at."""

import asyncio
import contextlib
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from aggregator.config import Config
from aggregator.demo.newsroom import Newsroom
from aggregator.errors import ConfigError
from aggregator.service import run

_HOST = "127.0.0.1"
_BAD = ("not-found", "not-xml")
_TICK = 20  # seconds
_EXAMPLE = "ledger/ferry-night"  # three hops from the agency


async def run_demo(
    port: int = 8080, *, console: Console | None = None, tick: float = _TICK
) -> None:
    """Run the newsroom and the daemon until SIGINT or SIGTERM; nothing of it stays.

    New stories appear every `tick` seconds for a few minutes. Raises ConfigError where the port
    is taken, AggregatorError where the newsroom cannot have its addresses.
    """
    console = console or Console()
    _check_port(port)
    with TemporaryDirectory(prefix="aggregator-demo-") as folder:
        newsroom = Newsroom(bad_feeds=_BAD)
        async with newsroom.opened():
            settings = _settings(newsroom, Path(folder), port)
            file = Path(folder) / "config.yaml"
            # JSON is YAML: good for `aggregator explain --config`.
            file.write_text(json.dumps(settings, ensure_ascii=False, indent=2), "utf-8")
            async with (
                _beside(_tell(console, newsroom, file, port)),
                _beside(_trickle(newsroom, tick)),
            ):
                await run(Config.model_validate(settings))
    console.print("The demo has ended, and its files are removed.")


def _settings(newsroom: Newsroom, folder: Path, port: int) -> dict[str, Any]:
    return {
        "feeds": newsroom.feeds(),
        "poll": {"interval": "5s", "max_interval": "60s", "per_host_delay": "100ms"},
        "http": {"timeout": "10s", "allow_networks": ["127.0.0.0/8"]},
        "database": f"sqlite:///{folder / 'demo.db'}",
        "outputs": [
            {"name": "coast", "title": "The coast, once", "where": {"category": ["Coast"]}},
            {"name": "arabic", "title": "بالعربية", "where": {"language": ["ar"]}},
        ],
        "server": {"host": _HOST, "port": port, "base_url": f"http://localhost:{port}"},
    }


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} cannot be used ({error.strerror}).",
                reason="port_taken",
                remedy="Choose another one: aggregator demo --port 8081",
            ) from error


@contextlib.asynccontextmanager
async def _beside(job: Any) -> AsyncIterator[None]:
    """Run a job beside the block, and end it with the block."""
    task = asyncio.create_task(job)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _trickle(newsroom: Newsroom, tick: float) -> None:
    while True:
        await asyncio.sleep(tick)
        if not newsroom.advance():
            return


async def _tell(console: Console, newsroom: Newsroom, config: Path, port: int) -> None:
    """Say what there is to see, once there is something."""
    base = f"http://localhost:{port}"
    console.print(
        f"[bold]A newsroom of {len(newsroom.desk.outlets)} invented outlets is on the air[/bold], "
        "each on an address of its own; the daemon reads them …"
    )
    example = newsroom.page_url(_EXAMPLE)
    try:
        await _until_listed(f"http://{_HOST}:{port}/feed.json", newsroom)
    except TimeoutError:
        console.print("[red]After a minute there is still nothing in the merged feed.[/red]")
        console.print(f"Look at {base}/sources for the reason.")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = [
        ("the page", f"{base}/"),
        ("the feed", f"{base}/feed.rss  {base}/feed.atom  {base}/feed.json"),
        ("one category", f"{base}/feeds/coast.rss"),
        ("feed health", f"{base}/sources  [dim](two of the feeds are broken on purpose)[/dim]"),
        ("an outlet", f"{newsroom.url('ledger')}  [dim](it copies)[/dim]"),
        ("whom it copies", f"{newsroom.url('courier')}  [dim](it copies, too)[/dim]"),
        ("the agency", newsroom.url("norvane")),
    ]
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print("Why is a story one, and whose is it? Ask, in another terminal:")
    program = "aggregator" if shutil.which("aggregator") else sys.argv[0]
    command = f"{program} explain {example} --config {config}"
    console.print(f"  {command}", soft_wrap=True, highlight=False)
    console.print("New stories come in for a few minutes. Ctrl-C ends it all.")


async def _until_listed(url: str, newsroom: Newsroom) -> None:
    """Wait until the merged feed has as many stories as the newsroom has at its opening."""
    wanted = len({i.story for i in newsroom.desk.items.values() if i.tick == 0})
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                answer = await client.get(url)
                if answer.is_success and len(answer.json()["items"]) >= wanted:
                    return
            await asyncio.sleep(0.3)
