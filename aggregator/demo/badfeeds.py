"""Feeds that no daemon should suffer from, each on an address of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from html import escape
from importlib.resources import files

from aiohttp import web
from ruamel.yaml import YAML

_MANY = 100_000
_ENDLESS = 10 * 1024**3

# Name to address.
BAD_FEEDS = {
    "not-xml": "127.0.0.101",
    "not-found": "127.0.0.102",
    "ten-gigabytes": "127.0.0.103",
    "byte-a-second": "127.0.0.104",
    "redirects": "127.0.0.105",
    "two-encodings": "127.0.0.106",
    "no-dates": "127.0.0.107",
    "one-guid": "127.0.0.108",
    "hundred-thousand": "127.0.0.109",
}

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>{}</title>'
_HEAD += "<link>http://{}/</link><description>A feed with a fault</description>\n"
_TAIL = "</channel></rss>\n"
_DATE = "<pubDate>Mon, 05 Oct 2026 08:00:00 GMT</pubDate>"


async def bad_feed(name: str, request: web.Request) -> web.StreamResponse:
    """Answer as the bad feed does. Some answers end only when the client goes."""
    if request.path != "/feed.xml":
        return web.Response(status=404, text="There is no such page.\n")
    return await _ANSWERS[name](request)


async def _not_xml(_: web.Request) -> web.StreamResponse:
    prose = (
        "Dear reader, our feed has moved in with its sister & does not wish to be < disturbed.\n"
    )
    return web.Response(text=prose * 40, content_type="application/rss+xml")


async def _not_found(_: web.Request) -> web.StreamResponse:
    return web.Response(status=404, text="Not here. Perhaps it never was.\n")


async def _ten_gigabytes(request: web.Request) -> web.StreamResponse:
    block = "".join(_item(f"n{i}", t, x) for i, (t, x) in enumerate(_notices())).encode() * 100
    response = await _begun(request)
    sent = 0
    while sent < _ENDLESS:
        await response.write(block)
        sent += len(block)
    await response.write(_TAIL.encode())
    return response


async def _byte_a_second(request: web.Request) -> web.StreamResponse:
    response = await _begun(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(1)


async def _redirects(request: web.Request) -> web.StreamResponse:
    hop = int(request.query.get("hop", "0")) + 1
    return web.Response(status=302, headers={"Location": f"/feed.xml?hop={hop}"})


async def _two_encodings(request: web.Request) -> web.StreamResponse:
    notices = _notices()
    half = len(notices) // 2
    body = _HEAD.format("Two encodings", request.host).encode()
    for number, (title, text) in enumerate(_notices()):
        encoding = "utf-8" if number < half else "cp1252"
        body += _item(f"e{number}", f"{title} – “naïveté”", text, _DATE).encode(encoding)
    return _rss(body + _TAIL.encode())


async def _no_dates(request: web.Request) -> web.StreamResponse:
    items = (
        _item(f"d{n}", f"{t}, again", f"Corrected: {x}") for n, (t, x) in enumerate(_notices())
    )
    return _rss(_document("No dates", request, items))


async def _one_guid(request: web.Request) -> web.StreamResponse:
    items = (_item("the-guid", title, text, _DATE) for title, text in _notices())
    return _rss(_document("One guid", request, items))


async def _hundred_thousand(request: web.Request) -> web.StreamResponse:
    return _rss(_document("A hundred thousand", request, [_many()]))


_ANSWERS: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    "not-xml": _not_xml,
    "not-found": _not_found,
    "ten-gigabytes": _ten_gigabytes,
    "byte-a-second": _byte_a_second,
    "redirects": _redirects,
    "two-encodings": _two_encodings,
    "no-dates": _no_dates,
    "one-guid": _one_guid,
    "hundred-thousand": _hundred_thousand,
}


@cache
def _notices() -> tuple[tuple[str, str], ...]:
    """What the feeds that can be read have to say: titles and texts."""
    path = files(__package__) / "data" / "notices.yaml"
    notices = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return tuple((notice["title"], notice["text"]) for notice in notices)


@cache
def _many() -> str:
    return "".join(f"<item><title>Lot {n}</title><guid>lot-{n}</guid></item>" for n in range(_MANY))


def _item(guid: str, title: str, text: str, more: str = "") -> str:
    return (
        f'<item><title>{escape(title)}</title><guid isPermaLink="false">{guid}</guid>{more}'
        f"<description>{escape(text)}</description></item>\n"
    )


def _document(title: str, request: web.Request, items: Iterable[str]) -> bytes:
    return (_HEAD.format(title, request.host) + "".join(items) + _TAIL).encode()


def _rss(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/rss+xml")


async def _begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
    await response.prepare(request)
    await response.write(_HEAD.format("Without end", request.host).encode())
    return response
