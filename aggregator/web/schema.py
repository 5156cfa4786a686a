"""What the API gives, described for its documentation. The bytes come from `publish`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class CreditModel(BaseModel):
    """One attribution mark that was found in a copy."""

    name: str = Field(description="Whom it names; empty for a source that is not named.")
    role: Literal["publisher", "agency", "reporting", "unnamed"]
    quote: str = Field(description="Its exact words.")
    where: Literal["body", "dateline", "byline", "title", "feed", "page"]


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
    edits: list[str]


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


class CorrectionModel(BaseModel):
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
    corrections: list[CorrectionModel] = Field(description="The newest first.")


class StoriesModel(BaseModel):
    """A page of stories, newest first."""

    items: list[StoryModel]
    next: str | None = Field(description="The address of the next page.")


class FeedModel(BaseModel):
    """How a feed fares."""

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


class FeedsModel(BaseModel):
    """All feeds."""

    items: list[FeedModel]
    next: str | None


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str
