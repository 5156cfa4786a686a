"""Subscriptions in OPML 2.0, as feed readers export them."""

import re

import listparser
import structlog
from lxml import etree

from aggregator.config.problems import shown
from aggregator.config.values import same_url
from aggregator.errors import ConfigError
from aggregator.model import FeedSpec

# What FreshRSS reads by rules of its own: pages and answers that are no feeds.
_SCRAPED = ("+xpath", "+dotnotation")
_NO_CATEGORY = {"all", "uncategorized"}  # the folders of what Miniflux and FreshRSS have in none

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']""")

log = structlog.get_logger(__name__)


def feeds_from_opml(data: bytes, source: str) -> tuple[FeedSpec, ...]:
    """The feeds of an OPML document, each URL once; the innermost folder is the category.

    `source` (a path or URL) is named in errors. Outlines whose address is not http(s), or that
    are read by another program's rules for scraping, are skipped and logged. Raises ConfigError
    when the document is not OPML or lists no feed.
    """
    feeds, skipped = read_opml(data, source)
    if skipped:
        log.warning("opml_outlines_skipped", source=source, skipped=len(skipped), first=skipped[0])
    return feeds


def read_opml(data: bytes, source: str) -> tuple[tuple[FeedSpec, ...], tuple[str, ...]]:
    """As `feeds_from_opml`, with the addresses that were skipped instead of a log line."""
    try:
        data = _as_utf8(data)
        parsed = listparser.parse(data)
    except (etree.LxmlError, LookupError, UnicodeError) as error:
        raise _unreadable(source) from error
    if not parsed["version"].startswith("opml"):
        raise _unreadable(source)
    feeds: dict[str, FeedSpec] = {}
    skipped: list[str] = []
    scraped = _scraped(data)
    for outline in parsed["feeds"]:
        url = outline["url"]
        key = same_url(url)
        if key is None or url in scraped:
            skipped.append(url)
            continue
        folders: list[str] = next(iter(outline["categories"]), [])
        category = next((folder for folder in reversed(folders) if folder), None)
        if category is not None and category.casefold() in _NO_CATEGORY:
            category = None
        feeds.setdefault(key, FeedSpec(url, outline["title"] or None, category=category))
    if not feeds:
        found = f", only {shown(skipped[0])} and the like" if skipped else ""
        raise ConfigError(
            f"{source} lists no feed with an http or https address{found}.",
            reason="opml_without_feeds",
            remedy="A feed is an <outline> with an xmlUrl attribute.",
        )
    return tuple(feeds.values()), tuple(skipped)


def _scraped(data: bytes) -> set[str]:
    """The addresses of outlines whose type says that they are no feeds, which listparser drops."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.LxmlError:  # nothing that could be read as XML
        return set()
    outlines = () if root is None else root.iter("outline")
    return {
        outline.get("xmlUrl", "").strip()
        for outline in outlines
        if outline.get("type", "").strip().lower().endswith(_SCRAPED)
    }


def _as_utf8(data: bytes) -> bytes:
    # The reader takes documents for UTF-8, whatever their declaration says.
    declared = _DECLARED.match(data[:200])
    if declared is None:
        return data
    encoding = declared[1].decode("ascii")
    return data.decode(encoding, errors="replace").encode()


def _unreadable(source: str) -> ConfigError:
    return ConfigError(
        f"{source} is not an OPML document.",
        reason="not_opml",
        remedy="Export the subscriptions of a feed reader as OPML; the file begins with <opml>.",
    )
