"""One small hierarchy of errors, each written for the person who reads it.

Every error has a short machine word, `reason`, which is stable: it labels metrics, is kept with
a feed's last poll, and is what tests look at. The message says what was wrong, where, and what
to do about it.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any


class AggregatorError(Exception):
    """Base of all errors that this project raises on purpose.

    `reason` is a short lower-case word with underscores, from a bounded set.
    `remedy` says what a person can do about it; it may be empty.
    """

    def __init__(self, message: str, *, reason: str = "error", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (parsing runs in a pool), keywords included.
        return (_rebuild, (type(self), self.message, self.reason, self.remedy))

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def _rebuild(
    kind: type[AggregatorError],
    message: str,
    reason: str,
    remedy: str,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> AggregatorError:
    return kind(message, reason=reason, remedy=remedy, **more)


class ConfigError(AggregatorError):
    """The configuration cannot be used."""


class FetchError(AggregatorError):
    """A URL could not be fetched: network, HTTP status, limits, or a refused address.

    `status` is the HTTP status, where the server gave one. `retry_after` is how long the server
    asked to be left alone (RFC 9110, 10.2.3), where it did. `permanent_url` is where permanent
    redirects had led by then, or "".
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "error",
        remedy: str = "",
        status: int | None = None,
        retry_after: timedelta | None = None,
        permanent_url: str = "",
    ) -> None:
        super().__init__(message, reason=reason, remedy=remedy)
        self.status = status
        self.retry_after = retry_after
        self.permanent_url = permanent_url

    def __reduce__(self) -> tuple[object, ...]:
        keywords = {
            "status": self.status,
            "retry_after": self.retry_after,
            "permanent_url": self.permanent_url,
        }
        return (_rebuild, (type(self), self.message, self.reason, self.remedy, keywords))


class ParseError(AggregatorError):
    """Bytes that were fetched are not what they should be."""


class StoreError(AggregatorError):
    """The database refused, or is not one that this version can use."""


class OvertakenError(AggregatorError):
    """Another process did the same work meanwhile, and what it did stands."""


class NotFoundError(AggregatorError):
    """Something was asked for by a name that nothing has."""
