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
    rulings: list[RulingModel]


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
