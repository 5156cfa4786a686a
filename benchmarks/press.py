"""Made-up outlets and what their feeds carry: stories of their own, and edited copies of others'.

Which story an entry tells, and each byte of a feed's document, follow from the seed alone; so the
documents can be made in any order and on all cores, and a benchmark knows what it must find.
"""

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from benchmarks import prose
from benchmarks.prose import Paragraphs

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)  # what the newest entries are as old as, before any tick
_STRIDE = timedelta(minutes=90)  # between two entries of a feed
_REACH = 12  # a copy's original is at most so many strides older

_CREDITS = (
    "This story originally appeared on {origin}.",
    "This article was first published by {origin} and is republished with permission.",
    "(Except for the headline, this story has not been edited by {carrier} staff and is published "
    "from a syndicated feed of {origin}.)",
    "Source: {origin}",
    "The post {title} appeared first on {origin}.",
)
_BOILERPLATE = (
    "Sign up for the {carrier} morning letter and never miss what matters in your town.",
    "{carrier} is an independent paper. Please support our reporters with a small donation.",
    "Copyright {carrier}. All rights reserved. This page may not be stored or passed on.",
    "Follow {carrier} for the latest news, and tell us what you think of this report.",
)


@dataclass(frozen=True)
class Item:
    """An entry, as its feed has it."""

    guid: str
    link: str
    title: str
    author: str
    topic: str
    published: datetime
    teaser: str
    html: str


@dataclass(frozen=True)
class Press:
    """`feeds` outlets with a feed each, of `entries` items with bodies of about `size` bytes.

    `copies` is the share of entries that carry another outlet's story, edited as outlets do it:
    another headline, sentences left out, boilerplate after it, and a credit in three of five.
    A feed's entries are numbered from its first; `entries` of them are there before any tick.
    """

    feeds: int
    entries: int = 35
    size: int = 3000
    copies: float = 0.2
    seed: int = 1

    def ticked(self, tick: int, share: float = 0.05) -> dict[int, int]:
        """Which feeds the tick of this number changes, and how many entries each gets (1 to 3)."""
        dice = self._dice("tick", tick)
        chosen = dice.sample(range(self.feeds), max(1, round(self.feeds * share)))
        return {feed: dice.randint(1, 3) for feed in sorted(chosen)}

    def listed(self, newest: int) -> range:
        """The entries that a feed's document lists when it has published `newest` in all."""
        return range(newest - self.entries, newest)

    def tells(self, feed: int, number: int) -> tuple[int, int]:
        """The story that an entry tells, as the entry that had it first; often itself."""
        dice = self._dice("origin", feed, number)
        if number > 0 and dice.random() < self.copies:
            for _ in range(10):
                # Few outlets are copied by many, most by few.
                other = int(self.feeds * dice.random() ** 2)
                earlier = dice.randrange(max(0, number - _REACH), number)
                if other != feed and not self._is_copy(other, earlier):
                    return other, earlier
        return feed, number

    def stories(self, entries: Iterable[tuple[int, int]]) -> int:
        """How many stories these (feed, number) tell."""
        return len({self.tells(feed, number) for feed, number in entries})

    def outlet(self, feed: int) -> str:
        """The outlet's name."""
        return prose.outlet_name(f"{self.seed}:outlet:{feed}")

    def site(self, feed: int) -> str:
        """The outlet's site, which is named and never asked for anything."""
        return f"https://{self.outlet(feed).lower().replace(' ', '-')}-{feed}.example"

    def published(self, feed: int, number: int) -> datetime:
        """When an entry was published; later for higher numbers."""
        late = self._dice("time", feed, number).randrange(0, 85 * 60)
        return EPOCH + (number - self.entries) * _STRIDE + timedelta(seconds=late)

    def item(self, feed: int, number: int) -> Item:
        """One entry."""
        dice = self._dice("item", feed, number)
        teller = self.tells(feed, number)
        # The length is the story's own, so that each copy starts from the same text.
        length = max(self.size // 3, int(self._dice("size", *teller).gauss(0.85, 0.15) * self.size))
        story = prose.story(f"{self.seed}:story:{teller[0]}:{teller[1]}", length)
        title, paragraphs, credit = story.headline, story.paragraphs, ""
        if teller != (feed, number):
            origin, carrier = self.outlet(teller[0]), self.outlet(feed)
            title = _other_headline(dice, title, story.topic, carrier)
            paragraphs = _edited(dice, paragraphs)
            if dice.random() < 0.6:
                credit = _paragraph(
                    dice.choice(_CREDITS).format(origin=origin, carrier=carrier, title=title)
                )
        link = f"{self.site(feed)}/{story.topic}/{number}-{'-'.join(title.lower().split()[:6])}"
        return Item(
            guid=f"{self.site(feed)}/?p={number}",
            link="".join(c for c in link if c.isascii() and (c.isalnum() or c in ":/.-")),
            title=title,
            author=story.author,
            topic=story.topic,
            published=self.published(feed, number),
            teaser=" ".join(paragraphs[0])[:240].rsplit(" ", 1)[0] + "…",
            html=_html(dice, paragraphs, self.site(feed)) + credit + self._boilerplate(feed),
        )

    def document(self, feed: int, newest: int) -> bytes:
        """The feed's document, RSS 2.0 or (one in three) Atom 1.0; newest entry first."""
        items = [self.item(feed, number) for number in reversed(self.listed(newest))]
        write = _atom if self.is_atom(feed) else _rss
        return write(self.outlet(feed), self.site(feed), items).encode()

    def is_atom(self, feed: int) -> bool:
        """Whether the feed is Atom; else it is RSS."""
        return feed % 3 == 2

    def _is_copy(self, feed: int, number: int) -> bool:
        return number > 0 and self._dice("origin", feed, number).random() < self.copies

    def _boilerplate(self, feed: int) -> str:
        """What the outlet puts below every item; every second has something."""
        if feed % 2:
            return ""
        dice = self._dice("boilerplate", feed)
        return _paragraph(dice.choice(_BOILERPLATE).format(carrier=self.outlet(feed)))

    def _dice(self, *what: object) -> Random:
        return Random(":".join(map(str, (self.seed, *what))))


def _other_headline(dice: Random, title: str, topic: str, carrier: str) -> str:
    chance = dice.random()
    if chance < 0.6:
        return prose.headline(f"{dice.random()}", topic)
    if chance < 0.75:
        return f"{title} | {carrier}"
    if chance < 0.9:
        return f"Breaking: {title}"
    return " ".join(title.split()[:-1])


def _edited(dice: Random, paragraphs: Paragraphs) -> Paragraphs:
    """A copy's text: sentences left out here and there, or the end cut off."""
    if dice.random() < 0.4:
        keep = max(2, round(len(paragraphs) * dice.uniform(0.55, 0.95)))
        return paragraphs[:keep]
    lost = dice.uniform(0.0, 0.25)
    kept = (tuple(s for s in paragraph if dice.random() >= lost) for paragraph in paragraphs)
    return tuple(paragraph for paragraph in kept if paragraph) or paragraphs


def _html(dice: Random, paragraphs: Paragraphs, site: str) -> str:
    """The text with markup as outlets set it: links, emphasis, a picture, a quote, a heading."""
    blocks = list(_blocks(dice, paragraphs, site))
    if dice.random() < 0.4:
        number = dice.randrange(10**6)
        blocks.insert(1, f'<p><img src="{site}/images/{number}.jpg" alt="" width="640"></p>')
    return "".join(blocks)


def _blocks(dice: Random, paragraphs: Paragraphs, site: str) -> Iterator[str]:
    for sentences in paragraphs:
        text = " ".join(sentences)
        chance = dice.random()
        if chance < 0.5:
            words = text.split(" ")
            at = dice.randrange(max(1, len(words) - 3))
            marked = " ".join(words[at : at + 3])
            if chance < 0.3:
                marked = f'<a href="{site}/topic/{dice.randrange(10**5)}">{marked}</a>'
            else:
                marked = f"<strong>{marked}</strong>" if chance < 0.4 else f"<em>{marked}</em>"
            text = " ".join([*words[:at], marked, *words[at + 3 :]])
        if chance > 0.95:
            yield f"<blockquote>{_paragraph(text)}</blockquote>"
        else:
            yield _paragraph(text)


def _paragraph(text: str) -> str:
    return f"<p>{text}</p>\n"


def _rss(title: str, site: str, items: Iterable[Item]) -> str:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<channel><title>{title}</title><link>{site}/</link>"
        f"<description>All that is new in {title}</description><language>en</language>"
        f'<atom:link href="{site}/feed.xml" rel="self" type="application/rss+xml"/>\n'
    )
    return head + "".join(map(_rss_item, items)) + "</channel></rss>\n"


