"""The container image, built and run for real; needs root and a tool that builds without an engine.

TRY_IMAGE names that tool: `TRY_IMAGE DIR` builds DIR's Dockerfile and prints what the image is made
of, `TRY_IMAGE DIR -- COMMAND` runs a command in it on the host's network, and TRY_IMAGE_VOLUME
(HOST:CONTAINER) is a folder that both see. That folder is /watch here, as the image has a volume of
its own at /data.
"""

import contextlib
import http.server
import json
import os
import re
import shlex
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TRY_IMAGE = os.environ.get("TRY_IMAGE", "")
USER = 10001

pytestmark = [
    pytest.mark.skipif(not TRY_IMAGE, reason="TRY_IMAGE names no tool that builds an image"),
    pytest.mark.timeout(1200),  # a first build downloads a base system and all packages
]

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Harbour Post</title><link>http://127.0.0.1/</link>
<description>News of a harbour</description>
<item><title>Ferry to the islands sails again after a winter of repairs</title>
<link>http://127.0.0.1/ferry</link><guid isPermaLink="false">ferry-1</guid>
<pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate>
<description>The white ferry left the harbour at dawn with forty passengers, two tractors and a
choir on board. Its engine had been taken apart in November, when divers found a crack in the
shaft, and the islanders had bought their bread from fishing boats ever since.</description>
</item></channel></rss>"""

# Runs in the container beside the daemon: asks the image's own health check, ends the daemon when
# told to, and then looks for what was written elsewhere than in the volume.
WATCH = r"""
touch /watch/.began
"$@" >/watch/daemon.log 2>&1 &
pid=$!
while [ ! -e /watch/stop ]; do
  if [ -e /watch/ask ]; then
    rm /watch/ask
    sh -c "$HEALTH" >/watch/health.log 2>&1
    echo $? >/watch/health
  fi
  kill -0 $pid 2>/dev/null || break
  sleep 0.1
done
kill -TERM $pid
wait $pid
echo $? >/watch/status
cp /data/aggregator.db /watch/
others='-path /proc -o -path /sys -o -path /dev -o -path /data -o -path /watch'
find / -xdev \( $others \) -prune \
  -o -type f -newer /watch/.began -print >/watch/written 2>/dev/null
find / -xdev \( $others -o -path /tmp -o -path /var/tmp -o -path /run/lock \) -prune \
  -o \( -type f -o -type d \) -writable -print >/watch/writable 2>/dev/null
id -u >/watch/user
"""


@pytest.fixture(scope="module")
def image() -> dict[str, Any]:
    """What the image says of itself, once it is built."""
    built = subprocess.run(
        [TRY_IMAGE, str(ROOT)], capture_output=True, text=True, check=False, timeout=1100
    )
    assert built.returncode == 0, built.stderr
    said, _ = json.JSONDecoder().raw_decode(built.stdout)
    return said


@pytest.fixture(scope="module")
def feed_url() -> Iterator[str]:
    """A feed on loopback."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = FEED.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/feed"
        server.shutdown()


def test_the_image_runs_as_nobody_special_and_says_how_to_use_it(image):
    user, _, group = image["User"].partition(":")
    assert int(user) == int(group) == USER
    assert image["Entrypoint"] == ["aggregator"]
    assert image["Cmd"] == ["run", "--config", "/config/config.yaml"]
    assert "8080/tcp" in image["ExposedPorts"]
    assert "/data" in image["Volumes"]
    assert image["Healthcheck"]["Test"][0] == "CMD"
    assert "curl" not in " ".join(image["Healthcheck"]["Test"])


def test_the_image_holds_no_tools_for_building(image):
    look = """
      for tool in gcc g++ cc c++ ld make cmake rustc cargo go npm git; do command -v $tool; done
      ls -d /root/.cache /data/.cache /opt/build /build 2>/dev/null
      find /opt -name '*.whl' -o -name '*.tar.gz' -o -name pip
      true
    """
    found = subprocess.run(
        [TRY_IMAGE, str(ROOT), "--", "sh", "-c", look],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert found.stdout.split() == []


def test_the_image_says_what_it_is(image):
    labels = {
        key.removeprefix("org.opencontainers.image."): value
        for key, value in image["Labels"].items()
        if key.startswith("org.opencontainers.image.")
    }
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert labels["title"] == "aggregator"
    assert labels["version"] == version[1]
    assert labels["licenses"] == "Apache-2.0"
    assert labels["base.name"].startswith("docker.io/library/python:3.11-slim")
    assert {"description", "revision", "created"} <= labels.keys()


def test_a_feed_is_read_from_the_running_container(image, feed_url, tmp_path):
    port = _free_port()
    volume = tmp_path / "watch"
    volume.mkdir()
    os.chown(volume, USER, USER)
    settings = {
        "AGGREGATOR_SERVER__PORT": str(port),
        "AGGREGATOR_SERVER__HOST": "127.0.0.1",
        "AGGREGATOR_FEEDS": json.dumps([{"url": feed_url, "full_text": "never"}]),
        "AGGREGATOR_HTTP__ALLOW_NETWORKS": '["127.0.0.0/8"]',
        "HEALTH": shlex.join(image["Healthcheck"]["Test"][1:]),
    }
    command = [
        *("env", *(f"{name}={value}" for name, value in settings.items())),
        *("sh", "-c", WATCH, "watch", *image["Entrypoint"], *image["Cmd"]),
    ]
    with _container(command, volume) as container:
        log = volume / "daemon.log"

        def told() -> str:
            said = log.read_text() if log.exists() else ""
            return f"{said}\n{container.poll()}"

        feed = _until(lambda: _with_item(f"http://127.0.0.1:{port}/feed.rss"), container, told)
        assert "Ferry to the islands sails again after a winter of repairs" in feed
        (volume / "ask").touch()
        _until((volume / "health").exists, container, told)
        assert (volume / "health").read_text().strip() == "0", (volume / "health.log").read_text()
        (volume / "stop").touch()
        container.wait(timeout=60)
    assert (volume / "status").read_text().strip() == "0", log.read_text()
    assert (volume / "user").read_text().strip() == str(USER)
    assert (volume / "aggregator.db").stat().st_size > 0
    assert (volume / "written").read_text() == ""  # so a read-only root does it no harm
    assert (volume / "writable").read_text() == ""


@contextlib.contextmanager
def _container(command: list[str], volume: Path) -> Iterator[subprocess.Popen[bytes]]:
    environ = os.environ | {"TRY_IMAGE_VOLUME": f"{volume}:/watch"}
    container = subprocess.Popen(
        [TRY_IMAGE, str(ROOT), "--", *command], env=environ, stdin=subprocess.DEVNULL
    )
    try:
        yield container
    finally:
        (volume / "stop").touch()
        try:
            container.wait(timeout=60)
        except subprocess.TimeoutExpired:
            container.kill()
            container.wait()


def _until(
    look: Callable[[], Any], container: subprocess.Popen[bytes], told: Callable[[], str]
) -> Any:
    for _ in range(1200):
        seen = look()
        if seen:
            return seen
        if container.poll() is not None:
            pytest.fail(f"the container ended: {told()}")
        time.sleep(0.25)
    pytest.fail(f"waited in vain: {told()}")


def _with_item(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            body: str = response.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return ""
    return body if "<item>" in body else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
