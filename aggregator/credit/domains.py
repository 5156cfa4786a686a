"""Hosts and registrable domains, offline, and what is left of an address that only leads on."""

import re
import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

from publicsuffixlist import PublicSuffixList

DATA = files("aggregator.credit") / "data"
_NO_BLOG = frozenset({"www", "m", "blog", "en", "open", "help", "support", "on"})
_HOST = re.compile(
    r"(?:(?:[a-z][a-z0-9+.-]{0,20}:)?//)?(?:[^/?#@\s]{0,200}@)?"
    r"(\[[0-9a-f:.]+\]|[^/?#:@\\\s\[\]]{1,255})(?!://)(?=(?::\d{0,5})?(?:$|[/?#\\]))",
    re.IGNORECASE,
)
_OTHER_SCHEME = re.compile(r"(?:mailto|javascript|data|tel|urn|tag|about|blob):", re.IGNORECASE)
# AMP pages are kept at addresses like www-example-com.cdn.ampproject.org/c/s/www.example.com/page.
_AMP = re.compile(r"/(?:(?:[a-z]/)?s?/?|amp/(?:s/)?)((?:[\w-]+\.)+[a-z]{2,}/.*)", re.IGNORECASE)
_ROOT = re.compile(r"(?:[a-z]{2}(?:-[a-z]{2})?)?/?(?:(?:index|default|home)(?:\.\w{2,5})?)?")
_IN_QUERY = frozenset({"url", "u", "q", "to", "target", "dest", "destination", "redirect", "z"})


def host_of(url_or_host: str) -> str:
    """The host in lower case, without port, user and final dot; "" where there is none."""
    return _host_of(url_or_host.strip()[:1000])


@lru_cache(maxsize=1024)
def _host_of(text: str) -> str:
    match = _HOST.match(text)
    if match is None or _OTHER_SCHEME.match(text):
        return ""
    host = match[1].strip("[].").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return host


def registrable_domain(url_or_host: str) -> str:
    """The domain that somebody registered: `feeds.bbci.co.uk` is `bbci.co.uk`.

    By the public suffix list that is installed, private section included, and by what it lacks,
    so that each blog of a platform is a domain of its own. An IP address is its own domain, and
    so is a host of one label. "" where there is no host.
    """
    return _registrable(host_of(url_or_host))


@lru_cache(maxsize=8192)
def _registrable(host: str) -> str:
    if not host or is_ip_address(host):
        return host
    domain: str = suffixes().privatesuffix(host) or host
    if domain == host or domain not in _blogs():
        return domain
    label = host.removesuffix(f".{domain}").rpartition(".")[2]
    return domain if label in _NO_BLOG else f"{label}.{domain}"


@cache
def _blogs() -> frozenset[str]:
    """Platforms that are no public suffixes, though each host there is another's."""
    return frozenset(tomllib.loads((DATA / "transports.toml").read_text("utf-8"))["blogs"])


@cache
def suffixes() -> PublicSuffixList:
    """The public suffix list. Reading it takes 60 ms, so it is read when it is first asked."""
    return PublicSuffixList()


def is_ip_address(host: str) -> bool:
    """Whether the host is an address and no name."""
    if not host[:1].isdigit() and ":" not in host:
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_known_suffix(domain: str) -> bool:
    """Whether the end of a name is one that domains have ("node.js" ends in none)."""
    label = domain.rpartition(".")[2].lower()
    return label in _top_labels()


@cache
def _top_labels() -> frozenset[str]:
    # "example" (RFC 2606) is no real one, but stands in many texts.
    return frozenset(rule.rpartition(".")[2] for rule in suffixes()._publicsuffix) | {"example"}


def parents(host: str) -> list[str]:
    """The host and the domains above it, nearest first: a.b.c, b.c, c."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(min(len(labels), 8))]


def is_page(url: str) -> bool:
    """Whether a URL leads to a page, rather than to a site's root or a language's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    path = parts.path.strip("/").lower()
    if _ROOT.fullmatch(path):
        return any(not name.startswith("utm_") for name, _ in _pairs(parts.query))
    return True


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=50)
    except ValueError:
        return []


def unwrapped(url: str, is_transport: Callable[[str], bool]) -> str:
    """Where an address leads, as far as it says so itself; "" where a transport does not say."""
    for _ in range(3):
        if not is_transport(host_of(url)):
            return url
        inner = _inner(url)
        if not inner:
            return ""
        url = inner
    return ""


def _inner(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    for name, value in _pairs(parts.query):
        if name.lower() in _IN_QUERY and value.startswith(("http://", "https://")):
            return value
    match = _AMP.fullmatch(unquote(parts.path))
    return f"https://{match[1]}" if match else ""
