"""From what can go wrong in an exchange to an error that says what to do about it.

The reasons are a bounded set: `bad_url`, `dns`, `connect`, `tls`, `proxy`, `refused_address`,
`timeout`, `too_large`, `bad_encoding`, `truncated`, `protocol`, `too_many_redirects`,
`redirect_loop`, `asked_to_wait`, `host_resting`, `robots`, `robots_unreachable`, `gone`,
`http_401`, `http_403`, `http_404`, `http_429`, `http_503`, and `http_2xx` to `http_5xx` for the
other statuses.
"""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
import httpx
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError

from aggregator.errors import FetchError
from aggregator.fetch.guard import RefusedAddressError

# All that httpx, its aiohttp transport (which lets some of aiohttp's own through), and the
# sockets and codecs beneath them are known to raise.
EXCHANGE_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,
    ValueError,
)

# A server may ask for any time; beyond this it asks never to be visited again.
LONGEST_RETRY_AFTER = timedelta(days=365)

_STATUS_REASONS = {401: "http_401", 403: "http_403", 404: "http_404", 410: "gone"}
_STATUS_REASONS |= {429: "http_429", 503: "http_503"}
_STATUS_REMEDIES = {
    "http_401": "It wants a login; put the user and password into the URL, if you have them.",
    "http_403": "It refuses this client or network; open it in a browser, or ask its publisher.",
    "http_404": "Check the address; the site may have moved its feed.",
    "gone": "It was taken down for good; remove it, or look for its successor.",
    "http_429": "It is asked too often; raise poll.interval or poll.per_host_delay.",
    "http_503": "It is overloaded or under repair; it is tried again later.",
    "http_2xx": "It has nothing to show; check that this is the address of a feed.",
    "http_3xx": "It redirects without saying where; open it in a browser and use what it leads to.",
    "http_4xx": "It does not like the request; check the address in a browser.",
    "http_5xx": "The fault is the server's; it is tried again later.",
}


def shown(url: httpx.URL) -> str:
    """A URL for messages: no password in it, and not longer than a line or two."""
    text = str(url.copy_with(password=None) if url.userinfo else url)
    return text if len(text) <= 200 else text[:199] + "…"


def of_status(url: httpx.URL, status: int, retry_after: timedelta | None) -> FetchError:
    """The error for an answer that is neither 200, 304 nor a redirect that can be followed."""
    reason = _STATUS_REASONS.get(status, f"http_{min(max(status // 100, 2), 5)}xx")
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    return FetchError(
        f"{shown(url)} answered {phrase}.",
        reason=reason,
        remedy=_STATUS_REMEDIES[reason],
        status=status,
        retry_after=retry_after,
    )


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to wait (RFC 9110, 10.2.3): seconds or a date.

    None where it is missing or makes no sense; never negative, never above a year.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        digits = value.lstrip("0") or "0"
        days = LONGEST_RETRY_AFTER // timedelta(seconds=1)
        return timedelta(seconds=min(int(digits[:12]), days))
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if then.tzinfo is None:  # "-0000" in the date
        then = then.replace(tzinfo=UTC)
    return min(max(then - now, timedelta(0)), LONGEST_RETRY_AFTER)


def too_slow(url: httpx.URL, timeout: timedelta) -> FetchError:
    """The error for an exchange that was not over in time."""
    return FetchError(
        f"{shown(url)} took longer than {timeout.total_seconds():g} s.",
        reason="timeout",
        remedy="The server is slow or stalls; if it always is, raise http.timeout.",
    )


def too_large(url: httpx.URL, max_bytes: int) -> FetchError:
    """The error for a body beyond the limit."""
    return FetchError(
        f"{shown(url)} sends more than {max_bytes:,} bytes.",
        reason="too_large",
        remedy="No feed is that long; if this one is, raise http.max_bytes.",
    )


def of_exception(url: httpx.URL, error: Exception, timeout: timedelta) -> FetchError:
    """The error for one of `EXCHANGE_ERRORS`."""
    # httpx-aiohttp's mapping is coarse (a lost connection becomes a connect timeout); its cause
    # is exact.
    cause = error
    if isinstance(error, httpx.HTTPError) and isinstance(error.__cause__, Exception):
        cause = error.__cause__
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        return too_slow(url, timeout)
    refused = _refused(cause)
    if refused is not None:
        return FetchError(
            f"{shown(url)} leads to {refused.address}, which is refused ({refused.kind}).",
            reason="refused_address",
            remedy="If it is yours and meant to be read, list its network in http.allow_networks.",
        )
    reason, message, remedy = _told(cause)
    return FetchError(f"{shown(url)}: {message}", reason=reason, remedy=remedy)


def _refused(error: Exception) -> RefusedAddressError | None:
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return inner if isinstance(inner, RefusedAddressError) else None


def _told(error: Exception) -> tuple[str, str, str]:  # noqa: PLR0911  (a table with types for keys)
    """Reason, message and remedy."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return (
                "dns",
                f"the name {error.host!r} could not be looked up ({error.os_error}).",
                "Check its spelling, and that names can be looked up from here.",
            )
        case socket.gaierror():
            return (
                "dns",
                f"its host's name could not be looked up ({error.strerror or error}).",
                "Check its spelling, and that names can be looked up from here.",
            )
        case aiohttp.ClientConnectorCertificateError():
            return (
                "tls",
                f"its certificate is not to be trusted ({error.certificate_error}).",
                "Its publisher must repair that; for a private authority set SSL_CERT_FILE.",
            )
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return (
                "tls",
                f"no secure connection could be made ({error}).",
                "The server may not speak https at this port; try http, or another port.",
            )
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return (
                "proxy",
                f"the proxy did not connect ({error}).",
                "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY in the environment.",
            )
        case aiohttp.ClientConnectorError():
            return (
                "connect",
                f"no connection to {error.host} port {error.port} ({error.os_error}).",
                "Check the address; the server may be down.",
            )
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | aiohttp.InvalidURL():
            return (
                "bad_url",
                f"this is not an address that can be fetched ({error}).",
                "Write it in full, as a browser shows it: https://example.org/feed.xml",
            )
        case UnicodeError():
            return (
                "bad_url",
                f"its host name cannot be written in DNS ({error}).",
                "Check the host's spelling; each part has at most 63 letters.",
            )
        case _ if _is_cut_off(error):
            return (
                "truncated",
                f"the answer was cut off ({error}).",
                "It is tried again later; if it stays so, its server or a proxy is broken.",
            )
        case _:
            return (
                "protocol",
                f"the server does not speak proper HTTP ({str(error)[:200]}).",
                "Check the port, and that a web server is behind it.",
            )


def _is_cut_off(error: Exception) -> bool:
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | OSError):
        return True
    if not isinstance(error, aiohttp.ClientPayloadError):
        return False
    # aiohttp says "not completed" of a connection that closed inside a body.
    return isinstance(error.__cause__, ContentLengthError) or "not completed" in str(error)
