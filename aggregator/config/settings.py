"""The settings themselves: one frozen model a section, with the defaults.

Attribute names are the keys of config.yaml, and of the variables that override them.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ByteSize,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    SecretStr,
    Tag,
    model_validator,
)
from sqlalchemy.engine import make_url

from aggregator import PROJECT_URL, __version__
from aggregator.config.problems import Problem
from aggregator.config.values import (
    Count,
    DatabaseUrl,
    Domain,
    Domains,
    Duration,
    HeaderText,
    HttpUrl,
    Network,
    Pause,
    Port,
    Secret,
    SiteUrl,
    Size,
    Text,
    Texts,
    as_duration,
    format_duration,
    same_url,
)
from aggregator.model import Content, FeedSpec, FullText, Outlet, OutletKind, StoryQuery

_USUAL = timedelta(minutes=30)
_LOWEST = timedelta(minutes=5)
_HIGHEST = timedelta(hours=24)

# What is settled when the daemon starts; all else follows the file while it runs.
NEEDS_RESTART = ("database", "poll.concurrency", "server.host", "server.port")


class Section(BaseModel):
    """What all sections share: no unknown keys, and no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FeedConfig(Section):
    """One feed, by its URL."""

    url: HttpUrl
    name: Text | None = None  # the outlet's; default: the feed's title
    domain: Domain | None = None  # the outlet's, where the feed's host is a transport
    category: Text | None = None
    full_text: FullText = FullText.AUTO

    def spec(self) -> FeedSpec:
        """The feed as the stages know it."""
        return FeedSpec(self.url, self.name, self.domain, self.category, self.full_text)


class OpmlConfig(Section):
    """Subscriptions in OPML: a file, relative to config.yaml, or an http(s) URL."""

    opml: Text

    @model_validator(mode="after")
    def _check_url(self) -> Self:
        if self.is_url and same_url(self.opml) is None:
            raise ValueError("an OPML document is a file, or a whole http or https URL")
        return self

    @property
    def is_url(self) -> bool:
        """Whether the daemon has to fetch it."""
        return self.opml.lower().startswith(("http://", "https://"))


def _kind_of_source(value: Any) -> str:
    if isinstance(value, OpmlConfig) or (isinstance(value, dict) and "opml" in value):
        return "opml"
    return "feed"


Source = Annotated[
    Annotated[FeedConfig, Tag("feed")] | Annotated[OpmlConfig, Tag("opml")],
    Discriminator(_kind_of_source),
]


class PollConfig(Section):
    """How often and how politely feeds are asked.

    What is not given makes room for what is: `interval: 1s` alone lowers `min_interval` too.
    """

    interval: Duration = _USUAL  # where a feed has taught nothing better
    min_interval: Duration = _LOWEST
    max_interval: Duration = _HIGHEST
    per_host_delay: Pause = timedelta(seconds=1)  # between two requests to one host
    concurrency: Count = 64  # requests under way at once

    @model_validator(mode="before")
    @classmethod
    def _make_room(cls, data: Any) -> Any:
        keys = ("interval", "min_interval", "max_interval")
        if not isinstance(data, dict):
            return data
        try:
            given = {key: as_duration(data[key]) for key in keys if key in data}
        except ValueError:
            return data  # told of by the field itself
        if any(duration <= timedelta() for duration in given.values()):
            return data
        low = given.get("min_interval", min(_LOWEST, *given.values(), _USUAL))
        high = given.get("max_interval", max(_HIGHEST, *given.values(), _USUAL))
        usual = min(max(_USUAL, low), high)
        return {"interval": usual, "min_interval": low, "max_interval": high} | data

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.min_interval <= self.interval <= self.max_interval:
            raise ValueError(
                f"interval ({format_duration(self.interval)}) must lie between "
                f"min_interval ({format_duration(self.min_interval)}) and "
                f"max_interval ({format_duration(self.max_interval)})"
            )
        return self


class HttpConfig(Section):
    """How feeds and pages are fetched."""

    user_agent: HeaderText = ""  # default: version, project, server.base_url and contact
    contact: HeaderText = ""  # an address, for publishers with a complaint
    timeout: Duration = timedelta(seconds=20)  # of a whole exchange
    max_bytes: Size = ByteSize(10_000_000)  # of a body, decoded
    allow_networks: tuple[Network, ...] = ()  # private networks that may be asked


class WhereConfig(Section):
    """Which stories an output has. All that is named must hold; of one list, any."""

    category: Texts = ()
    language: Texts = ()
    outlet: Texts = ()  # names or domains
    words: str = ""
    origin: Texts = ()  # names or domains of whom the story is attributed to
    agency: bool | None = None  # whether it comes from an agency
    copies: Annotated[int, Field(ge=0)] = 0  # how many it has at least
    age: Duration | None = None  # how long ago it was first seen at the most


