"""All commands as a page, in Markdown, made from the command line itself."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from aggregator.cli_examples import commands, examples

_HEAD = """\
# Commands

<!-- Made by `make reference` from aggregator/cli.py; changes here are lost. -->

Results go to stdout, logs and errors to stderr. Exit codes: **0** done, **1** failed while working,
**2** wrong usage or configuration. `--json` prints the result as JSON and nothing else. Colours are
left out where the output is no terminal, or `NO_COLOR` is set. Where the configuration is told by
`--config` or, once for all, by `AGGREGATOR_CONFIG`.

`aggregator --install-completion` teaches your shell (bash, zsh, fish, PowerShell) to complete
commands, options and choices.
"""


def page(app: typer.Typer) -> str:
    """The page of all commands."""
    root = get_command(app)
    lines = [_HEAD]
    for name, _ in sorted(commands(app)):
        command: Any = root
        for word in name.split():
            command = command.commands[word]
        lines += _section(name, command)
    return "\n".join(lines)


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    names = [_name(one) for one in arguments]
    yield f"## aggregator {name}\n"
    yield f"{(command.help or '').strip()}\n"
    yield f"    {' '.join(['aggregator', name, *names, '[OPTIONS]'])}\n"
    told = [
        *((_name(one), one.help) for one in arguments if one.help),
        *((", ".join(reversed(one.opts)), one.help) for one in options),
    ]
    if told:
        yield "| | |\n| --- | --- |"
        for words, about in told:
            yield f"| `{words}` | {about or ''} |"
        yield ""
    yield "Examples:\n\n```sh"
    yield from examples(name)
    yield "```\n"


def _name(argument: Any) -> str:
    name = argument.metavar or argument.name.upper().replace("_", "-")
    return name if argument.required else f"[{name}]"
