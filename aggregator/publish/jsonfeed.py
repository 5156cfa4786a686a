"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), and what the API gives of a story."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aggregator.model import Channel, Content, Copy, FeedHealth, Story
from aggregator.publish import item
from aggregator.publish.body import body, excerpt
from aggregator.publish.text import inert, language_tag, rfc3339, without_secrets

MEDIA_TYPE = "application/feed+json"


def json_feed(channel: Channel, stories: Sequence[Story]) -> bytes:
    """The stories as a JSON Feed 1.1 document, in the order given."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": inert(channel.title),
        "home_page_url": channel.home_url,
        "feed_url": channel.url,
        "description": inert(channel.description or channel.title),
        "language": item.language(stories),
    }
    if channel.next_url:
        feed["next_url"] = channel.next_url
    if channel.hubs:
        feed["hubs"] = [{"type": "WebSub", "url": hub} for hub in channel.hubs]
    feed["items"] = [_item(channel, story) for story in stories]
    return as_json(feed)


def story_json(story: Story) -> dict[str, Any]:
    """A story in JSON, as the API gives it and as `_aggregator` in JSON Feed."""
    origin, agency = story.origin, story.agency
    return {
        "id": story.id,
        "title": story.title,
        "url": story.url,
        "origin": origin
        and {
            "name": origin.name,
            "domain": origin.domain,
            "url": origin.url,
            "role": origin.role.value,
            "confidence": round(origin.confidence, 3),
            "reason": origin.reason,
        },
        "agency": agency and {"name": agency.name, "domain": agency.domain},
        "chain": list(story.chain),
        "copies": [_copy(copy) for copy in story.copies],
        "first_seen": rfc3339(story.first_seen),
        "updated": rfc3339(story.updated),
        "category": list(story.categories),
        "language": story.language,
        "rulings": [
            {
                "kind": ruling.kind,
                "story": ruling.other,
                "url": ruling.url,
                "at": rfc3339(ruling.at),
            }
            for ruling in story.rulings
        ],
    }


def feed_json(feed: FeedHealth) -> dict[str, Any]:
    """How a feed fares, in JSON. No secret that its address may hold is in it."""
    return {
        "url": without_secrets(feed.url),
        "name": without_secrets(feed.name),
        "domain": feed.domain,
        "category": feed.category,
        "state": feed.state,
        "last_polled_at": _time(feed.last_polled_at),
        "last_success_at": _time(feed.last_success_at),
        "next_poll_at": _time(feed.next_poll_at),
        "interval_seconds": round(feed.interval.total_seconds()),
        "status": feed.status,
        "error": without_secrets(feed.error),
        "error_reason": feed.error_reason,
        "failures": feed.failures,
        "entries": feed.entries,
        "polls": feed.polls,
        "not_modified": feed.not_modified,
        "note": without_secrets(feed.note),
        "why": feed.why,
        "remedy": without_secrets(feed.remedy),
        "poll_url": without_secrets(feed.poll_url),
        "etag": feed.validators.etag,
        "last_modified": feed.validators.last_modified,
        "entries_a_day": feed.entries_a_day,
        "bytes_saved": feed.bytes_saved,
        "push": without_secrets(feed.push),
    }


def as_json(value: Any) -> bytes:
    """JSON for people too: UTF-8, indented."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return text.encode("utf-8", "replace") + b"\n"


def _item(channel: Channel, story: Story) -> dict[str, Any]:
    author = item.author(story)
    told: dict[str, Any] = {
        "id": item.item_id(story),
        "url": item.link(story, channel),
        "title": item.title(story),
        "content_html": body(story, channel.content),
        "summary": "" if channel.content is Content.NONE else excerpt(story.content_html),
        "date_published": rfc3339(story.first_seen),
        "date_modified": item.updated(story),
        "authors": [{"name": author.name, **({"url": author.url} if author.url else {})}],
        "tags": item.categories(story),
        "language": language_tag(story.language),
        "attachments": [
            {
                "url": enclosure.url,
                "mime_type": enclosure.type,
                **({"size_in_bytes": enclosure.length} if enclosure.length else {}),
            }
            for enclosure in item.enclosures(story, channel)
        ],
        "_aggregator": story_json(story),
    }
    image = next(
        (e.url for e in item.enclosures(story, channel) if e.type.startswith("image/")), ""
    )
    if image:
        told["image"] = image
    return {key: value for key, value in told.items() if value not in ("", [])}


def _copy(copy: Copy) -> dict[str, Any]:
    return {
        "outlet": copy.outlet,
        "domain": copy.domain,
        "url": copy.url,
        "title": copy.title,
        "published": _time(copy.published),
        "first_seen": rfc3339(copy.first_seen),
        "credits": [
            {
                "name": credit.name,
                "role": credit.role.value,
                "quote": credit.quote,
                "where": credit.where.value,
            }
            for credit in copy.credits
        ],
        "similarity": round(copy.similarity, 3),
        "edits": list(copy.edits),
        "reason": copy.reason,
        "threshold": round(copy.threshold, 3),
        "passages": list(copy.passages),
        "near_misses": [
            {"story": miss.id or None, "score": round(miss.score, 3), "reason": miss.reason}
            for miss in copy.near_misses
        ],
    }


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
