"""What the lists of the configuration hold: feeds, OPML documents, outputs, outlets."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from aggregator.config.values import (
    Choice,
    Domain,
    Domains,
    Duration,
    HttpUrl,
    Least,
    Name,
    Text,
    Texts,
    same_url,
)
from aggregator.model import Content, FeedSpec, FullText, Outlet, OutletKind, StoryQuery


class Section(BaseModel):
    """What all sections share: no unknown keys, and no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FeedConfig(Section):
    """One feed, by its URL."""

    url: HttpUrl = Field(
        description="The feed's address. A page's address works where the page names its feed.",
        examples=["https://feeds.example.org/world.xml"],
    )
    name: Text | None = Field(
        default=None, description="The outlet's name. Without: the feed's title.", examples=["NDTV"]
    )
    domain: Domain | None = Field(
        default=None,
        description="The outlet's own domain, where the feed's host is a service's.",
        examples=["ndtv.com"],
    )
    category: Text | None = Field(
        default=None, description="A shelf to put its stories on.", examples=["World"]
    )
    full_text: FullText = Field(
        default=FullText.AUTO,
        description="Whether articles' pages are fetched: `auto` where the feed has teasers only, "
        "`always`, or `never`. What is fetched serves recognition and credit, and is shown only "
        "where an output says `content: full`.",
        examples=["never"],
    )

    def spec(self) -> FeedSpec:
        """The feed as the stages know it."""
        return FeedSpec(self.url, self.name, self.domain, self.category, self.full_text)


class OpmlConfig(Section):
    """Subscriptions in OPML: a file, relative to config.yaml, or an http(s) URL."""

    opml: Text = Field(
        description="A file beside this one, or an address that is read each hour. Its folders "
        "become categories.",
        examples=["subscriptions.opml"],
    )

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


class WhereConfig(Section):
    """Which stories an output has. All that is named must hold; of one list, any."""

    category: Texts = Field(default=(), description="Categories of feeds.", examples=["World"])
    language: Texts = Field(default=(), description="Language codes.", examples=[["en", "fr"]])
    outlet: Texts = Field(
        default=(), description="Names or domains of who carries it.", examples=["ndtv.com"]
    )
    words: str = Field(
        default="",
        description='Words in headlines and text: all of them; `"a phrase"` in quotes, `flood*` '
        "for a beginning.",
        examples=['climate "sea level" flood*'],
    )
    origin: Texts = Field(
        default=(), description="Names or domains of whom it is attributed to.", examples=["AFP"]
    )
    agency: Choice | None = Field(
        default=None,
        description="`true`: from a wire agency; `false`: from none.",
        examples=[False],
    )
    copies: Least = Field(
        default=0, description="So many copies were found, at least.", examples=[3]
    )
    age: Duration | None = Field(
        default=None, description="Since it was first seen, at the most.", examples=["24h"]
    )


class OutputConfig(Section):
    """A named feed beside the main one, at /feeds/NAME.rss, .atom and .json."""

    name: Name = Field(description="What its address ends with.", examples=["world"])
    title: Text | None = Field(
        default=None,
        description="What feed readers show. Without: the name.",
        examples=["World, once"],
    )
    where: WhereConfig = Field(
        default=WhereConfig(), description="Which stories it has. Without: all."
    )
    content: Content = Field(
        default=Content.FEED,
        description="What an item has: `feed`, what the publisher's feed offers; `summary`; "
        "`full`, the fetched page's text (mind the publisher's terms); `none`. Credit and link "
        "always stand.",
        examples=["summary"],
    )

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

    name: Text = Field(description="Its name, as it is shown.", examples=["Sarnholm Courier"])
    domain: Domains = Field(
        default=(),
        description="Its domains, the main one first.",
        examples=[["sarnholmcourier.example", "courier.example"]],
    )
    aliases: Texts = Field(
        default=(),
        description="Other names that credits call it by.",
        examples=[["The Courier", "SC"]],
    )
    kind: OutletKind | None = Field(
        default=None,
        description="`publisher`, or `agency`: who writes for others. Without: what the program "
        "knows, else `publisher`.",
        examples=["agency"],
    )

    def outlet(self, known: Outlet | None) -> Outlet:
        """The outlet as the stages know it; `known` is what the program knew of it."""
        kind = self.kind or (known.kind if known else OutletKind.PUBLISHER)
        return Outlet(self.name, self.domain, self.aliases, kind)
