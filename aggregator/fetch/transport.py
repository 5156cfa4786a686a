"""Connections: httpx's interface on aiohttp's connector, with the guard inside it."""

import asyncio
import socket
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from aggregator.errors import ConfigError
from aggregator.fetch.guard import Guard

# Of one answer: its longest header line in bytes, and how many it may have.
_MAX_HEADER = 8190
_MAX_HEADERS = 128
_MOST_LANES = 8  # addresses of one host at which a turn is taken


class Resolver(AbstractResolver):
    """Looks names up by the system's means, in threads of its own.

    A lookup cannot be stopped, and a dead name server takes its time. aiohttp's own resolver
    would do the waiting in the loop's default threads, which all else in the process shares.
    What was found is kept for a moment, so that the address that a turn is taken at is the one
    that is connected; the guard looks at that address once more, so a stale one opens nothing.
    """

    _KEPT = 10.0  # seconds
    _MOST = 4096

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dns")
        self._found: OrderedDict[str, tuple[float, list[tuple[int, int, str]]]] = OrderedDict()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host, as aiohttp's connector wants them. Raises `OSError`."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, protocol, address in await self.addresses(host)
            if family in {socket.AF_UNSPEC, kind}
        ]

    async def addresses(self, host: str) -> list[tuple[int, int, str]]:
        """Family, protocol and address of each address of a host. Raises `OSError`."""
        now = time.monotonic()
        known = self._found.get(host)
        if known is not None and now - known[0] < self._KEPT:
            return known[1]
        lookup = partial(
            socket.getaddrinfo, host, 0, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        found = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        kept = [(int(kind), protocol, str(where[0])) for kind, _, protocol, _, where in found]
        self._found[host] = (time.monotonic(), kept)
        self._found.move_to_end(host)
        while len(self._found) > self._MOST:
            self._found.popitem(last=False)
        return kept

    async def close(self) -> None:
        """Give up on lookups that have not begun; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Transports:
    """A direct transport, and one for each proxy that the environment names."""

    def __init__(
        self, guard: Guard, *, concurrency: int, keep_alive: timedelta, trust_env: bool
    ) -> None:
        self._guard = guard
        self._concurrency = concurrency
        self._keep_alive = keep_alive.total_seconds()
        self._proxies = _proxies() if trust_env else {}
        self._resolver: Resolver | None = None
        self._direct: AiohttpTransport | None = None
        self._proxied: dict[str, AiohttpTransport] = {}

    def open(self) -> None:
        """Make the transports. Needs a running loop."""
        tls = httpx.create_ssl_context()  # takes some 20 ms, so once
        # Threads start as they are needed; one for each exchange would be idle most of the time.
        self._resolver = resolver = Resolver(min(self._concurrency, 32))

        def transport(proxy: str | None) -> AiohttpTransport:
            connector = aiohttp.TCPConnector(
                limit=self._concurrency,
                keepalive_timeout=self._keep_alive,
                ssl=tls,
                resolver=resolver,
                # A proxy is the operator's own choice, wherever it stands.
                socket_factory=None if proxy else self._guard.socket_factory(),
            )
            session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                max_line_size=_MAX_HEADER,
                max_field_size=_MAX_HEADER,
                max_headers=_MAX_HEADERS,
            )
            # aiohttp would ask again at once where a connection ends without an answer, without
            # a pause and without a word to us.
            session._retry_connection = False
            return AiohttpTransport(
                verify=tls, client=session, proxy=httpx.Proxy(proxy) if proxy else None
            )

        self._direct = transport(None)
        self._proxied = {proxy: transport(proxy) for proxy in set(self._proxies.values())}

    def for_url(self, url: httpx.URL) -> AiohttpTransport:
        """The transport that leads to `url`.

        Raises `RefusedAddressError` where a proxy would be asked for an address that is refused.
        """
        assert self._direct is not None, "a Fetcher is an async context manager: enter it first"
        proxy = self._proxies.get(url.scheme)
        # What was opened by listing it is near, and no proxy's business.
        if proxy is None or self._guard.opens(url.host) or proxy_bypass(url.host):
            return self._direct
        try:
            address = ip_address(url.host)
        except ValueError:
            return self._proxied[proxy]
        self._guard.check(address)
        return self._proxied[proxy]

    async def addresses(self, url: httpx.URL) -> list[str]:
        """The addresses that `url` leads to; none where a proxy looks them up. Raises `OSError`.

        `RefusedAddressError` is raised where the connection would be.
        """
        if self.for_url(url) is not self._direct:
            return []
        try:
            return [str(ip_address(url.host))]
        except ValueError:
            pass
        assert self._resolver is not None
        host = url.raw_host.decode("ascii")
        return [address for _, _, address in await self._resolver.addresses(host)][:_MOST_LANES]

    async def close(self) -> None:
        """Close all connections."""
        opened = [self._direct, *self._proxied.values()]
        self._direct, self._proxied = None, {}
        for transport in opened:
            if transport is not None:
                await transport.aclose()
        if self._resolver is not None:
            await self._resolver.close()


def _proxies() -> dict[str, str]:
    """The proxy of each scheme, from the environment (or the system's own settings)."""
    found = getproxies()
    chosen = {scheme: found.get(scheme) or found.get("all") for scheme in ("http", "https")}
    proxies = {
        scheme: proxy if "://" in proxy else f"http://{proxy}"
        for scheme, proxy in chosen.items()
        if proxy
    }
    for proxy in proxies.values():
        if not proxy.startswith(("http://", "https://")):
            raise ConfigError(
                f"The environment names the proxy {proxy.split('@')[-1]!r}, which is not HTTP.",
                reason="proxy",
                remedy="Set HTTP_PROXY and HTTPS_PROXY to an http:// address, or to nothing.",
            )
    return proxies
