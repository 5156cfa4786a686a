"""What the commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aggregator.config import Config

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="AGGREGATOR_CONFIG")
]
DEFAULT_CONFIG = Path("config.yaml")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def load(path: Path | None) -> "Config":
    """The configuration; None: the defaults. Raises ConfigError."""
    from aggregator import config as configuration  # which takes its time to import

    return configuration.load(path)
