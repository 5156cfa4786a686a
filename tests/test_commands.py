"""What all commands have in common: help with examples, --json, exit codes, colours, completion."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from command_lines import parsed
from typer.main import get_command

from aggregator.cli import app
from aggregator.cli_examples import commands, examples
from aggregator.model import FeedSpec
from aggregator.site import LATE
from aggregator.store import Store

NAMES = [name for name, _ in commands(app)]
# These serve until they are stopped, or give bytes and lines of a form of their own.
WITHOUT_JSON = {"run", "serve", "worker", "demo", "export", "cluster"}
_COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration of a feed that was never polled, and its database."""
    folder = tmp_path_factory.mktemp("commands")
    url = "http://127.0.0.1:9/feed.xml"
    (folder / "config.yaml").write_text(
        f"feeds: [{{url: '{url}', name: Harbour Post}}]\n"
        "http: {allow_networks: [127.0.0.0/8]}\nserver: {host: 127.0.0.1}\n"
        "database: sqlite:///a.db\n"
    )
    (folder / "wrong.yaml").write_text("server:\n  prot: 80\n")
    (folder / "lost.yaml").write_text("database: sqlite:////proc/nowhere/a.db\n")
    (folder / "text.txt").write_text("This story originally appeared on Ndtv.com.")
    (folder / "feeds.opml").write_text(
        '<opml version="2.0"><body><outline xmlUrl="http://b.example/f"/></body></opml>'
    )
    store = Store(f"sqlite:///{folder}/a.db")
    store.list_feeds([FeedSpec(url, "Harbour Post")], datetime.now(UTC) + LATE)
    store.close()
    return folder


# A process that has all loaded runs each command in a fork of itself: starting Python anew for
# each would take minutes.
_DRIVER = """
import json, os, sys, traceback
from aggregator import cli, condition, correct, daemon, explain, site, subscribing, trying
for line in sys.stdin:
    told = json.loads(line)
    child = os.fork()
    if child == 0:
        for number, name in enumerate(("given", "out", "err")):
            os.dup2(os.open(told[name], os.O_RDWR | os.O_CREAT | os.O_TRUNC * (number > 0)), number)
        os.environ.update(told["environ"])
        sys.argv = ["aggregator", *told["arguments"]]
        try:
            code = cli.main() or 0
        except SystemExit as error:
            code = error.code or 0
        except BaseException:
            traceback.print_exc()
            code = 99
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Runner:
    """Runs commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"},
        )

    def __call__(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        assert self.process.stdin
        assert self.process.stdout
        files = {name: str(self.folder / f".{name}") for name in ("given", "out", "err")}
        told = files | {"arguments": arguments, "environ": environ}
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        out, err = (Path(files[name]).read_text() for name in ("out", "err"))
        return subprocess.CompletedProcess(arguments, code, out, err)


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Runner]:
    runner = Runner(folder)
    yield runner
    runner.process.communicate()


# ------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("name", NAMES)
def test_help_tells_what_a_command_does_and_gives_examples(name: str) -> None:
    (command,) = (command for named, command in commands(app) if named == name)
    assert command.callback is not None
    assert command.callback.__doc__
    assert examples(name), f"aggregator/cli_examples.py has none for {name}"
    assert command.epilog == "\n\n".join(("Examples:", *examples(name)))


@pytest.mark.parametrize(("name", "line"), [(n, line) for n in NAMES for line in examples(n)])
def test_examples_are_commands_that_there_are(
    name: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in re.findall(r"[\w-]+\.(?:txt|opml|db)", line):
        Path(file).write_text("")
    context = parsed(line)
    assert context.command_path.split()[-1] == name.rsplit(maxsplit=1)[-1]


def test_the_help_of_all_commands_is_listed_at_once(run: Runner) -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in NAMES:
        assert re.search(rf"\b{name.split()[0]}\b", done.stdout)


# ------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_JSON])
def test_every_result_can_be_had_as_json(name: str) -> None:
    command: Any = get_command(app)
    for word in name.split():
        command = command.commands[word]
    assert "--json" in [option for parameter in command.params for option in parameter.opts]


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("check --json", []),
        ("check --schema", ["$schema", "properties"]),
        ("status --json", ["feeds", "stories", "database_bytes"]),
        ("feeds list --json", []),
        ("poll --json", ["feeds", "fetched", "failed"]),
        ("backup copy.db --json", ["file", "rows"]),
        ("restore copy.db --json", ["rows", "before"]),
        ("init --config new.yaml --json", ["config", "feeds", "examples"]),
        ("feeds import feeds.opml --config new.yaml --json", ["config", "added", "known"]),
        ("attribute text.txt --json", ["credits"]),
        ("version --json", ["version"]),
    ],
)
def test_json_is_all_that_is_printed(run: Runner, line: str, keys: list[str]) -> None:
    done = run(*line.split())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert all(key in found for key in keys)


