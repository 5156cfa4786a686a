"""A real server on loopback, on a real store that holds the little newsroom."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import little_newsroom as newsroom
import uvicorn

from aggregator.config import Config, OutputConfig, ServerConfig, WhereConfig
from aggregator.metrics import Metrics
from aggregator.site import StoredSite
from aggregator.store import Store
from aggregator.web import create_app

CLOCK = newsroom.NOW + timedelta(minutes=90)
OUTPUTS = (
    OutputConfig(
        name="harbour",
        title="Harbour & <b>quay</b>",
        where=WhereConfig(category=("Harbour",)),
        content="none",
    ),
    OutputConfig(name="region", where=WhereConfig(category=("Region", "World"), agency=True)),
    OutputConfig(name="german", where=WhereConfig(language=("de",)), content="summary"),
)


def config(**server) -> Config:
    return Config(outputs=OUTPUTS, server=ServerConfig(host="127.0.0.1", **server))


@contextlib.contextmanager
def serving(site) -> Iterator[httpx.Client]:
    """A client of a server on that site. It follows no redirects, and asks for no compression."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(site, clock=lambda: CLOCK),
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            with httpx.Client(
                base_url=base, headers={"Accept-Encoding": ""}, trust_env=False, timeout=20
            ) as client:
                while not server.started:
                    time.sleep(0.01)
                yield client
        finally:
            server.should_exit = True
            thread.join()


class Room:
    """A store with its site and a client of its server."""

    def __init__(self, folder: Path, told=None, **server) -> None:
        self.config = config(**server)
        self.store = Store(f"sqlite:///{folder / 'room.db'}")
        self.told = newsroom.fill(self.store, told)
        self.site = StoredSite(self.config, self.store, Metrics(), lambda: False)

    def story(self, words: str):
        """The story with those words in a headline of its."""
        return next(s for s in self.told if any(words in copy.title for copy in s.copies))

    @property
    def feeds(self):
        return {feed.spec.domain: feed for feed in self.store.listed()}
