"""A real hub on loopback is told of each change of a feed, and finds it there."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from running import RunningDaemon

from aggregator.demo import Newsroom


class Hub(ThreadingHTTPServer):
    """Fetches a feed when it is told of it, as a hub does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Listener)
        self.fetched: dict[str, list[httpx.Response]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Listener(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = parse_qs(body)
        assert form["hub.mode"] == ["publish"]
        (topic,) = form["hub.url"]
        self.send_response(204)
        self.end_headers()
        with contextlib.suppress(httpx.TransportError):  # the daemon has ended
            answer = httpx.get(topic, trust_env=False)
            self.server.fetched.setdefault(topic, []).append(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_hub_is_told_of_a_change_and_finds_it(room: Newsroom, hub: Hub, tmp_path: Path) -> None:
    outputs = [{"name": "none", "where": {"category": ["Nothing has this"]}}]
    with RunningDaemon(room, tmp_path, outputs=outputs, websub={"hubs": [hub.url]}) as daemon:
        feed, empty = f"{daemon.base}/feed.rss", f"{daemon.base}/feeds/none.rss"

        def has_all() -> bool:
            heard = [answer.text for answer in hub.fetched.get(feed, [])]
            return bool(heard) and heard[-1] == daemon.client.get("/feed.rss").text

        daemon.settle()
        daemon.until(has_all, "the hub has the feed")
        room.advance(to=room.desk.last_tick)
        daemon.settle()
        daemon.until(has_all, "the hub has the feed of the evening")
        assert len(hub.fetched[empty]) <= 1  # of the start; it never changed
        forms = {f"{daemon.base}/feed.{form}" for form in ("rss", "atom", "json")}
        assert forms <= hub.fetched.keys()
        answer = hub.fetched[feed][-1]
        assert answer.links["hub"]["url"] == hub.url
        assert answer.links["self"]["url"] == feed
        assert f'rel="hub" href="{hub.url}"' in answer.text
        assert daemon.client.get("/feed.json").json()["hubs"] == [
            {"type": "WebSub", "url": hub.url}
        ]
        metrics = daemon.client.get("/metrics").text
        assert 'aggregator_websub_announcements_total{result="told"}' in metrics
