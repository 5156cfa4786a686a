"""The HTTP edge: one URL in, one finished exchange or one `FetchError` out."""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import TracebackType
from typing import Self

import httpx

from aggregator.errors import FetchError
from aggregator.fetch import failures
from aggregator.fetch.decoding import ACCEPT_ENCODING, DecodingError, decoder_for
from aggregator.fetch.guard import Guard, Network
from aggregator.fetch.pacing import Alone, Others, Pacer, Resting, site_of
from aggregator.fetch.robots import MAX_BYTES as MAX_ROBOTS
from aggregator.fetch.robots import Robots
from aggregator.fetch.transport import Transports
from aggregator.model import Response, Validators

MAX_REDIRECTS = 10
MAX_URL = 8000  # characters, as RFC 9110, 4.1 has every server take

_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}
_NO_VALIDATORS = Validators()
# A redirect that asks to be followed after a moment is; one that asks for more ends the poll.
_A_MOMENT = timedelta(seconds=3)
_FIRST_REST = 30  # pauses between two requests that a host is left alone for, the first time
_ROBOTS_REDIRECTS = 5  # RFC 9309, 2.3.1.2
_UNANSWERED = frozenset({"connect", "dns", "tls"})


class Accept(StrEnum):
    """What is asked for, as the Accept header says it. Nothing is refused for its type."""

    FEED = (
        "application/atom+xml, application/rss+xml, application/feed+json, "
        "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
    )
    PAGE = "text/html, application/xhtml+xml, */*;q=0.1"
    ROBOTS = "text/plain, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one hop came to: a redirect (`location`), or the end of the way."""

    status: int
    headers: httpx.Headers
    location: str | None = None
    body: bytes = b""
    wire_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where an exchange began and ended: `asked` is the last URL as it went to the server."""

    url: str
    final: str
    asked: str
    permanent: str


class Fetcher:
    """Fetches feeds and pages from servers that may be slow, broken or hostile.

    `timeout` is for the exchange as a whole, all redirects included, from connecting to the
    body's last byte; the wait for a host's turn does not count. `max_bytes` limits the body, as
    transferred and as decoded. Addresses that are not public are refused, but for
    `allow_networks`. At most `concurrency` exchanges run at once, at most one at a host, with
    `per_host_delay` between; each redirect is an exchange of its own in this.

    `trust_env`: whether the proxies of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are used.
    A proxy looks names up itself, so it is the proxy that must keep names from leading to private
    addresses; hosts written as addresses are checked here either way. Raises `ConfigError` for a
    proxy that is not HTTP.

    Pages obey robots.txt, feeds and lists of feeds do not. A host that answers 429 or 503, or
    that cannot be connected to three times in a row, is left alone for a while, longer each time:
    what is asked for there meanwhile is refused with the reason `host_resting`.

    `others` are processes that ask the same hosts: all of the above holds over them together, but
    for what robots.txt said, which each asks for itself.

    `clock` gives seconds that only grow, `sleep` waits for seconds, and `now` is the time of day,
    which Retry-After dates are measured against.

    An async context manager; it owns its connections, keeps no cookies, and sends no referrer.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        timeout: timedelta,
        max_bytes: int,
        allow_networks: Sequence[Network] = (),
        concurrency: int = 64,
        per_host_delay: timedelta = timedelta(seconds=1),
        trust_env: bool = True,
        others: Others | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._user_agent = user_agent
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._guard = Guard(allow_networks)
        self._pacer = Pacer(per_host_delay, clock=clock, sleep=sleep)
        self._pause = per_host_delay.total_seconds()
        self._others = others or Alone()
        self._resting = Resting(per_host_delay * _FIRST_REST, clock=clock)
        self._robots = Robots(self._robots_txt, _product(user_agent), clock)
        self._sleep = sleep
        self._slots = asyncio.Semaphore(concurrency)
        self._transports = Transports(
            self._guard,
            concurrency=concurrency,
            # Long enough for a host's next article page, short enough not to hoard connections.
            keep_alive=min(per_host_delay + timedelta(seconds=2), timedelta(seconds=15)),
            trust_env=trust_env,
        )
        self._clock = clock
        self._now = now

    def change(
        self,
        *,
        user_agent: str,
        timeout: timedelta,
        max_bytes: int,
        allow_networks: Sequence[Network],
        per_host_delay: timedelta,
    ) -> None:
        """Fetch like this from now on. Turns at hosts, and hosts that rest, stay as they are."""
        if user_agent != self._user_agent:
            self._user_agent = user_agent
            self._robots = Robots(self._robots_txt, _product(user_agent), self._clock)
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._guard.allow(allow_networks)
        self._pacer.pause(per_host_delay)
        self._pause = per_host_delay.total_seconds()
        self._resting.begin_with(per_host_delay * _FIRST_REST)

    async def __aenter__(self) -> Self:
        self._transports.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transports.close()

    async def get(
        self,
        url: str,
        *,
        validators: Validators = _NO_VALIDATORS,
        accept: Accept = Accept.FEED,
        waited: bool = False,
    ) -> Response:
        """Fetch `url`, following redirects.

        The validators are sent as they were given, to the document that they were given for and
        to no other. With an ETag, a feed may answer with what is new only (226, RFC 3229). A 304
        returns the validators, renewed by what it carries itself.

        A redirect that asks for a wait (Retry-After) is not followed before: it ends in the
        reason `asked_to_wait`, but for those who have `waited`.

        Raises `FetchError`; its `reason` is one of those listed in `aggregator.fetch.failures`.
        """
        here = _parsed(url)
        final, permanent, still_permanent = url, url, True
        visited = {here}
        spent = 0.0
        for _ in range(MAX_REDIRECTS + 1):
            delay = await self._robots.delay(here) if accept is Accept.PAGE else 0.0
            headers = self._headers(here, validators, accept)
            budget = self._timeout.total_seconds() - spent
            answer, seconds = await self._hop(here, headers, budget, delay=delay)
            spent += seconds
            if answer.location is None:
                ends = _Ends(url, final, str(here), permanent)
                return _response(answer, validators, ends, spent)
            before, here = here, _redirected(here, answer.location)
            final = str(here)
            still_permanent = still_permanent and answer.status in _PERMANENT
            if still_permanent:
                permanent = final
            if here in visited:
                raise FetchError(
                    f"{failures.shown(_parsed(url))} redirects in a circle.",
                    reason="redirect_loop",
                    remedy="Open it in a browser; a site may do this to clients without cookies.",
                    status=answer.status,
                )
            visited.add(here)
            if not waited:
                await self._wait_as_asked(before, answer, permanent if still_permanent else "")
        raise FetchError(
            f"{failures.shown(_parsed(url))} redirects more than {MAX_REDIRECTS} times.",
            reason="too_many_redirects",
            remedy="Open it in a browser, and use the address that it leads to.",
        )

    async def post(self, url: str, form: bytes) -> int:
        """Send a form, as WebSub hubs want it, in the host's turn; the status, if it is 2xx.

        Redirects are not followed. Raises `FetchError` as `get` does.
        """
        here = _parsed(url)
        headers = self._headers(here, _NO_VALIDATORS, Accept.ROBOTS)
        headers.append((b"Content-Type", b"application/x-www-form-urlencoded"))
        budget = self._timeout.total_seconds()
        answer, _ = await self._hop(here, headers, budget, limit=MAX_ROBOTS, form=form)
        return answer.status

    def wake(self) -> None:
        """Forget which hosts did not answer: it may have been the network.

        Those that asked to be left alone are left alone.
        """
        self._resting.forget_silent()

    async def _wait_as_asked(self, url: httpx.URL, answer: _Answer, permanent: str) -> None:
        """Wait as long as a redirect asks, if that is a moment; end the exchange where it is more.

        RFC 9110, 10.2.3.
        """
        wait = failures.retry_after(answer.headers.get("retry-after"), self._now())
        if not wait:
            return
        if wait > _A_MOMENT:
            raise FetchError(
                f"{failures.shown(url)} asks to wait {wait} before its redirect is followed.",
                reason="asked_to_wait",
                remedy="It is followed then.",
                status=answer.status,
                retry_after=wait,
                permanent_url=permanent,
            )
        await self._sleep(wait.total_seconds())

    async def _robots_txt(self, url: httpx.URL) -> str:
        """The text of a robots.txt; "" where there is none. Raises `FetchError` for all else."""
        headers = self._headers(url, _NO_VALIDATORS, Accept.ROBOTS)
        for _ in range(_ROBOTS_REDIRECTS + 1):
            try:
                budget = self._timeout.total_seconds()
                answer, _seconds = await self._hop(url, headers, budget, limit=MAX_ROBOTS)
            except FetchError as error:
                if error.status is not None and 400 <= error.status < 500 and error.status != 429:
                    return ""
                raise
            if answer.location is None:
                return answer.body.decode("utf-8-sig", "replace")
            url = _redirected(url, answer.location)
        return ""

    def _headers(
        self, url: httpx.URL, validators: Validators, accept: Accept
    ) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"User-Agent", self._user_agent.encode()),
            (b"Accept", accept.value.encode()),
            (b"Accept-Encoding", ACCEPT_ENCODING.encode()),
        ]
        if validators.url not in {"", str(url)}:
            return headers
        if validators.etag:
            headers.append((b"If-None-Match", validators.etag.encode()))
            if accept is Accept.FEED:
                headers.append((b"A-IM", b"feed"))
        if validators.last_modified:
            headers.append((b"If-Modified-Since", validators.last_modified.encode()))
        return headers

    async def _hop(
        self,
        url: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        budget: float,
        *,
        delay: float = 0.0,
        limit: int = 0,
        form: bytes | None = None,
    ) -> tuple[_Answer, float]:
        """One exchange at one host, in its turn; the seconds it took, without the wait.

        `delay` is the pause that the host asks for. Of a body longer than `limit`, where one is
        given, the beginning is returned.
        """
        site = site_of(url)
        resting = _resting_key(url, site)
        self._refuse_resting(url, resting)
        async with self._pacer.turn(site, delay=delay):
            self._refuse_resting(url, resting)  # it may have asked for that while we waited
            start = self._clock()
            hosts = {site, *await self._addresses(url, budget)}
            budget -= self._clock() - start
            async with (
                self._pacer.turns(hosts - {site}, delay=delay),
                self._slots,
                self._others.turn(
                    hosts, longest=budget, pause=max(self._pause, delay), resting=resting
                ) as left,
            ):
                if left:
                    raise _left_alone(url, left)
                start = self._clock()
                try:
                    async with asyncio.timeout(max(budget, 0)):
                        answer = await self._exchange(url, headers, limit, form)
                except failures.EXCHANGE_ERRORS as error:
                    raise self._noted(
                        resting, failures.of_exception(url, error, self._timeout)
                    ) from error
                except FetchError as error:
                    raise self._noted(resting, error) from None
                self._resting.worked(resting)
                return answer, self._clock() - start

    async def _addresses(self, url: httpx.URL, budget: float) -> list[str]:
        """The addresses that a turn is to be taken at; none where only a proxy can tell."""
        try:
            async with asyncio.timeout(max(budget, 0)):
                return await self._transports.addresses(url)
        except failures.EXCHANGE_ERRORS as error:
            raise self._noted(
                _resting_key(url, site_of(url)), failures.of_exception(url, error, self._timeout)
            ) from error

    def _refuse_resting(self, url: httpx.URL, key: str) -> None:
        left = self._resting.left(key)
        if left:
            raise _left_alone(url, left)

    def _noted(self, key: str, error: FetchError) -> FetchError:
        """The same error, and what it says of its host."""
        if error.status == 429 or (error.status == 503 and error.retry_after):
            self._resting.failed(key, asked=True, wait=error.retry_after)
            self._others.rest(key, self._resting.left(key))
        elif error.reason in _UNANSWERED:
            self._resting.failed(key, asked=False)
        elif error.status is not None:
            self._resting.worked(key)
        return error

    async def _exchange(
        self,
        url: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        limit: int = 0,
        form: bytes | None = None,
    ) -> _Answer:
        transport = self._transports.for_url(url)
        # Half the time for connecting; reading is bounded by the whole exchange's end.
        limits = {"timeout": {"connect": self._timeout.total_seconds() / 2}}
        method = "GET" if form is None else "POST"
        request = httpx.Request(method, url, headers=headers, content=form, extensions=limits)
        response = await transport.handle_async_request(request)
        try:
            status = response.status_code
            if form is not None and 200 <= status < 300:
                return _Answer(status, response.headers)
            if form is None and status in _REDIRECTS and response.headers.get("location"):
                return _Answer(status, response.headers, location=response.headers["location"])
            if status == 304:
                if "if-none-match" in request.headers or "if-modified-since" in request.headers:
                    return _Answer(status, response.headers)
                raise FetchError(
                    f"{failures.shown(url)} says 304 Not Modified, which it was not asked.",
                    reason="protocol",
                    remedy="Its server or a cache before it is broken; it is tried again later.",
                    status=status,
                )
            # RFC 3229: what is new only, where that was asked for.
            delta = status == 226 and "a-im" in request.headers
            if status != 200 and not delta:
                wait = failures.retry_after(response.headers.get("retry-after"), self._now())
                raise failures.of_status(url, status, wait)
            body, wire_bytes = await self._read(url, response, limit)
            return _Answer(status, response.headers, body=body, wire_bytes=wire_bytes)
        finally:
            # What was not read to its end goes with its connection.
            await response.aclose()

    async def _read(
        self, url: httpx.URL, response: httpx.Response, limit: int = 0
    ) -> tuple[bytes, int]:
        """The decoded body, and how many bytes it was on the wire."""
        announced = response.headers.get("content-length", "")
        if not limit and announced.isdigit() and int(announced[:20]) > self._max_bytes:
            raise failures.too_large(url, self._max_bytes)
        body, wire_bytes = io.BytesIO(), 0
        try:
            decoder = decoder_for(response.headers.get("content-encoding", ""))
            async for chunk in response.aiter_raw():
                wire_bytes += len(chunk)
                for piece in decoder.feed(chunk):
                    body.write(piece)
                    if limit and body.tell() > limit:
                        return body.getvalue()[:limit], wire_bytes
                    if body.tell() > self._max_bytes:
                        raise failures.too_large(url, self._max_bytes)
                if wire_bytes > self._max_bytes:
                    raise failures.too_large(url, self._max_bytes)
            decoder.finish()
        except DecodingError as error:
            raise FetchError(
                f"{failures.shown(url)}: {error}.",
                reason="truncated" if error.cut_off else "bad_encoding",
                remedy="It is tried again later; if it stays so, its server is broken.",
                status=response.status_code,
            ) from error
        return body.getvalue(), wire_bytes


