"""The pages for people: the river, a story, the sources. Rendered here, useful without scripts."""

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import groupby
from mimetypes import guess_type
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aggregator import __version__
from aggregator.model import Story
from aggregator.publish import FORMATS, inert, rfc3339
from aggregator.web.addresses import base_of, root_of
from aggregator.web.api import is_id, page_of
from aggregator.web.http import Representation, request_headers, response
from aggregator.web.parameters import Selection, read_form
from aggregator.web.picture import NARROW, WIDE, picture
from aggregator.web.site import Site
from aggregator.web.views import Row, StoryView, feed_view, row, story_view, way
from aggregator.web.watched import Watched
from aggregator.web.wording import ago, later, span

Clock = Callable[[], datetime]

_HTML = "text/html; charset=utf-8"
_FOR_EVER = "public, max-age=31536000, immutable"
_FORMATS = {
    "rss": "What every feed reader takes. If in doubt, this one.",
    "atom": "The tidier standard; names sources and copies in its own elements.",
    "json": "For programs: each item has the whole provenance in it.",
}
_RIVERS = 32  # selections that are kept until the stories change
_MOST_SOURCES = 1000  # on one page; the API has them all
_STATES = {"failing": 0, "gone": 0, "new": 1, "ok": 2}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed that a page offers."""

    name: str
    why: str
    url: str
    media_type: str


@dataclass(frozen=True, slots=True)
class River:
    """What the river of one selection holds."""

    rows: tuple[Row, ...]
    more: bool
    categories: tuple[str, ...]
    languages: tuple[str, ...]
    outlets: tuple[str, ...]


class Pages:
    """Templates, static files, and the endpoints that use them."""

    def __init__(self, site: Site, version: Watched, clock: Clock) -> None:
        self._site = site
        self._version = version
        self._clock = clock
        self._rivers: OrderedDict[str, tuple[str, River]] = OrderedDict()
        self._static = _static_files()
        self._root = root_of(site)
        environment = Environment(
            loader=PackageLoader("aggregator.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {
            "site": site,
            "root": self._root,
            "version": __version__,
            "static": self._static_url,
            "way": way,
        }
        filters: dict[str, Callable[..., str]] = {
            "iso": rfc3339,
            "at": lambda moment: f"{moment:%-d %B %Y, %H:%M} UTC",
            "day": lambda moment: f"{moment:%A, %-d %B %Y}",
            "host": lambda url: (urlsplit(url).hostname or "").removeprefix("www."),
            "code": _with_code,
            "segment": lambda text: quote(text, safe=""),
            "share": lambda part: f"{part:.0%}",
            "at_short": lambda moment: f"{moment:%-d %b, %H:%M}",
            "span": span,
            "behind": lambda lag: "not timed" if lag is None else later(lag),
        }
        environment.filters |= filters
        self._environment = environment

    # ----------------------------------------------------------------------------- endpoints

    async def river(self, request: Request) -> Response:
        """The stories, newest first."""
        selection = read_form(request.scope["query_string"])
        key, version = selection.model_dump_json(), await self._version()
        kept = self._rivers.get(key)
        if kept is None or kept[0] != version:
            kept = version, await asyncio.to_thread(self._look, selection)
            self._rivers[key] = kept
        self._rivers.move_to_end(key)
        while len(self._rivers) > _RIVERS:
            self._rivers.popitem(last=False)
        return await asyncio.to_thread(self._river, request, selection, kept[1])

    async def story(self, request: Request) -> Response:
        """One story: its text, and where it came from."""
        wanted = request.path_params["story_id"]
        found = await asyncio.to_thread(self._site.story, wanted) if is_id(wanted) else None
        if found is None:
            raise HTTPException(404, "No story has this address. It may be older than we keep.")
        if found.id != wanted:
            return RedirectResponse(f"{self._root}/stories/{found.id}", 308)
        return await asyncio.to_thread(self._story, request, found)

    async def sources(self, request: Request) -> Response:
        """How each feed fares, those with trouble first."""
        return await asyncio.to_thread(self._sources, request)

    async def static(self, request: Request) -> Response:
        """A style sheet, script or picture of ours."""
        found = self._static.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "No such file.")
        return response(found, request_headers(request.scope))

    def api(self, request: Request, description: dict[str, Any]) -> Response:
        """The API's documentation, out of its description."""
        return page(request, self.render(request, "api.html", api=description))

    def error(self, request: Request, status: int, heading: str, detail: str) -> Response:
        """The page for a request that has no answer."""
        told = self.render(request, "error.html", status=status, heading=heading, detail=detail)
        return Response(told, status, media_type=_HTML)

    # --------------------------------------------------------------------------- small tools

    def _look(self, selection: Selection) -> River:
        stories, more = page_of(self._site, selection)
        rows = tuple(row(story) for story in stories)
        names = {inert(name) for name in self._site.names()[:_MOST_SOURCES]}
        return River(
            rows,
            more,
            tuple(self._site.categories()),
            tuple(self._site.languages()),
            tuple(sorted(names - {""}, key=str.casefold)),
        )

    def _river(self, request: Request, selection: Selection, river: River) -> Response:
        days = [
            (day, list(group))
            for day, group in groupby(river.rows, key=lambda r: r.first_seen.astimezone(UTC).date())
        ]
        told = self.render(
            request,
            "river.html",
            selection=selection,
            days=days,
            older=selection.parameters(before=river.rows[-1].id) if river.more else "",
            categories=river.categories,
            languages=river.languages,
            outlets=river.outlets,
            subscriptions=self._subscriptions(request, selection),
        )
        return page(request, told)

    def _story(self, request: Request, found: Story) -> Response:
        view = story_view(found)
        address = f"{base_of(self._site, request.scope)}/stories/{found.id}"
        told = self.render(
            request,
            "story.html",
            story=view,
            pictures=(picture(found, WIDE), picture(found, NARROW)),
            linked_data=_linked_data(address, view),
        )
        return page(request, told)

    def _sources(self, request: Request) -> Response:
        listed = self._site.feeds()
        counts = {state: sum(feed.state == state for feed in listed) for state in _STATES}
        shown = sorted(listed, key=lambda feed: _STATES[feed.state])[:_MOST_SOURCES]
        told = self.render(
            request,
            "sources.html",
            feeds=[feed_view(feed) for feed in shown],
            counts=counts,
            total=len(listed),
        )
        return page(request, told)

    def _subscriptions(self, request: Request, selection: Selection) -> list[Subscription]:
        base = base_of(self._site, request.scope)
        parameters = selection.parameters(limit=None, before=None)
        return [
            Subscription(
                FORMATS[form].name, why, f"{base}/feed.{form}{parameters}", FORMATS[form].media_type
            )
            for form, why in _FORMATS.items()
        ]

    def render(self, request: Request, template: str, **values: Any) -> str:
        """A template with those values, as a text."""
        now = self._clock()
        values |= {
            "now": now,
            "path": request.url.path,
            "base": base_of(self._site, request.scope),
            "ago": lambda moment: ago(moment, now),
        }
        values.setdefault("subscriptions", self._subscriptions(request, Selection()))
        return self._environment.get_template(template).render(values)

    def _static_url(self, name: str) -> str:
        return f"{self._root}/static/{name}?{self._static[name].digest[:10]}"


