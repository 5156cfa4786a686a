"""The site's own addresses, as whoever asks can reach them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aggregator.web.site import Site

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
# Not ";" and ",", though a URI may have them: many who read Link headers take them for their ends.
_CLEAN_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$'()*:@/?&=+-]|%[0-9A-Fa-f]{2})*")


def base_of(site: Site, scope: Mapping[str, Any]) -> str:
    """The site's address without a slash at the end: as configured, else as it was asked for."""
    if site.base_url:
        return site.base_url
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1")
            if _HOST.fullmatch(host):
                return f"{scope['scheme']}://{host.lower()}"
    return site.fallback_url


def root_of(site: Site) -> str:
    """What stands before every path of the site, where it does not live at its host's root."""
    return urlsplit(site.base_url).path.rstrip("/") if site.base_url else ""


def own_url(base: str, scope: Mapping[str, Any]) -> str:
    """The address that was asked for; its query as it was sent, where that can stand in a URI."""
    query = scope["query_string"].decode("latin-1")
    if not _CLEAN_QUERY.fullmatch(query):
        query = urlencode(parse_qsl(query, keep_blank_values=True))
    return f"{base}{scope['path']}" + (f"?{query}" if query else "")
