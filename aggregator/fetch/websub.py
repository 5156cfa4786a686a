"""WebSub (W3C Recommendation, 2018), the subscriber's side: what is said and checked. Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode, urljoin

import httpx

LEASE = timedelta(days=10)  # that hubs are asked for; what they grant counts
LONGEST_LEASE = timedelta(days=60)
_METHODS = ("sha1", "sha256", "sha384", "sha512")  # section 8


def hub_of(headers: Mapping[str, str], url: str) -> tuple[str, str]:
    """The hub and the topic that an answer's Link headers name (section 4); "" without one."""
    value = headers.get("link", "")
    if "hub" not in value:
        return "", ""
    header = (b"link", value[:8000].encode("utf-8", "replace"))
    found: dict[str, str] = {}
    for name, link in httpx.Response(200, headers=[header]).links.items():
        try:
            target = urljoin(url, link.get("url", ""))
        except ValueError:
            continue  # no address
        for relation in (name or "").lower().split():
            found.setdefault(relation, target)
    return found.get("hub", ""), found.get("self", "")


def subscription(*, callback: str, topic: str, secret: str) -> bytes:
    """The form that asks a hub for a subscription (section 5.1)."""
    form = {
        "hub.mode": "subscribe",
        "hub.topic": topic,
        "hub.callback": callback,
        "hub.lease_seconds": str(round(LEASE.total_seconds())),
        "hub.secret": secret,
    }
    return urlencode(form).encode("ascii")


def lease_of(seconds: str) -> timedelta:
    """The lease that a hub grants; what it does not say is what was asked for."""
    if not (seconds.isascii() and seconds.isdigit()):
        return LEASE
    return min(timedelta(seconds=int(seconds[:9])), LONGEST_LEASE)


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether X-Hub-Signature is of this body and secret (section 8), in constant time."""
    method, _, digest = signature.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    right = hmac.new(secret.encode(), body, getattr(hashlib, method.lower())).hexdigest()
    return hmac.compare_digest(right.encode(), digest.strip().lower().encode("utf-8", "replace"))
