"""Posting a form to a real server on loopback."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from urllib.parse import parse_qs

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Poster

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Hub(BaseHTTPRequestHandler):
    """Answers with the status that the path names, and remembers what it got."""

    seen: list[tuple[str, str, dict[str, list[str]]]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.seen.append((self.headers["content-type"], self.headers["user-agent"], parse_qs(body)))
        status = int(self.path[1:])
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/204")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def poster(**more) -> Poster:
    settings = {"timeout": timedelta(seconds=5), "allow_networks": LOOPBACK, "trust_env": False}
    return Poster(user_agent="us/1", **(settings | more))


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_form_is_posted_as_forms_are(hub, status):
    async with poster() as posts:
        await posts.post(f"{hub}/{status}", {"hub.mode": "publish", "hub.url": "http://a/?b=c&d"})
    kind, agent, form = Hub.seen[0]
    assert (kind, agent) == ("application/x-www-form-urlencoded", "us/1")
    assert form == {"hub.mode": ["publish"], "hub.url": ["http://a/?b=c&d"]}


@pytest.mark.parametrize("status", [302, 400, 404, 410, 500, 503])
async def test_whatever_else_it_says_is_a_failure(hub, status):
    async with poster() as posts:
        with pytest.raises(FetchError):
            await posts.post(f"{hub}/{status}", {"a": "b"})
    assert len(Hub.seen) == 1


async def test_a_private_address_is_refused_unless_it_is_listed(hub):
    async with poster(allow_networks=()) as posts:
        with pytest.raises(FetchError) as refused:
            await posts.post(f"{hub}/204", {"a": "b"})
    assert "allow_networks" in str(refused.value) + refused.value.remedy
    assert Hub.seen == []


async def test_a_hub_that_is_not_there_is_a_failure():
    async with poster() as posts:
        with pytest.raises(FetchError):
            await posts.post("http://127.0.0.1:9/", {"a": "b"})
