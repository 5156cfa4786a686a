"""Command lines as documentation has them, read by the command line's own parser."""

import shlex
from typing import Any

from typer.main import get_command

from aggregator.cli import app


def parsed(line: str) -> Any:
    """What the parser makes of a command line. Raises a usage error."""
    command: Any = get_command(app)
    words = shlex.split(line.partition("aggregator ")[2].partition(" > ")[0].partition(" < ")[0])
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return command.make_context(command.name, words)
