"""Feeds in their formats, article pages and front pages: articles to bytes."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from aggregator.demo.copydesk import Article
from aggregator.demo.desk import Outlet

FEED_TYPES = {
    "rss2": "application/rss+xml",
    "rss1": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


def guid(article: Article) -> str:
    """The article's id in its feed, in the manner of its outlet; it outlives all changes."""
    outlet = article.outlet
    if outlet.signs:
        return f"http://{outlet.domain}/?p={int(_digest(article.key)[:6], 16)}"
    if outlet.shows == "pointer":
        return _digest(article.key)
    return f"tag:{outlet.domain},2026:{article.story}"


def feed(
    outlet: Outlet, articles: Sequence[Article], *, home: str, changed: datetime, homes: Any
) -> bytes:
    """An outlet's feed, newest first as given. `homes`: the front pages of outlets, by key."""
    url = home.rstrip("/") + (outlet.feed or "")
    if outlet.format == "json":
        return _json_feed(outlet, articles, home, url)
    template = _environment.get_template(f"{outlet.format}.xml")
    text = template.render(
        outlet=outlet, articles=articles, home=home, self_url=url, changed=changed, homes=homes
    )
    return text.encode()


def page(article: Article, others: Sequence[Article], now: datetime) -> bytes:
    """An article's page, with what the outlet puts around it."""
    template = _environment.get_template(f"page-{article.outlet.page}.html")
    return _html(template, article.outlet, article=article, others=others, now=now)


def front_page(outlet: Outlet, articles: Sequence[Article], now: datetime) -> bytes:
    """An outlet's front page."""
    return _html(_environment.get_template("home.html"), outlet, articles=articles, now=now)


def _html(template: Any, outlet: Outlet, **values: Any) -> bytes:
    text: str = template.render(outlet=outlet, feed_type=FEED_TYPES[outlet.format], **values)
    return text.encode()


def _json_feed(outlet: Outlet, articles: Sequence[Article], home: str, url: str) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": home,
        "feed_url": url,
        "description": outlet.motto,
        "language": outlet.language,
        "items": [_json_item(article) for article in articles],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _json_item(article: Article) -> dict[str, Any]:
    item = {
        "id": guid(article),
        "url": article.url,
        "title": article.title,
        "content_html": article.html,
        "summary": article.teaser,
        "date_published": article.published.isoformat(),
        "date_modified": article.updated.isoformat(),
    }
    return item | ({"authors": [{"name": article.author}]} if article.author else {})


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


_environment = Environment(
    loader=PackageLoader("aggregator.demo"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"rfc822": format_datetime, "guid": guid, "day": _day}
