"""What the commands share."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from aggregator.config import Config

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="AGGREGATOR_CONFIG")
]
DEFAULT_CONFIG = Path("config.yaml")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def told(result: object) -> None:
    """Print a result as JSON, for programs."""
    print(json.dumps(result, default=str, ensure_ascii=False, indent=2))


@contextlib.contextmanager
def busy(what: str) -> Iterator[None]:
    """Show on a terminal that something is going on that may take over a second."""
    with Console(stderr=True).status(what) if sys.stderr.isatty() else contextlib.nullcontext():
        yield


def load(path: Path | None) -> "Config":
    """The configuration; None: the defaults. Raises ConfigError."""
    from aggregator import config as configuration  # which takes its time to import

    return configuration.load(path)
