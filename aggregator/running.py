"""What is made anew when settings change: the site, its application, and who tells hubs."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from starlette.types import ASGIApp

from aggregator.announce import Announcer
from aggregator.config import Config
from aggregator.fetch import Poster
from aggregator.reload import SIGHUP, Reloader
from aggregator.serving import Entrance
from aggregator.setbacks import Condition
from aggregator.site import StoredSite
from aggregator.web import create_app

if TYPE_CHECKING:
    from aggregator.daemon import Daemon


class Running:
    """A daemon being served at an entrance. `poll`: whether it polls, too.

    An async context manager.
    """

    def __init__(self, daemon: "Daemon", entrance: Entrance, *, poll: bool) -> None:
        self._daemon = daemon
        self._entrance = entrance
        self._poll = poll
        self._announcer: Announcer | None = None
        self._stack = contextlib.AsyncExitStack()
        self._reloading: asyncio.Task[None] | None = None
        self.reloader = Reloader(
            daemon.config,
            self._change,
            clock=lambda: datetime.now(UTC),
            told=daemon.metrics.configured,
        )
        self._site = self._new_site()
        entrance.app = self._new_app()

    async def __aenter__(self) -> Self:
        """Ready to announce."""
        self._announcer = await self._new_announcer()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what was begun."""
        if self._reloading is not None:
            self._reloading.cancel()
            await asyncio.gather(self._reloading, return_exceptions=True)
        await self._stack.aclose()

    def reload(self) -> None:
        """Begin to read the settings again: what SIGHUP asks for."""
        self._reloading = asyncio.ensure_future(self.reloader.reload(SIGHUP))

    async def announce(self) -> None:
        """Tell the configured hubs of changes."""
        if self._announcer is not None:
            await self._announcer.tick()

    async def _change(self, config: Config) -> None:
        before = self._daemon.config
        await self._daemon.change(config, poll=self._poll)
        self._site = self._new_site()
        self._entrance.app = self._new_app()
        hubs = (before.websub, before.server, before.http)
        if hubs != (config.websub, config.server, config.http):
            self._announcer = None
            await self._stack.aclose()
            self._announcer = await self._new_announcer()

    def _conditions(self) -> Sequence[Condition]:
        state = self.reloader.state
        settings = Condition("configuration", "" if state.well else str(state))
        return (*(self._daemon.conditions() if self._poll else ()), settings)

    def _version(self) -> str:  # of the site of the moment
        return self._site.version()

    def _heads(self) -> Mapping[str, str]:
        return self._site.heads()

    def _new_site(self) -> StoredSite:
        daemon = self._daemon
        return StoredSite(
            daemon.config,
            daemon.store,
            daemon.metrics,
            daemon.started.is_set,
            conditions=self._conditions,
        )

    def _new_app(self) -> ASGIApp:
        config = self._daemon.config
        return create_app(self._site, door=self._daemon.push, max_push=config.http.max_bytes)

    async def _new_announcer(self) -> Announcer | None:
        """Nobody without hubs, or without an address."""
        if not self._poll:
            return None
        return await self._stack.enter_async_context(
            announcing(self._daemon, self._version, self._heads)
        )


@contextlib.asynccontextmanager
async def announcing(
    daemon: "Daemon", version: Callable[[], str], heads: Callable[[], Mapping[str, str]]
) -> AsyncIterator[Announcer | None]:
    """Who tells the configured hubs of changes; nobody without hubs, or without an address."""
    config = daemon.config
    if not (config.websub.hubs and config.server.base_url):
        yield None
        return
    async with Poster(
        user_agent=config.http.user_agent,
        timeout=config.http.timeout,
        allow_networks=config.http.allow_networks,
    ) as poster:
        yield Announcer(
            config.websub.hubs,
            version=version,
            heads=heads,
            post=poster.post,
            told=daemon.metrics.announced,
            clock=time.monotonic,
        )
