"""Addresses: absolute http(s) ones only, and what two of them are compared by."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urljoin, urlsplit

_LONGEST = 4_000  # characters; servers refuse longer ones
_ABSOLUTE = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?"
)
_NOT_IN_URLS = str.maketrans({" ": "%20", '"': "%22", "<": "%3C", ">": "%3E", "`": "%60"})


def absolute(url: str, base_url: str = "") -> str | None:
    """The URL against its base; None when it is not of http or https, or cannot be read."""
    if len(url) > _LONGEST:
        return None
    if _ABSOLUTE.fullmatch(url):  # which most are
        return url
    try:
        joined = urljoin(base_url, url.strip())
        parts = urlsplit(joined)
        _ = parts.port  # raises on what is no number
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not joined.isprintable():
        return None
    return f"{parts.scheme}{joined[len(parts.scheme) :]}".translate(_NOT_IN_URLS)


def comparable(url: str) -> str:
    """What two addresses of one page have in common.

    Left out are the scheme, the case of the host, default ports, the fragment (but for "#!" and
    "#/", by which some sites tell pages apart) and what tracks readers (`data/tracking.toml`).
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    address = host if port in {None, 80, 443} else f"{host}:{port}"
    query = parts.query
    if query:
        tracking = _tracking()
        query = "&".join(p for p in query.split("&") if p and not tracking.has(p))
    fragment = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
    return f"{address}{parts.path or '/'}{'?' if query else ''}{query}{fragment}"


@dataclass(frozen=True, slots=True)
class _Tracking:
    names: frozenset[str]
    prefixes: tuple[str, ...]
    pairs: frozenset[str]

    def has(self, parameter: str) -> bool:
        parameter = parameter.lower()
        name = parameter.partition("=")[0]
        return name in self.names or name.startswith(self.prefixes) or parameter in self.pairs


@cache
def _tracking() -> _Tracking:
    document = tomllib.loads((files("aggregator.parse") / "data/tracking.toml").read_text("utf-8"))
    for name in ("names", "prefixes", "pairs"):
        if any(phrase != phrase.lower() for phrase in document[name]):
            raise ValueError(f"tracking.toml: {name} must be in lower case")
    return _Tracking(
        frozenset(document["names"]), tuple(document["prefixes"]), frozenset(document["pairs"])
    )
