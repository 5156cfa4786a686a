"""JSON Feed 1.0 and 1.1 (jsonfeed.org), read defensively: any value may be of any type."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from aggregator.errors import ParseError
from aggregator.parse.dates import from_text
from aggregator.parse.raw import RawEntry, RawFeed, RawLink, RawPerson, RawText

_VERSIONS = {"1": "json10", "1.0": "json10", "1.1": "json11"}


def read_json(text: str, *, limit: int) -> RawFeed:
    """The feed in a JSON document. Raises ParseError (`bad_json`, `not_a_feed`)."""
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ParseError("The JSON is nested too deeply.", reason="bad_json") from error
    except ValueError as error:
        raise ParseError(
            f"The document begins like JSON and is not: {str(error)[:200]}.",
            reason="bad_json",
            remedy="Tell its publisher.",
        ) from error
    if not isinstance(document, Mapping) or not _is_feed(document):
        raise ParseError(
            "This is a JSON document that is not a feed (no version of jsonfeed.org, no items).",
            reason="not_a_feed",
            remedy="Look for the address of the site's RSS, Atom or JSON feed.",
        )
    version = _text(document.get("version")).rstrip("/").rpartition("/")[2]
    items = _list(document.get("items"))
    problems = [] if version in _VERSIONS else ["its version of JSON Feed is not known"]
    objects = [item for item in islice(items, limit) if isinstance(item, Mapping)]
    return RawFeed(
        format=_VERSIONS.get(version, "json11"),
        title=RawText(_text(document.get("title")), is_html=False),
        url=_text(document.get("home_page_url")),
        language=_text(document.get("language")),
        entries=tuple(_entry(item) for item in objects),
        skipped=len(items) - len(objects),
        problems=tuple(problems),
    )


def _is_feed(document: Mapping[str, Any]) -> bool:
    if not isinstance(document.get("items"), list):
        return False
    if "jsonfeed.org/version/" in _text(document.get("version")):
        return True
    return "title" in document and ("feed_url" in document or "home_page_url" in document)


def _entry(item: Mapping[str, Any]) -> RawEntry:
    html, plain = _text(item.get("content_html")), _text(item.get("content_text"))
    authors = [_person(a) for a in [*_list(item.get("authors")), item.get("author")]]
    return RawEntry(
        id=_text(item.get("id")),
        title=RawText(_text(item.get("title")), is_html=False),
        summary=RawText(_text(item.get("summary")), is_html=False),
        content=RawText(html) if html else RawText(plain, is_html=False),
        links=_links(item),
        published=from_text(_text(item.get("date_published"))),
        updated=from_text(_text(item.get("date_modified"))),
        language=_text(item.get("language")),
        authors=tuple(person for person in authors if person is not None),
        categories=tuple(t for t in map(_text, _list(item.get("tags"))) if t),
        external_url=_text(item.get("external_url")),
    )


def _links(item: Mapping[str, Any]) -> tuple[RawLink, ...]:
    links = [RawLink(_text(item.get("url")))]
    links += [
        RawLink(
            _text(attachment.get("url")),
            rel="enclosure",
            type=_text(attachment.get("mime_type")),
            length=_text(attachment.get("size_in_bytes")),
        )
        for attachment in _list(item.get("attachments"))
        if isinstance(attachment, Mapping)
    ]
    links += [
        RawLink(_text(item.get(key)), rel="enclosure", type="image")
        for key in ("image", "banner_image")
    ]
    return tuple(link for link in links if link.href)


def _person(value: object) -> RawPerson | None:
    if isinstance(value, str):
        return RawPerson(value) if value else None
    if not isinstance(value, Mapping):
        return None
    person = RawPerson(_text(value.get("name")), _text(value.get("url")))
    return person if person.name or person.url else None


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str:
    """A string, or a number as one (JSON Feed 1.1, "id": readers should coerce)."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""
