"""The settings themselves: one frozen model a section, with the defaults.

Attribute names are the keys of config.yaml, and of the variables that override them.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import (
    ByteSize,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from sqlalchemy.engine import make_url

from aggregator import PROJECT_URL, __version__
from aggregator.config.entries import (
    FeedConfig,
    OpmlConfig,
    OutletConfig,
    OutputConfig,
    Section,
    Source,
)
from aggregator.config.problems import Problem
from aggregator.config.values import (
    Count,
    DatabaseUrl,
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
    as_duration,
    format_duration,
    same_url,
)
from aggregator.model import FeedSpec

_USUAL = timedelta(minutes=30)
_LOWEST = timedelta(minutes=5)
_HIGHEST = timedelta(hours=24)

# What is settled when the daemon starts; all else follows the file while it runs.
NEEDS_RESTART = ("database", "poll.concurrency", "server.host", "server.port")


class PollConfig(Section):
    """How often and how politely feeds are asked.

    What is not given makes room for what is: `interval: 1s` alone lowers `min_interval` too.
    """

    interval: Duration = Field(
        default=_USUAL,
        description="From one poll of a feed to the next, until the feed has shown its own rhythm.",
        examples=["1h"],
    )
    min_interval: Duration = Field(
        default=_LOWEST,
        description="A feed is asked no more often, whatever it says of itself.",
        examples=["10m"],
    )
    max_interval: Duration = Field(
        default=_HIGHEST, description="A feed is asked no more rarely.", examples=["12h"]
    )
    per_host_delay: Pause = Field(
        default=timedelta(seconds=1),
        description="The pause between two requests to one host. There is never more than one at "
        "a time.",
        examples=["5s"],
    )
    concurrency: Count = Field(
        default=64,
        description="Requests that are under way at once, over all hosts.",
        examples=[16],
    )

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

    user_agent: HeaderText = Field(
        default="",
        description="What publishers see in their logs. Without: the version, "
        "`server.base_url` and `http.contact`.",
        examples=["example.org news (+https://example.org/about)"],
    )
    contact: HeaderText = Field(
        default="",
        description="Where publishers can complain; it stands in the default `user_agent`.",
        examples=["news@example.org"],
    )
    timeout: Duration = Field(
        default=timedelta(seconds=20), description="For a whole exchange.", examples=["45s"]
    )
    max_bytes: Size = Field(
        default=ByteSize(10_000_000),
        description="A longer document, unpacked, costs its feed an error.",
        examples=["25MB"],
    )
    allow_networks: tuple[Network, ...] = Field(
        default=(),
        description="Private networks that may be asked. All others are refused, so that no feed "
        "leads into yours.",
        examples=[["10.1.0.0/16"]],
    )


class WebSubConfig(Section):
    """Hubs that are told of each change of a feed, and tell subscribers (W3C WebSub)."""

    hubs: tuple[HttpUrl, ...] = Field(
        default=(),
        description="Their addresses. They need `server.base_url`, as they fetch the feeds there.",
        examples=[["https://pubsubhubbub.appspot.com/"]],
    )


class DedupeConfig(Section):
    """How copies are looked for."""

    window: Duration = Field(
        default=timedelta(days=7),
        description="How long after a story's first copy another is recognised.",
        examples=["14d"],
    )


class ServerConfig(Section):
    """Where pages and feeds are served."""

    host: Text = Field(
        default="0.0.0.0",  # noqa: S104 - a server in a container is reached from outside it
        description="The address to listen at. `127.0.0.1` is for this machine alone.",
        examples=["127.0.0.1"],
    )
    port: Port = Field(
        default=8080,
        description="The port to listen at; `0`: one that the system chooses.",
        examples=[80],
    )
    base_url: SiteUrl | None = Field(
        default=None,
        description="The site's address as subscribers reach it, for links in feeds.",
        examples=["https://news.example.org"],
    )
    admin_token: Secret | None = Field(
        default=None,
        description="Who sends it may change things over HTTP. Without: nobody may.",
        examples=["a long random text"],
    )


class Config(Section):
    """All settings, checked. Made by `load`."""

    feeds: tuple[Source, ...] = Field(default=(), description="Feeds and OPML files.")
    poll: PollConfig = Field(default=PollConfig(), description="How often and how politely.")
    http: HttpConfig = Field(default=HttpConfig(), description="How feeds and pages are fetched.")
    database: DatabaseUrl = Field(
        default=SecretStr("sqlite:///data/aggregator.db"),
        description="Where everything is kept: a file, relative to the configuration, or a "
        "PostgreSQL server.",
        examples=["postgresql://aggregator:password@localhost/aggregator"],
        json_schema_extra={"default": "sqlite:///data/aggregator.db"},
    )
    outputs: tuple[OutputConfig, ...] = Field(default=(), description="Feeds beside the main one.")
    outlets: tuple[OutletConfig, ...] = Field(
        default=(), description="What the program does not know of outlets, or knows wrongly."
    )
    websub: WebSubConfig = Field(default=WebSubConfig(), description="Hubs to tell of changes.")
    dedupe: DedupeConfig = Field(default=DedupeConfig(), description="How copies are looked for.")
    retention: Duration = Field(
        default=timedelta(days=90),
        description="How long stories are kept. Never shorter than `dedupe.window`.",
        examples=["30d"],
    )
    server: ServerConfig = Field(
        default=ServerConfig(), description="Where pages and feeds are served."
    )

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
