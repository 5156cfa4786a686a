"""robots.txt (RFC 9309), which article pages obey. Feeds are made for programs and need not.

Protego reads the rules. What is here is when they are fetched, how long they hold, and that a
hostile file costs no more than a friendly one.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
from protego import Protego

from aggregator.errors import FetchError

MAX_BYTES = 512_000  # RFC 9309, 2.5: at least 500 KiB are to be read
_KEPT = timedelta(hours=24)  # RFC 9309, 2.4
_KEPT_UNREACHABLE = timedelta(hours=1)
_LONGEST_DELAY = 30.0  # seconds of Crawl-delay; more would be a way to keep us busy
_MOST_ORIGINS = 10_000
_MOST_LINES = 20_000
_LONGEST_LINE = 2000
_AGENT_LINE = re.compile(r"\s*user[- ]?agent\s*:?\s*([^#]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an origin's robots.txt says to us. `rules` is None where all is one: `allowed`."""

    rules: Protego | None
    allowed: bool
    expires_at: float
    delay: float = 0.0  # seconds between two requests

    def allow(self, url: str, agent: str) -> bool:
        """Whether the page may be fetched."""
        return self.allowed if self.rules is None else self.rules.can_fetch(url, agent)


class Robots:
    """The rules of many origins, each fetched when it is first needed, and once a day.

    `fetch` gets a URL: its text, "" where there is none (4xx), and FetchError where nobody can
    tell. `agent` is the product token that groups of rules are looked up by.
    """

    def __init__(
        self,
        fetch: Callable[[httpx.URL], Awaitable[str]],
        agent: str,
        clock: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._agent = agent
        self._clock = clock
        self._known: OrderedDict[str, asyncio.Future[Rules]] = OrderedDict()

    async def delay(self, url: httpx.URL) -> float:
        """How long to wait between two pages of this origin, in seconds.

        Raises `FetchError`: `robots` where its rules keep us from the page, and
        `robots_unreachable` where it cannot say (RFC 9309, 2.3.1.4).
        """
        rules = await self._rules(url)
        if rules.allow(str(url), self._agent):
            return rules.delay
        if rules.rules is None:
            raise FetchError(
                f"{url.host} could not give its robots.txt, so its pages are left alone.",
                reason="robots_unreachable",
                remedy="It is asked again in an hour.",
            )
        raise FetchError(
            f"The robots.txt of {url.host} keeps programs from {url.path[:200]}.",
            reason="robots",
            remedy="The feed's own text is used; ask the publisher for a fuller feed.",
        )

    async def _rules(self, url: httpx.URL) -> Rules:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        known = self._known.get(origin)
        if known is not None and known.done() and _is_over(known, self._clock()):
            known = None
        if known is None:
            known = asyncio.ensure_future(self._load(httpx.URL(f"{origin}/robots.txt")))
            self._known[origin] = known
            while len(self._known) > _MOST_ORIGINS:
                self._known.popitem(last=False)
        self._known.move_to_end(origin)
        # Who stops waiting must not end the fetch for the others.
        return await asyncio.shield(known)

    async def _load(self, url: httpx.URL) -> Rules:
        now = self._clock()
        try:
            text = await self._fetch(url)
        except FetchError:
            return Rules(None, False, now + _KEPT_UNREACHABLE.total_seconds())
        if not text.strip():
            return Rules(None, True, now + _KEPT.total_seconds())
        rules = await asyncio.to_thread(Protego.parse, ours(text, self._agent))
        delay = min(rules.crawl_delay(self._agent) or 0.0, _LONGEST_DELAY)
        return Rules(rules, True, now + _KEPT.total_seconds(), delay)


def _is_over(known: "asyncio.Future[Rules]", now: float) -> bool:
    return known.cancelled() or known.exception() is not None or known.result().expires_at <= now


def ours(text: str, agent: str) -> str:
    """The file with one name for all other agents.

    Protego keeps all rules of a group for each of its agents, which a file of many of both makes
    a way to fill the memory.
    """
    lines = []
    for line in text.splitlines()[:_MOST_LINES]:
        line = line[:_LONGEST_LINE]  # noqa: PLW2901
        named = _AGENT_LINE.match(line)
        if named is not None:
            name = named[1].strip().lower()
            is_ours = name == "*" or name.replace("*", "").strip() == agent.lower()
            line = f"User-agent: {name}" if is_ours else "User-agent: another-agent"  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines)
