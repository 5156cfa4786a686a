"""What the API gives, described for its documentation. The bytes come from `publish`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CreditModel(BaseModel):
    """One attribution mark that was found in a copy."""

    name: str = Field(description="Whom it names; empty for a source that is not named.")
    role: Literal["publisher", "agency", "reporting", "unnamed"]
    quote: str = Field(description="Its exact words.")
    where: Literal["body", "dateline", "byline", "title", "feed", "page"]


class NearMissModel(BaseModel):
    """A story that a copy was held to be like, and yet no copy of."""

    story: str | None = Field(description="Its id; null when it is gone by now.")
    score: float = Field(description="How much of the shorter text is shared, 0 to 1.")
    reason: str = Field(description="Why it is no copy.")


class CopyModel(BaseModel):
    """A story as one outlet carries it."""

    outlet: str
    domain: str
    url: str
    title: str
    published: datetime | None = Field(description="As the outlet's feed says.")
    first_seen: datetime = Field(description="By our own clock.")
    credits: list[CreditModel]
    similarity: float = Field(description="How much of the shorter text is shared, 0 to 1.")
    edits: list[str] = Field(description="What was cut, added and changed.")
    reason: str = Field(description="Why it is a copy, or the first of its story.")
    threshold: float = Field(description="The similarity that was wanted; 0 for the first copy.")
    passages: list[str] = Field(description="The longest passages that it shares, longest first.")
    near_misses: list[NearMissModel]


class RulingModel(BaseModel):
    """What was said of a story for good: by a person, or where a copy grew into another text."""

    kind: Literal["merge", "split", "outgrown"]
    story: str = Field(description="The id that leads here, or the story that a copy is in now.")
    url: str = Field(description="Of the copy that was taken out; empty for a merge.")
    at: datetime


class ChangeModel(BaseModel):
    """A changed passage, with the words around it."""

    before: str
    cut: str
    added: str
    after: str


class TitlesModel(BaseModel):
    """A headline that was changed."""

    before: str
    after: str


class AmendmentModel(BaseModel):
    """What one outlet changed in its copy after it was seen here."""

    outlet: str
    url: str
    at: datetime = Field(description="When we saw it.")
    kind: Literal["changed", "notice", "withdrawn"]
    notice: str = Field(description="The publisher’s own words; empty if none.")
    title: TitlesModel | None
    changes: list[ChangeModel]
    still_old: list[str] = Field(description="Addresses of copies that carry the text as it was.")


class OriginModel(BaseModel):
    """Whom the story is attributed to, and why."""

    name: str
    domain: str
    url: str
    role: Literal["publisher", "agency", "reporting", "unnamed"]
    confidence: float
    reason: str


class AgencyModel(BaseModel):
    """The agency behind the origin."""

    name: str
    domain: str


class StoryModel(BaseModel):
    """All copies of one text."""

    id: str
    title: str
    url: str = Field(description="The original's address where known, else the best copy's.")
    origin: OriginModel | None
    agency: AgencyModel | None
    chain: list[str] = Field(description="From a carrier, over whom it credits, to the agency.")
    copies: list[CopyModel]
    first_seen: datetime
    updated: datetime = Field(description="When text, title or origin changed last.")
    category: list[str]
    language: str
    amendments: list[AmendmentModel] = Field(description="The newest first.")
    rulings: list[RulingModel]


class StoriesModel(BaseModel):
    """A page of stories, newest first."""

    items: list[StoryModel]
    next: str | None = Field(description="The address of the next page.")


class FeedModel(BaseModel):
    """How a feed fares."""

    id: int
    url: str
    name: str
    domain: str
    category: str
    state: Literal["new", "ok", "failing", "gone"]
    last_polled_at: datetime | None
    last_success_at: datetime | None
    next_poll_at: datetime | None
    interval_seconds: int
    status: int | None = Field(description="The HTTP status of the last poll.")
    error: str = Field(description="Of the last poll, with what to do about it; empty if none.")
    error_reason: str
    failures: int = Field(description="In a row.")
    entries: int
    polls: int
    not_modified: int
    note: str = Field(description="What was odd in the last document.")
    source: Literal["config", "api"] = Field(description="Who listed it.")


class FeedsModel(BaseModel):
    """All feeds."""

    items: list[FeedModel]
    next: str | None


class NewFeedModel(BaseModel):
    """A feed that is to be added, as `feeds:` in config.yaml has it."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="Its address: http or https.", min_length=1, max_length=2000)
    name: str | None = Field(None, description="The outlet’s name; else the feed’s title.")
    domain: str | None = Field(None, description="The outlet’s domain, where a transport has it.")
    category: str | None = None
    full_text: Literal["auto", "always", "never"] = Field(
        "auto", description="When article pages are fetched."
    )


class MergeModel(BaseModel):
    """The story that another one is to be joined with."""

    model_config = ConfigDict(extra="forbid")

    story: str = Field(description="The id of the other story.", min_length=1, max_length=4000)


class SplitModel(BaseModel):
    """The copy that is none of a story."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="The copy’s address.", min_length=1, max_length=4000)


class CorrectedModel(BaseModel):
    """What a person’s correction came to."""

    kind: Literal["merge", "split"]
    story: str = Field(description="The id of the story that stays.")
    other: str = Field(description="The id that leads to it now; or that the copy has now.")
    changed: bool = Field(description="False where it was so already.")


class OutletModel(BaseModel):
    """What one outlet was seen to do, among the newest stories."""

    name: str
    domain: str
    stories: int = Field(description="That it carries.")
    original: int = Field(description="That it is the origin of.")
    own: int = Field(description="Of those that it carries, how many are its own.")
    share: float | None = Field(description="`own` of `stories`; null where it carries none.")
    lent: int = Field(description="Of its own, how many others carry.")


class FlowModel(BaseModel):
    """What passes between an outlet and another one."""

    outlet: str
    domain: str
    stories: int
    lag_seconds: int | None = Field(description="How late, in the median, by our own clock.")
    timed: int = Field(description="How many copies the median is of.")


class CreditingModel(BaseModel):
    """How often an outlet credits somebody."""

    name: str
    domain: str
    role: Literal["publisher", "agency", "reporting", "unnamed"]
    entries: int


class OutletDetailModel(OutletModel):
    """An outlet, with whom it exchanges stories."""

    carries: list[FlowModel] = Field(description="Whose stories it carries.")
    carried_by: list[FlowModel] = Field(description="Who carries its stories.")
    credits: list[CreditingModel] = Field(description="Whom its entries credit.")


class OutletsModel(BaseModel):
    """A page of outlets, the busiest first."""

    items: list[OutletModel]
    next: str | None = Field(description="The address of the next page.")


class RunModel(BaseModel):
    """Words that stand in both texts, or in one only."""

    kind: Literal["same", "cut", "added"]
    text: str


class RowModel(BaseModel):
    """Two paragraphs that belong together; one side is empty where a text has none."""

    left: list[RunModel]
    right: list[RunModel]


class ComparisonModel(BaseModel):
    """What the feeds offer of two copies, word by word."""

    a: str = Field(description="The address of the first copy.")
    b: str = Field(description="The address of the second.")
    kept: int = Field(description="Words that are in both.")
    cut: int
    added: int
    clipped: bool = Field(description="Whether there was more text than is compared.")
    rows: list[RowModel]


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str
