"""What outlets make of a story: from the first text to each outlet's article."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from aggregator.demo.desk import Change, Desk, Item, Outlet

_PAGES = {"plain": "/news/{}.html", "portal": "/world/{}/", "blog": "/{}/"}
_TEASER = 160  # characters

UrlOf = Callable[[str, str], str]
"""Outlet's key and path to a URL."""


@dataclass(frozen=True, slots=True)
class Article:
    """One item as its outlet publishes it."""

    key: str
    story: str
    outlet: Outlet
    url: str  # of the page; of another outlet's page where this one only points to it
    title: str
    author: str
    published: datetime
    updated: datetime
    paragraphs: tuple[Markup, ...]  # what stands in each <p>
    source: Outlet | None = None  # whose page a pointer leads to

    @property
    def html(self) -> Markup:
        """The text for a feed."""
        return Markup("\n").join(Markup("<p>{}</p>").format(p) for p in self.paragraphs)

    @property
    def teaser(self) -> str:
        """The first words, as plain text."""
        start = self.paragraphs[0].striptags()
        return start if len(start) <= _TEASER else start[:_TEASER].rsplit(" ", 1)[0] + " […]"


def page_path(outlet: Outlet, story: str) -> str:
    """Where an outlet has its page of a story."""
    return _PAGES[outlet.page].format(story)


class CopyDesk:
    """Writes articles. `changes` are those that were made so far, by item."""

    def __init__(self, desk: Desk, url_of: UrlOf, changes: Mapping[str, Sequence[Change]]) -> None:
        self._desk = desk
        self._url_of = url_of
        self._changes = changes

    def article(self, item: Item, published: datetime, updated: datetime) -> Article:
        """The article that an item stands for."""
        outlet = self._desk.outlets[item.outlet]
        pointed = self._desk.outlets[item.source or ""] if item.how == "pointer" else None
        story = self._desk.stories.get(item.story)
        return Article(
            key=item.key,
            story=item.story,
            outlet=outlet,
            url=self._page(pointed or outlet, item.story),
            title=self._title(item),
            author=story.author if story and item.how == "own" else "",
            published=published,
            updated=updated,
            paragraphs=tuple(self._paragraphs(item)),
            source=pointed,
        )

    def _title(self, item: Item) -> str:
        titles = [change.title for change in self._changes.get(item.key, ()) if change.title]
        return titles[-1] if titles else self._first_title(item)

    def _first_title(self, item: Item) -> str:
        if item.how == "pointer":
            source = self._source(item)
            return f"{self._first_title(source)} - {self._desk.outlets[source.outlet].name}"
        return item.title or self._desk.stories[item.story].title

    def _paragraphs(self, item: Item) -> list[Markup]:
        first = self._first_paragraphs(item)
        for change in self._changes.get(item.key, ()):
            if change.was:
                was, now = Markup.escape(change.was), Markup.escape(change.now)
                first = [paragraph.replace(was, now) for paragraph in first]
        *body, last = first
        added = [Markup.escape(c.add) for c in self._changes.get(item.key, ()) if c.add]
        return [*body, *added, last] if "</a>" in last else [*body, last, *added]

    def _first_paragraphs(self, item: Item) -> list[Markup]:
        """The text as it was when it came out: what others took of it does not change with it."""
        if item.how == "own":
            return self._own(item)
        if item.how == "roundup":
            return self._roundup(item)
        source = self._source(item)
        outlet = self._desk.outlets[source.outlet]
        if item.how == "pointer":
            link = Markup('<a href="{}">{}</a>&nbsp;&nbsp;<font color="#6f6f6f">{}</font>')
            page = self._page(outlet, item.story)
            return [link.format(page, self._first_title(source), outlet.name)]
        if item.how == "cut":
            plain = [Markup.escape(p) for p in self._desk.stories[item.story].paragraphs]
            return [*plain[: len(plain) // 2], *map(Markup.escape, item.local)]
        taken = self._first_paragraphs(source)
        return taken if item.how == "kept" else [*taken, self._line(item.how, item.outlet, source)]

    def _own(self, item: Item) -> list[Markup]:
        story = self._desk.stories[item.story]
        first, *others = story.paragraphs
        if story.place:
            first = f"{story.place} ({self._desk.outlets[story.outlet].name}) — {first}"
        text = [Markup.escape(paragraph) for paragraph in (first, *others)]
        signs = self._desk.outlets[item.outlet].signs
        return [*text, self._line("first", item.outlet, item)] if signs else text

    def _roundup(self, item: Item) -> list[Markup]:
        parts: list[Markup] = []
        for name in item.stories:
            story = self._desk.stories[name]
            parts.append(Markup("<strong>{}</strong>").format(story.title))
            parts.append(Markup.escape(story.paragraphs[0]))
        return parts

    def _line(self, name: str, carrier: str, source: Item) -> Markup:
        outlet = self._desk.outlets[source.outlet]
        line = Markup(self._desk.lines[name])  # noqa: S704  (our own data)
        return line.format(
            carrier=self._desk.outlets[carrier].name,
            outlet=outlet.name,
            site=outlet.domain.capitalize(),
            title=self._first_title(source),
            url=self._page(outlet, source.story),
            home=self._url_of(outlet.key, "/"),
        )

    def _source(self, item: Item) -> Item:
        return self._desk.items[f"{item.source}/{item.story}"]

    def _page(self, outlet: Outlet, story: str) -> str:
        return self._url_of(outlet.key, page_path(outlet, story))
