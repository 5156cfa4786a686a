"""What the newsroom's outlets are and carry: the data files, checked.

All places, people and outlets in them are invented.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from ruamel.yaml import YAML

How = Literal["own", "wire", "republished", "kept", "cut", "credited", "pointer", "roundup"]
Key = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


class Record(BaseModel):
    """What all records share: no unknown keys, and no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Outlet(Record):
    """One outlet, at 127.0.0.<address>."""

    key: Key
    address: Annotated[int, Field(ge=2, le=254)]
    name: str
    domain: str
    language: str = "en"
    category: str
    format: Literal["rss2", "rss1", "atom", "json"]
    shows: Literal["full", "teaser", "pointer"]
    page: Literal["plain", "portal", "blog"]
    feed: Annotated[str, Field(pattern="^/")] | None = None
    signs: bool = False  # its items end "The post ... appeared first on ..."
    motto: str


class Template(Record):
    """A report of which only names and figures differ."""

    title: str
    paragraphs: tuple[str, ...]


class Story(Record):
    """A text as its first outlet wrote it."""

    id: Key
    outlet: Key
    title: str = ""
    place: str = ""  # of an agency's dateline
    author: str = ""
    paragraphs: tuple[str, ...] = ()
    template: str = ""
    facts: dict[str, str | int | float] = {}

    def filled(self, templates: dict[str, Template]) -> "Story":
        """The story with its template, if it has one, filled in."""
        if not self.template:
            return self
        template = templates[self.template]
        return self.model_copy(
            update={
                "title": template.title.format_map(self.facts),
                "paragraphs": tuple(p.format_map(self.facts) for p in template.paragraphs),
            }
        )


class Item(Record):
    """That an outlet carries a story: when, and what it did to it (see items.yaml)."""

    outlet: Key
    story: Key
    how: How
    source: Annotated[Key | None, Field(alias="from")] = None
    hours: float | None = None
    tick: int = 0
    title: str = ""
    local: tuple[str, ...] = ()
    stories: tuple[Key, ...] = ()

    @property
    def key(self) -> str:
        """What the item is called: outlet/story."""
        return f"{self.outlet}/{self.story}"


class Change(Record):
    """What an outlet changes in an item that is out: title, words, or a paragraph more."""

    tick: int
    outlet: Key
    story: Key
    title: str = ""
    was: str = ""  # words that stand there
    now: str = ""  # what they become
    add: str = ""

    @property
    def key(self) -> str:
        """The item that is changed."""
        return f"{self.outlet}/{self.story}"


class Desk(Record):
    """All of it."""

    outlets: dict[str, Outlet]
    stories: dict[str, Story]
    items: dict[str, Item]
    changes: tuple[Change, ...]
    lines: dict[str, str]

    @property
    def last_tick(self) -> int:
        """The tick after which nothing new comes."""
        ticks = [item.tick for item in self.items.values()]
        return max(ticks + [change.tick for change in self.changes])

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        for problem in _problems(self):
            raise ValueError(problem)
        return self


@cache
def load_desk() -> Desk:
    """The package's own data. Raises ValueError where a file is wrong."""
    templates = TypeAdapter(dict[str, Template]).validate_python(_read("templates.yaml"))
    folder = files(__package__) / "data" / "stories"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".yaml"))
    told = [Story.model_validate(raw) for name in names for raw in _read(f"stories/{name}")]
    return Desk(
        outlets=_by_key("outlet", (Outlet.model_validate(raw) for raw in _read("outlets.yaml"))),
        stories={s.id: s.filled(templates) for s in told},
        items=_by_key("item", (Item.model_validate(raw) for raw in _read("items.yaml"))),
        changes=tuple(Change.model_validate(raw) for raw in _read("changes.yaml")),
        lines=_read("lines.yaml"),
    )


def _read(name: str) -> Any:
    path = files(__package__) / "data" / name
    return YAML(typ="safe", pure=True).load(path.read_text("utf-8"))


def _by_key(kind: str, records: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for record in records:
        if record.key in found:
            raise ValueError(f"Two of the {kind}s are called {record.key!r}.")
        found[record.key] = record
    return found


def _problems(desk: Desk) -> Iterator[str]:
    shared = Counter(outlet.address for outlet in desk.outlets.values())
    yield from (f"Two outlets are at address {a}." for a, count in shared.items() if count > 1)
    for item in desk.items.values():
        if item.outlet not in desk.outlets:
            yield f"{item.key}: there is no such outlet."
        if item.how == "roundup":
            yield from (
                f"{item.key}: no story {s!r}." for s in item.stories if s not in desk.stories
            )
        elif item.story not in desk.stories:
            yield f"{item.key}: there is no such story."
        if item.how in {"own", "roundup"}:
            continue
        if f"{item.source}/{item.story}" not in desk.items:
            yield f"{item.key}: {item.source!r} does not carry it."
    yield from (f"{c.key}: there is no such item." for c in desk.changes if c.key not in desk.items)
