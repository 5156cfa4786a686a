"""HTTP as RFC 9110 has it: representations, their codings, and requests with conditions."""

import gzip
import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any

from starlette.responses import Response

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]  # status, headers, body

_SMALL = 500  # bytes; compressing less saves nothing
_CODINGS = ("zstd", "gzip")  # in the order of our preference
_CONDITIONS = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})
# The headers of a request that its answer depends on.
HEEDED = frozenset({b"accept-encoding", *(name.encode() for name in _CONDITIONS)})
_GZIP_LEVEL = 6
_ZSTD_LEVEL = 9


@dataclass(slots=True)
class Representation:
    """Bytes to be sent, with what a client may recognise them by.

    Each coding has an entity tag of its own, as strong tags must (RFC 9110, 8.8.3.3).
    """

    body: bytes
    media_type: str
    cache_control: str = "no-cache"
    modified: datetime | None = None
    link: str = ""  # the Link header (RFC 8288)
    vary: str = "accept-encoding"
    digest: str = field(init=False)
    tags: frozenset[str] = field(init=False)  # the entity tags of all codings
    _encoded: dict[str, tuple[bytes, Headers]] = field(init=False, default_factory=dict)
    _validators: dict[str, Headers] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.digest = hashlib.blake2b(self.body, digest_size=12).hexdigest()
        self.tags = frozenset(self.etag(coding) for coding in ("", *_CODINGS))
        if self.modified is not None:
            self.modified = self.modified.astimezone(UTC).replace(microsecond=0)

    def etag(self, coding: str = "") -> str:
        """The entity tag of the body in that coding; "" is the body as it is."""
        return f'"{self.digest}-{coding}"' if coding else f'"{self.digest}"'

    def coding(self, headers: Mapping[str, str]) -> str:
        """The coding that a request with those headers is answered in."""
        if len(self.body) < _SMALL:
            return ""
        return choose_coding(headers.get("accept-encoding", ""))

    def is_at_hand(self, coding: str) -> bool:
        """Whether the body in that coding is there already, so that no work is left."""
        return coding in self._encoded

    def encoded(self, coding: str) -> tuple[bytes, Headers]:
        """The body in that coding, with the headers that describe it."""
        if coding not in self._encoded:
            body = _encode(self.body, coding)
            headers = [
                *self.validators(self.etag(coding)),
                (b"content-type", self.media_type.encode("latin-1")),
                (b"content-length", str(len(body)).encode()),
            ]
            if self.modified is not None:
                moment = format_datetime(self.modified, usegmt=True)
                headers.append((b"last-modified", moment.encode()))
            if self.link:
                headers.append((b"link", self.link.encode("ascii", "ignore")))
            if coding:
                headers.append((b"content-encoding", coding.encode()))
            self._encoded[coding] = (body, headers)
        return self._encoded[coding]

    def validators(self, etag: str) -> Headers:
        """The headers that a 304 carries, too; no Last-Modified, as a tag is there (15.4.5)."""
        headers = self._validators.get(etag)
        if headers is None:
            headers = [
                (b"etag", etag.encode()),
                (b"cache-control", self.cache_control.encode()),
                (b"vary", self.vary.encode()),
            ]
            self._validators[etag] = headers
        return headers

    @property
    def size(self) -> int:
        """Bytes of memory that it holds, about."""
        return len(self.body) + sum(len(body) for body, _ in self._encoded.values())


def answer(representation: Representation, headers: Mapping[str, str]) -> Answer:
    """Status, headers and body for a GET with those request headers (names in lower case).

    The order of conditions is that of RFC 9110, 13.2.2.
    """
    short = _without_body(representation, headers)
    if short is not None:
        return short
    body, described = representation.encoded(representation.coding(headers))
    return 200, described, body


def answer_at_hand(representation: Representation, headers: Mapping[str, str]) -> Answer | None:
    """The same answer; None for one that takes some work, as nothing was compressed for it yet."""
    short = _without_body(representation, headers)
    if short is not None:
        return short
    coding = representation.coding(headers)
    if not representation.is_at_hand(coding):
        return None
    body, described = representation.encoded(coding)
    return 200, described, body


def _without_body(representation: Representation, headers: Mapping[str, str]) -> Answer | None:
    """The answer to a condition that ends the matter."""
    if _CONDITIONS.isdisjoint(headers):
        return None
    status, tag = _condition(representation, headers)
    if status == 304:
        # The client is told of the tag that it asked about: that is the copy which is good.
        known = tag or representation.etag(representation.coding(headers))
        return 304, representation.validators(known), b""
    return (412, [(b"content-length", b"0")], b"") if status == 412 else None


def response(representation: Representation, headers: Mapping[str, str]) -> Response:
    """The same as a response of Starlette."""
    status, described, body = answer(representation, headers)
    told = Response(body, status)
    told.raw_headers = described
    return told


@lru_cache(256)
def choose_coding(accept: str) -> str:
    """The content coding to use for an Accept-Encoding (RFC 9110, 12.5.3); "" is none."""
    if not accept:
        return ""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = _weight(parameters)
    anything = weights.get("*", 0.0)
    best = max(_CODINGS, key=lambda name: weights.get(name, anything))
    wanted = weights.get(best, anything)
    return best if wanted > 0 and wanted >= weights.get("identity", 0.0) else ""


def request_headers(scope: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request that are heeded here; lists that came in parts are joined."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name in HEEDED:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _condition(representation: Representation, headers: Mapping[str, str]) -> tuple[int, str]:
    """200, 304 or 412; with 304 the tag that was recognised."""
    tags = representation.tags
    if (wanted := headers.get("if-match")) is not None:
        if wanted.strip() != "*" and not any(tag in tags for tag in _listed(wanted)):
            return 412, ""
    elif _newer(representation, headers.get("if-unmodified-since")):
        return 412, ""
    if (known := headers.get("if-none-match")) is not None:
        if known.strip() == "*":
            return 304, ""
        # Weak comparison: proxies that compress make our tags weak.
        matches = (tag.removeprefix("W/") for tag in _listed(known))
        tag = next((tag for tag in matches if tag in tags), "")
        return (304, tag) if tag else (200, "")
    known_at = headers.get("if-modified-since")
    if representation.modified and _date(known_at) and not _newer(representation, known_at):
        return 304, ""
    return 200, ""


def _newer(representation: Representation, than: str | None) -> bool:
    """Whether the representation is known to be newer than an HTTP-date."""
    moment = _date(than)
    return bool(moment and representation.modified and representation.modified > moment)


def _listed(tags: str) -> Iterable[str]:
    """The entity tags of a list. Ours hold no commas, so that others' may be cut anywhere."""
    return (tag.strip() for tag in tags.split(","))


def _date(text: str | None) -> datetime | None:
    """An HTTP-date; None for one that nobody can read, which is then ignored (13.1.3)."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _encode(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    if coding == "zstd":
        return zstd.compress(body, _ZSTD_LEVEL)
    return body