class OutputConfig(Section):
    """A named feed beside the main one, at /feeds/NAME.rss, .atom and .json."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    title: Text | None = None  # default: the name
    where: WhereConfig = WhereConfig()
    content: Content = Content.FEED

    def query(self, *, limit: int = 50, before: str = "") -> StoryQuery:
        """What the store is asked for, `limit` stories at a time."""
        return StoryQuery(
            categories=self.where.category,
            languages=self.where.language,
            outlets=self.where.outlet,
            words=self.where.words,
            limit=limit,
            before=before,
            origins=self.where.origin,
            agency=self.where.agency,
            copies=self.where.copies,
            age=self.where.age,
        )


class OutletConfig(Section):
    """An outlet that credits name, and the program does not know, or knows wrongly."""

    name: Text
    domain: Domains = ()  # the main one first
    aliases: Texts = ()
    kind: OutletKind | None = None  # default: what the program knows, else publisher

    def outlet(self, known: Outlet | None) -> Outlet:
        """The outlet as the stages know it; `known` is what the program knew of it."""
        kind = self.kind or (known.kind if known else OutletKind.PUBLISHER)
        return Outlet(self.name, self.domain, self.aliases, kind)


class WebSubConfig(Section):
    """Hubs that are told of each change of a feed, and tell subscribers (W3C WebSub)."""

    hubs: tuple[HttpUrl, ...] = ()


class DedupeConfig(Section):
    """How copies are looked for."""

    window: Duration = timedelta(days=7)  # how old a copy's story may be


class ServerConfig(Section):
    """Where pages and feeds are served."""

    host: Text = "0.0.0.0"  # noqa: S104 - a server in a container is reached from outside it
    port: Port = 8080  # 0: one that the system chooses
    base_url: SiteUrl | None = None  # as subscribers reach it, without a slash at the end
    admin_token: Secret | None = None


class Config(Section):
    """All settings, checked. Made by `load`."""

    feeds: tuple[Source, ...] = ()
    poll: PollConfig = PollConfig()
    http: HttpConfig = HttpConfig()
    database: DatabaseUrl = SecretStr("sqlite:///data/aggregator.db")
    outputs: tuple[OutputConfig, ...] = ()
    outlets: tuple[OutletConfig, ...] = ()
    websub: WebSubConfig = WebSubConfig()
    dedupe: DedupeConfig = DedupeConfig()
    retention: Duration = timedelta(days=90)  # how long stories are kept
    server: ServerConfig = ServerConfig()

    _opml_feeds: tuple[FeedSpec, ...] = PrivateAttr(default=())
    _files: tuple[Path, ...] = PrivateAttr(default=())
    _warnings: tuple[Problem, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _name_ourselves(self) -> Self:
        if not self.http.user_agent:
            us = [f"+{url}" for url in (PROJECT_URL, self.server.base_url) if url]
            us += [self.http.contact] if self.http.contact else []
            us = us or ["a feed aggregator"]
            agent = f"aggregator/{__version__} ({'; '.join(us)})"
            http = self.http.model_copy(update={"user_agent": agent})
            object.__setattr__(self, "http", http)  # the model is frozen for all but itself
        return self

    @property
    def database_url(self) -> str:
        """The database's URL in clear text, for the store alone: it may hold a password."""
        return self.database.get_secret_value()

    @property
    def opml_urls(self) -> tuple[str, ...]:
        """The OPML documents that are to be fetched; `feeds_from_opml` reads them."""
        return tuple(f.opml for f in self.feeds if isinstance(f, OpmlConfig) and f.is_url)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What was doubtful when the settings were loaded."""
        return self._warnings

    @property
    def file(self) -> Path | None:
        """Where the settings were read from; None: they are defaults and the environment's."""
        return self._files[0] if self._files else None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that were read: the configuration, then OPML."""
        return self._files

    def feed_specs(self, more: Iterable[FeedSpec] = ()) -> tuple[FeedSpec, ...]:
        """The feeds listed here, in OPML files, and in `more`, each URL once; the first wins."""
        specs: dict[str, FeedSpec] = {}
        listed = [f.spec() for f in self.feeds if isinstance(f, FeedConfig)]
        for spec in (*listed, *self._opml_feeds, *more):
            specs.setdefault(same_url(spec.url) or spec.url, spec)
        return tuple(specs.values())

    def loaded(
        self,
        folder: Path | None,
        opml_feeds: tuple[FeedSpec, ...],
        warnings: tuple[Problem, ...],
        files: tuple[Path, ...] = (),
    ) -> Self:
        """A copy that knows its files, and OPML's feeds; SQLite's is found from `folder`."""
        copy = self.model_copy(update={"database": _placed(self.database, folder)})
        copy._opml_feeds = opml_feeds
        copy._warnings = warnings
        copy._files = files
        return copy


def _placed(database: SecretStr, folder: Path | None) -> SecretStr:
    url = make_url(database.get_secret_value())
    file = url.database
    if folder is None or url.get_backend_name() != "sqlite" or not file:
        return database
    if file == ":memory:" or file.startswith("file:") or Path(file).is_absolute():
        return database
    placed = url.set(database=str((folder / file).resolve()))
    return SecretStr(placed.render_as_string(hide_password=False))