def _rss_item(item: Item) -> str:
    return (
        f"<item><title>{html.escape(item.title)}</title><link>{item.link}</link>"
        f'<guid isPermaLink="false">{item.guid}</guid>'
        f"<pubDate>{format_datetime(item.published, usegmt=True)}</pubDate>"
        f"<dc:creator><![CDATA[{item.author}]]></dc:creator>"
        f"<category><![CDATA[{item.topic}]]></category>"
        f"<description>{html.escape(item.teaser)}</description>"
        f"<content:encoded><![CDATA[{item.html}]]></content:encoded></item>\n"
    )


def _atom(title: str, site: str, items: list[Item]) -> str:
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f"<title>{title}</title><id>{site}/</id>"
        f'<link rel="self" href="{site}/feed.xml"/><link href="{site}/"/>'
        f"<updated>{items[0].published:%Y-%m-%dT%H:%M:%SZ}</updated>\n"
    )
    return head + "".join(map(_atom_entry, items)) + "</feed>\n"


def _atom_entry(item: Item) -> str:
    time = f"{item.published:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"<entry><id>{item.guid}</id><title>{html.escape(item.title)}</title>"
        f'<link rel="alternate" type="text/html" href="{item.link}"/>'
        f"<published>{time}</published><updated>{time}</updated>"
        f"<author><name>{item.author}</name></author>"
        f'<category term="{item.topic}"/>'
        f'<summary>{html.escape(item.teaser)}</summary><content type="html">'
        f"{html.escape(item.html, quote=False)}</content></entry>\n"
    )
