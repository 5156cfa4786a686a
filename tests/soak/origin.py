"""Many feeds on many hosts of loopback, in a process of their own.

    python origin.py FEEDS HOSTS FACTOR

Prints its port; ends with its stdin, and prints then each request: the feed's number and the
moment, in seconds of the machine's monotonic clock.
"""

import asyncio
import hashlib
import sys
import time

from aiohttp import web

_WINDOW = 10  # items that a feed lists
_EVERY = 2 * 3600  # seconds of the fast clock between two news of a feed


def host_of(feed: int, hosts: int) -> str:
    """The address that a feed is at."""
    number = feed % hosts
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


class Origin:
    """What is served."""

    def __init__(self, factor: float) -> None:
        self.asked: list[tuple[int, float]] = []
        self._start, self._factor = time.monotonic(), factor

    async def answer(self, request: web.Request) -> web.Response:
        feed, now = int(request.match_info["feed"]), time.monotonic()
        self.asked.append((feed, now))
        shift = _EVERY * (feed * 0.618 % 1)  # not all at once
        last = _WINDOW + int(((now - self._start) * self._factor + shift) // _EVERY)
        headers = {"ETag": f'"{last}"', "Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        items = "".join(_item(feed, n) for n in range(last, last - _WINDOW, -1))
        return web.Response(
            text=f'<rss version="2.0"><channel><title>Feed {feed}</title>{items}</channel></rss>',
            content_type="application/rss+xml",
            headers=headers,
        )


def _item(feed: int, number: int) -> str:
    words = " ".join(
        hashlib.blake2b(f"{feed}/{number}/{n}".encode(), digest_size=3).hexdigest()
        for n in range(120)
    )
    return (
        f"<item><title>News {number} of feed {feed}</title><guid>{feed}-{number}</guid>"
        f"<link>http://feed{feed}.example/{number}</link><description>{words}</description></item>"
    )


async def _serve(hosts: int, factor: float) -> None:
    origin, app = Origin(factor), web.Application()
    app.router.add_get("/{feed}", origin.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = 0
    for number in range(hosts):
        await web.TCPSite(runner, host_of(number, hosts), port).start()
        port = port or runner.addresses[0][1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    for feed, moment in origin.asked:
        sys.stdout.write(f"{feed} {moment}\n")
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[2]), float(sys.argv[3])))
