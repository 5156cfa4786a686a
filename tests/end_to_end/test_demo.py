"""`aggregator demo` as a person runs it."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from running import PATIENCE, free_port

from aggregator.demo import load_desk

PROGRAM = [sys.executable, "-m", "aggregator.cli"]


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "200", "NO_PROXY": "*"}


@pytest.fixture
def demo(place: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = subprocess.Popen(
        [*PROGRAM, "demo", "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=place,
    )
    yield process, port
    process.kill()
    process.wait()


def test_the_demo_says_what_to_look_at_and_leaves_nothing_behind(
    demo: tuple[subprocess.Popen[str], int], place: dict[str, str]
) -> None:
    process, port = demo
    said = _said_until(process, "Ctrl-C")
    assert "nothing in the merged feed" not in said
    for path in ("/", "/feed.rss", "/feed.atom", "/feed.json", "/sources", "/feeds/coast.rss"):
        assert f"http://localhost:{port}{path}" in said
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=PATIENCE)
        assert answer.is_success, path
    for address in re.findall(r"http://127\.0\.0\.\d+:\d+/?(?=\s)", said):
        assert httpx.get(address, trust_env=False).is_success

    command = shlex.split(next(line for line in said.splitlines() if " explain " in line))
    explained = subprocess.run(
        [*PROGRAM, *command[1:]], capture_output=True, text=True, env=place, check=True
    ).stdout
    assert "Global Ledger Group → Sarnholm Courier → Norvane News Agency" in explained

    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert not list(Path(place["TMPDIR"]).glob("aggregator-demo-*"))


def test_a_taken_port_is_told_with_a_remedy(place: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [*PROGRAM, "demo", "--port", str(port)],
            capture_output=True, text=True, env=place, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"Port {port} cannot be used" in done.stderr
    assert "--port" in done.stderr


def test_the_demo_has_news_for_some_minutes() -> None:
    desk = load_desk()
    assert {item.tick for item in desk.items.values()} == set(range(desk.last_tick + 1))
    assert json.dumps(desk.model_dump(mode="json"))  # plain data all through


def _said_until(process: subprocess.Popen[str], end: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if end in line:
            return said
    raise AssertionError(f"The demo ended with {process.wait()}:\n{said}")