def _response(answer: _Answer, sent: Validators, ends: "_Ends", seconds: float) -> Response:
    got = Validators(
        etag=_header(answer.headers, b"etag"),
        last_modified=_header(answer.headers, b"last-modified"),
        url=ends.asked,
    )
    if answer.status == 304:
        etag, modified = got.etag or sent.etag, got.last_modified or sent.last_modified
        got = Validators(etag, modified, ends.asked)
    elif not answer.body or not (got.etag or got.last_modified):
        # Whoever remembered an empty answer would be told for ever that nothing changed.
        got = _NO_VALIDATORS
    return Response(
        url=ends.url,
        final_url=ends.final,
        permanent_url=ends.permanent,
        status=answer.status,
        headers=dict(answer.headers),
        body=answer.body,
        validators=got,
        wire_bytes=answer.wire_bytes,
        seconds=seconds,
    )


def _header(headers: httpx.Headers, name: bytes) -> str | None:
    """A header that is to be sent back byte for byte; None where that cannot be done.

    What is no UTF-8 would be changed on its way through the database and the connection, and a
    validator that was altered is worse than none.
    """
    for key, value in headers.raw:
        if key.lower() == name:
            try:
                return value.decode() or None
            except UnicodeDecodeError:
                return None
    return None


def _redirected(here: httpx.URL, location: str) -> httpx.URL:
    try:
        return _parsed(str(here.join(location)))
    except httpx.InvalidURL as error:
        raise _bad_url(f"{failures.shown(here)} redirects to {location[:200]!r}", error) from error