def _with_code(text: str) -> Markup:
    """Text whose `words in backticks` are code."""
    pieces = re.split(r"`([^`]+)`", text)
    marked = [Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(pieces)]
    return Markup("").join(marked)


def page(request: Request, told: str) -> Response:
    """A page, with an entity tag."""
    return response(
        Representation(told.encode("utf-8", "replace"), _HTML), request_headers(request.scope)
    )


def _linked_data(address: str, view: StoryView) -> Markup:
    """What the page is, in schema.org's words, for the inside of a script element."""
    told = view.row
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": address,
        "headline": told.title,
        "datePublished": rfc3339(told.first_seen),
        "dateModified": rfc3339(told.updated or told.first_seen),
        "creditText": view.credit_text,
    }
    if told.language:
        data["inLanguage"] = told.language
    if told.known:
        data["isBasedOn"] = told.url
        data["sourceOrganization"] = told.source.name
    if view.amendments:
        data["correction"] = [
            {
                "@type": "CorrectionComment",
                "text": found.notice or f"{found.outlet} {found.did}.",
                "datePublished": rfc3339(found.at),
            }
            for found in view.amendments
        ]
    text = json.dumps(data, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  (the signs that could end the element are gone)


def _static_files() -> dict[str, Representation]:
    found = {}
    for file in (files("aggregator.web") / "static").iterdir():
        kind = guess_type(file.name)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        found[file.name] = Representation(file.read_bytes(), kind + charset, _FOR_EVER)
    return found