def test_doctor_has_json_and_an_exit_code(run: Runner) -> None:
    done = run("doctor", "--json", "--config", "wrong.yaml")
    assert done.returncode == 1
    assert json.loads(done.stdout)[0]["where"] == "configuration"


# --------------------------------------------------------------------------- errors, exit codes

MISTAKES = [
    # wrong usage or configuration: 2
    ("poll --everything", 2, "No such option"),
    ("explain", 2, "Missing argument"),
    ("nothing-of-the-sort", 2, "No such command"),
    ("export pdf", 2, "'pdf' is not one of"),
    ("attribute nowhere.txt", 2, "does not exist"),
    ("check --config wrong.yaml", 2, ""),
    *((f"{name} --config wrong.yaml", 2, 'did you mean "port"?')
      for name in ("run", "serve", "poll", "status", "feeds list", "backup b.db", "restore a.db",
                   "explain x", "merge a b", "split a b", "export rss", "feeds import feeds.opml")),
    ("poll --config nowhere.yaml", 2, "make one with `aggregator init`"),
    ("init --config config.yaml", 2, "config.yaml is there already"),
    ("init --config third.yaml --opml nowhere.opml", 2, "nowhere.opml cannot be read"),
    ("feeds import text.txt", 2, "not an OPML document"),
    # failed while working: 1
    ("explain nobody-has-this", 1, "aggregator: "),
    ("merge nobody-has-this nor-this", 1, "aggregator: "),
    ("split nobody-has-this http://a.b/", 1, "aggregator: "),
    ("export rss --name none", 1, "Outputs are named in config.yaml"),
    ("export rss --output /nowhere/at/all", 1, "/nowhere/at/all: No such file or directory"),
    ("restore text.txt", 1, "aggregator: "),
    ("feeds test http://127.0.0.1:9/", 1, "127.0.0.1"),
    *((f"{name} --config lost.yaml", 1, "nowhere")
      for name in ("poll", "status", "feeds list", "explain x")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "told"), MISTAKES, ids=[line for line, *_ in MISTAKES])
def test_a_mistake_is_told_with_a_remedy_on_stderr_and_by_the_exit_code(
    run: Runner, line: str, code: int, told: str
) -> None:
    done = run(*line.split())
    said = done.stdout if line.startswith("check") else done.stderr
    assert done.returncode == code, f"{done.returncode}: {done.stderr}"
    assert told in said
    assert "Traceback" not in done.stderr
    if not line.startswith("check"):
        assert done.stdout == ""


def test_who_reads_no_further_than_a_line_is_no_error(folder: Path) -> None:
    program = f"{shlex.quote(sys.executable)} -m aggregator.cli export rss | head -c 5"
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.stdout == "<?xml"
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------------------- terminals


def on_a_terminal(folder: Path, *arguments: str, **environ: str) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "aggregator.cli", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=environment | {"TERM": "xterm-256color"} | environ,
    )
    os.close(theirs)
    shown = b"".join(_until_closed(ours))
    process.wait()
    os.close(ours)
    return shown.decode()


def _until_closed(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            return
        if not data:
            return
        yield data


SHOWN = ["--help", "feeds list", "poll --all", "status", "check --config wrong.yaml", "poll --zzz"]


@pytest.mark.parametrize("line", SHOWN)
def test_no_color_is_respected(folder: Path, line: str) -> None:
    shown = on_a_terminal(folder, *line.split(), NO_COLOR="1")
    assert shown
    assert not _COLOUR.search(shown), shown


def test_a_terminal_has_colours_otherwise(folder: Path) -> None:
    assert _COLOUR.search(on_a_terminal(folder, "feeds", "list"))


# --------------------------------------------------------------------------------- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_its_completion(run: Runner, shell: str) -> None:
    done = run("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0, done.stderr
    assert "_AGGREGATOR_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("aggregator ex", {"explain", "export"}),
        ("aggregator feeds ", {"list", "import", "test"}),
        ("aggregator export ", {"rss", "atom", "json", "opml"}),
        ("aggregator poll --a", {"--all"}),
    ],
)
def test_commands_options_and_choices_are_completed(
    run: Runner, typed: str, offered: set[str]
) -> None:
    words = typed.split(" ")
    done = run(
        _AGGREGATOR_COMPLETE="complete_bash",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(words) - 1),
    )
    assert set(done.stdout.split()) == offered
