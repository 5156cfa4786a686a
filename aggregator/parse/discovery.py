"""The feeds that an HTML page names: `<link rel="alternate">` of a feed's type."""

from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from aggregator.parse.guards import is_tangled
from aggregator.parse.urls import absolute

_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
)
_HEAD = 200_000  # bytes in which a page's links to its feeds stand
_MOST = 10


def feeds_named(body: bytes, url: str) -> list[str]:
    """The addresses of the feeds that a page at `url` names, as it orders them.

    Those of comments come last, and those of other hosts are left out: a page that took a feed's
    place, such as a notice of a network, must not lead it elsewhere.
    """
    text = body[:_HEAD].decode("utf-8", "replace")
    if is_tangled(text):
        return []
    host = urlsplit(url).hostname
    found: list[tuple[bool, str]] = []
    for link in LexborHTMLParser(text).css("link[rel][href]")[:200]:
        attributes = link.attributes
        rel = (attributes.get("rel") or "").lower().split()
        kind = (attributes.get("type") or "").partition(";")[0].strip().lower()
        href = (attributes.get("href") or "").strip()
        target = absolute(href, url) if href else None
        if "alternate" not in rel or kind not in _TYPES or not target:
            continue
        if urlsplit(target).hostname == host:
            found.append(("comment" in f"{attributes.get('title')} {target}".lower(), target))
    return list(dict.fromkeys(target for _, target in sorted(found, key=lambda one: one[0])))[
        :_MOST
    ]
