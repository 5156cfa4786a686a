"""A daemon in this process, on sites of its own on loopback, by clocks that are ours."""

import asyncio
import contextlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from aiohttp import web

from aggregator.config import Config
from aggregator.daemon import Daemon

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Clocks:
    """The wall's, which can be set, and one that only grows."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.wall

    def steady(self) -> float:
        return self.seconds

    def go_on(self, by: timedelta) -> None:
        self.wall += by
        self.seconds += by.total_seconds()


class Sites:
    """Some hosts on loopback, each with a feed; they can be closed and opened again."""

    def __init__(self, count: int) -> None:
        self.hosts = [f"127.0.0.{30 + n}" for n in range(count)]
        self.asked: Counter[str] = Counter()
        self.port = 0
        self.edition = 1
        self.letters = 0  # by which the second edition's items are longer
        self._runner: web.AppRunner | None = None

    def feeds(self, host_of=lambda host: host) -> list[dict[str, str]]:
        return [
            {"url": f"http://{host_of(host)}:{self.port}/feed", "full_text": "never"}
            for host in self.hosts
        ]

    async def open(self) -> None:
        app = web.Application()
        app.router.add_get("/feed", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        for host in self.hosts:
            await web.TCPSite(self._runner, host, self.port, reuse_address=True).start()
            self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _words(self, n: int) -> str:
        dice = Random(n)
        return "".join(f" {dice.getrandbits(28):x}" for _ in range(self.letters // 8)) if n else ""

    async def _answer(self, request: web.Request) -> web.Response:
        host = request.host.partition(":")[0]
        self.asked[host] += 1
        items = "".join(
            f"<item><title>News {n} of {host}</title><guid>{host}-{n}</guid>"
            f"<link>http://{host}/{n}</link>"
            f"<description>What happened at {host}, number {n}, in a few words of its own."
            f"{self._words(n)}</description></item>"
            for n in range(self.edition)
        )
        return web.Response(
            text=f'<rss version="2.0"><channel><title>{host}</title>{items}</channel></rss>',
            content_type="application/rss+xml",
        )


class Night:
    """The daemon, its sites and its clocks."""

    def __init__(self, daemon: Daemon, sites: Sites, clocks: Clocks) -> None:
        self.daemon, self.sites, self.clocks = daemon, sites, clocks

    async def tick(self) -> None:
        """One tick, and all that comes of it."""
        await self.daemon.tick()
        async with asyncio.timeout(60):
            while self._at_work():  # noqa: ASYNC110  (there is nothing to wait for)
                await asyncio.sleep(0.005)

    def _at_work(self) -> bool:
        daemon = self.daemon
        return daemon.in_hand > 0 or (daemon.waiting > 0 and not self.troubles().get("writing"))

    async def passes(self, time: timedelta, step: timedelta = MINUTE) -> None:
        """So much time, with a tick every so often."""
        for _ in range(time // step):
            self.clocks.go_on(step)
            await self.tick()

    def troubles(self) -> dict[str, str]:
        return {c.name: c.trouble for c in self.daemon.conditions() if c.trouble}

    def feeds(self):
        return self.daemon.store.feeds()


@contextlib.asynccontextmanager
async def nights(sites: Sites, clocks: Clocks, database: str, **settings):
    config = Config.model_validate(
        {
            "feeds": sites.feeds(),
            "poll": {"per_host_delay": "0s"},
            "http": {"allow_networks": ["127.0.0.0/8"]},
            "database": database,
        }
        | settings
    )
    async with Daemon.opened(config, clock=clocks.now, steady=clocks.steady) as daemon:
        await daemon.prepare()
        yield Night(daemon, sites, clocks)