def _parsed(url: str) -> httpx.URL:
    """The URL, if it is one that can be fetched."""
    if len(url) > MAX_URL:
        raise _bad_url(f"{url[:80]}…", f"longer than {MAX_URL} characters")
    try:
        parsed = httpx.URL(url)
        host = parsed.host  # decodes punycode, which may be none
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _bad_url(url[:200], error) from error
    if parsed.scheme not in {"http", "https"}:
        raise _bad_url(url[:200], "only http and https are fetched")
    if not host:
        raise _bad_url(url[:200], "it names no host")
    if "%" in host and ":" not in host:  # httpx escapes what no host name can hold
        raise _bad_url(url[:200], f"{host[:80]!r} is no host name")
    return parsed.copy_with(fragment=None) if parsed.fragment else parsed


def _bad_url(what: str, why: object) -> FetchError:
    return FetchError(
        f"{what}: not an address that can be fetched ({why}).",
        reason="bad_url",
        remedy="Write it in full, as a browser shows it: https://example.org/feed.xml",
    )


def _left_alone(url: httpx.URL, left: timedelta) -> FetchError:
    return FetchError(
        f"{failures.shown(url)} was not asked: its host is left alone for a while, "
        "as it said that it is asked too much, or did not answer.",
        reason="host_resting",
        remedy="It is asked later.",
        retry_after=left,
    )


def _product(user_agent: str) -> str:
    """The product token that robots.txt may name (RFC 9309, 2.2.1)."""
    return user_agent.partition("/")[0].strip().partition(" ")[0] or "aggregator"


def _resting_key(url: httpx.URL, site: str) -> str:
    """What is left alone as one: a site; or, of an address, one port, which may be another's."""
    return site if site != url.host.rstrip(".").lower() or "." not in site else url.netloc.decode()
