"""One feed's poll, with a clock of our own, and what a feed can be made of."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network

from aggregator.model import FeedSpec, FullText, StoryQuery
from aggregator.pipeline import Pipeline
from aggregator.store import Store

HOUR = timedelta(hours=1)
SETTINGS = {
    "user_agent": "aggregator-tests/1",
    "timeout": timedelta(seconds=20),
    "max_bytes": 1_000_000,
    "allow_networks": [ip_network("127.0.0.0/8")],
    "per_host_delay": timedelta(0),
    "trust_env": False,
}
FERRY = (
    "The night ferry between the old harbour and the north bank will run until three in the "
    "morning from April, the port authority said on Sunday, after a winter in which the last boat "
    "left at ten and night nurses walked four miles home over the bridge in the rain.",
    "Two boats will share the crossing, which takes eleven minutes in calm weather, and a third "
    "will be kept at the quay for the nights of the lantern fair, when the queue for the last "
    "sailing reaches back to the fish market and nobody gets home before the milk van.",
    "The timetable will be printed on the back of the tide tables again, as it was until the "
    "ferry company was sold, and the harbour master said that the bell would be rung twice.",
)
OWLS = (
    "A pair of owls has moved into the bell tower of the parish church in Lower Fenmoor, and the "
    "ringers have voted to leave the bells still on weekdays until the young have flown.",
    "The vicar said that weddings would go ahead with a recording, which the organist had made on "
    "a telephone in 1998 and which nobody had been able to tell from the real bells since.",
)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()


class Desk:
    def __init__(self, store: Store, pipeline: Pipeline, clock: Clock) -> None:
        self.store, self.pipeline, self.clock = store, pipeline, clock

    def lists(self, *urls: str, full_text: FullText = FullText.NEVER) -> None:
        specs = [FeedSpec(url, full_text=full_text) for url in urls]
        self.store.list_feeds(specs, self.clock())

    def feed(self, url: str):
        (feed,) = [feed for feed in self.store.listed() if feed.spec.url == url]
        return feed

    async def polls(self, url: str, then: timedelta = HOUR):
        outcome = await self.pipeline.poll(self.feed(url))
        self.clock.now += then
        return outcome

    async def polls_when_due(self, url: str, until: datetime):
        """Poll the feed whenever it is due, until a moment."""
        outcomes = []
        while (due := self.feed(url).next_poll_at) and due <= until:
            self.clock.now = max(self.clock.now, due)
            outcomes.append(await self.polls(url, timedelta(0)))
        self.clock.now = max(self.clock.now, until)
        return outcomes

    def stories(self):
        return self.store.stories(StoryQuery())

    def health(self, url: str):
        (found,) = [feed for feed in self.store.feeds() if feed.url == url]
        return found


def rss(*items: str, title: str = "Harbour Post") -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel>'
        f"<title>{title}</title><link>http://127.0.0.1/</link>{''.join(items)}</channel></rss>"
    )


def item(name: str, text, *, title: str = "", link: str = "", published: datetime | None = None):
    html = "".join(f"<p>{paragraph}</p>" for paragraph in text)
    date = f"<pubDate>{format_datetime(published)}</pubDate>" if published else ""
    return (
        f"<item><title>{title or name}</title><guid isPermaLink='false'>{name}</guid>{date}"
        f"<link>{link or f'http://127.0.0.1/{name}'}</link>"
        f"<description><![CDATA[{html}]]></description></item>"
    )


def article(text) -> str:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in text)
    return f"<html><body><article><h1>Ferry</h1>{paragraphs}</article></body></html>"
