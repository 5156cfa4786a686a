"""The tables. Every change here needs a migration; a test compares the two.

A *feed* has *entries*; an entry's text stands in *body* and its credits in *credit*. A *copy*
says of which *story* an entry is a member, and why; a *ruling* is what a person said of that.
*posting* is the index of matching, *label* what stories are selected by. The words that they are
searched by are no table of these: each database has a kind of its own for that (see `migrations`
and `labels`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text
from sqlmodel import Field, SQLModel

from aggregator.store.types import Compressed, CompressedBytes, UtcDateTime


def table(row: type[SQLModel]) -> Table:
    """The table behind a row's class; statements on it cost half of those on the class."""
    found: Table = row.__table__  # type: ignore[attr-defined]
    return found


def _time(*, nullable: bool = True, index: bool = False) -> Any:
    return Column(UtcDateTime(), nullable=nullable, index=index)


def _json() -> Any:
    return Column(JSON, nullable=False)


def _text() -> Any:
    return Column(Text, nullable=False)


def _belongs_to(target: str, *, primary_key: bool = False, index: bool = False) -> Any:
    return Column(
        Integer,
        ForeignKey(target, ondelete="CASCADE"),
        nullable=False,
        primary_key=primary_key,
        index=index,
    )


class FeedRow(SQLModel, table=True):
    """A feed that is or was listed, with what the last polls taught about it."""

    __tablename__ = "feed"

    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str | None = Field(default=None, sa_column=Column(Text))
    domain: str | None = Field(default=None, sa_column=Column(Text))
    category: str | None = Field(default=None, sa_column=Column(Text))
    full_text: str = Field(default="auto", sa_column=Column(String(8), nullable=False))
    listed: bool = True  # in today's configuration, or added through the API
    # "config", or "api" for one that stays when the configuration does not name it
    source: str = Field(
        default="config", sa_column=Column(String(8), nullable=False, server_default="config")
    )
    poll_url: str = Field(sa_column=_text())
    title: str = Field(default="", sa_column=_text())
    site_url: str = Field(default="", sa_column=_text())
    etag: str | None = Field(default=None, sa_column=Column(Text))
    last_modified: str | None = Field(default=None, sa_column=Column(Text))
    body_digest: str = Field(default="", sa_column=Column(String(64), nullable=False))
    interval_seconds: int = 1800
    next_poll_at: datetime = Field(sa_column=_time(nullable=False, index=True))
    last_polled_at: datetime | None = Field(default=None, sa_column=_time())
    last_success_at: datetime | None = Field(default=None, sa_column=_time())
    last_status: int | None = None
    last_error: str = Field(default="", sa_column=_text())
    last_error_reason: str = Field(default="", sa_column=Column(String(40), nullable=False))
    note: str = Field(default="", sa_column=_text())
    failures: int = 0
    polls: int = 0
    polls_not_modified: int = 0
    validators_url: str = Field(default="", sa_column=_text())  # the document they are of
    why: str = Field(default="", sa_column=_text())  # the next poll is when it is
    last_remedy: str = Field(default="", sa_column=_text())
    wishes: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    first_success_at: datetime | None = Field(default=None, sa_column=_time())
    news_at: datetime | None = Field(default=None, sa_column=_time())
    gap_seconds: float | None = None
    news_share: float = 0.0
    news_polls: int = 0  # behind the share
    looked_at: datetime | None = Field(default=None, sa_column=_time())
    look_days: int = 1
    wire_bytes: int = 0  # of the last whole document, as transferred
    bytes_saved: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    pages_owed: bool = False
    pushed_at: datetime | None = Field(default=None, sa_column=_time())


class KeptRow(SQLModel, table=True):
    """A feed's document that is read again, because article pages of it are still to be had."""

    __tablename__ = "kept"

    feed_id: int = Field(sa_column=_belongs_to("feed.id", primary_key=True))
    url: str = Field(sa_column=_text())
    content_type: str = Field(sa_column=_text())
    body: bytes = Field(sa_column=Column(CompressedBytes, nullable=False))


class PushRow(SQLModel, table=True):
    """A feed's subscription at a WebSub hub."""

    __tablename__ = "push"

    feed_id: int = Field(sa_column=_belongs_to("feed.id", primary_key=True))
    token: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    secret: str = Field(sa_column=Column(String(64), nullable=False))
    hub: str = Field(sa_column=_text())
    topic: str = Field(sa_column=_text())
    ask_at: datetime = Field(sa_column=_time(nullable=False, index=True))
    failures: int = 0
    asked: bool = False
    lease_until: datetime | None = Field(default=None, sa_column=_time())


class EntryRow(SQLModel, table=True):
    """One item of one feed, as that outlet carries it."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("ix_entry_feed_guid", "feed_id", "key_guid"),
        Index("ix_entry_feed_text", "feed_id", "key_text"),
    )

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(sa_column=_belongs_to("feed.id"))
    key_guid: str = Field(default="", sa_column=Column(String(64), nullable=False))
    key_link: str = Field(default="", sa_column=Column(String(64), nullable=False, index=True))
    key_text: str = Field(default="", sa_column=Column(String(64), nullable=False))
    key_title: str = Field(default="", sa_column=Column(String(64), nullable=False))
    digest: str = Field(sa_column=Column(String(64), nullable=False))
    guid: str = Field(default="", sa_column=_text())
    url: str = Field(default="", sa_column=_text())
    title: str = Field(default="", sa_column=_text())
    author: str = Field(default="", sa_column=_text())
    outlet: str = Field(sa_column=_text())  # the carrier's name
    domain: str = Field(default="", sa_column=_text())
    language: str = Field(default="", sa_column=Column(String(35), nullable=False))
    enclosures: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())
    published: datetime | None = Field(default=None, sa_column=_time())
    updated: datetime | None = Field(default=None, sa_column=_time())
    first_seen: datetime = Field(sa_column=_time(nullable=False, index=True))
    dropped_at: datetime | None = Field(default=None, sa_column=_time())  # left its feed
    length: int = 0  # of its text, in characters
    page_state: str = Field(default="none", sa_column=Column(String(8), nullable=False))
    page_tries: int = 0


class BodyRow(SQLModel, table=True):
    """The texts of an entry, compressed."""

    __tablename__ = "body"

    entry_id: int = Field(sa_column=_belongs_to("entry.id", primary_key=True))
    html: str = Field(default="", sa_column=Column(Compressed, nullable=False))  # the feed's
    page_html: str = Field(default="", sa_column=Column(Compressed, nullable=False))
    text: str = Field(default="", sa_column=Column(Compressed, nullable=False))  # as matched


class CreditRow(SQLModel, table=True):
    """One found attribution mark of an entry."""

    __tablename__ = "credit"

    id: int | None = Field(default=None, primary_key=True)
    entry_id: int = Field(sa_column=_belongs_to("entry.id", index=True))
    position: int
    name: str = Field(sa_column=_text())
    as_written: str = Field(sa_column=_text())
    domain: str = Field(sa_column=_text())
    url: str = Field(sa_column=_text())
    role: str = Field(sa_column=Column(String(12), nullable=False))
    extent: str = Field(sa_column=Column(String(8), nullable=False))
    quote: str = Field(sa_column=_text())
    place: str = Field(sa_column=Column(String(12), nullable=False))
    confidence: float
    rank: int


class StoryRow(SQLModel, table=True):
    """All copies of the same text. `public_id` is minted once and never changes."""

    __tablename__ = "story"
    __table_args__ = (Index("ix_story_river", "merged_into", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(sa_column=Column(String(36), nullable=False, unique=True))
    merged_into: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("story.id", ondelete="CASCADE"))
    )
    lead_entry_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("entry.id", ondelete="SET NULL"))
    )
    title: str = Field(default="", sa_column=_text())
    url: str = Field(default="", sa_column=_text())
    origin: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    agency: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    chain: list[str] = Field(default_factory=list, sa_column=_json())
    conflict: str = Field(default="", sa_column=_text())
    language: str = Field(default="", sa_column=Column(String(35), nullable=False))
    digest: str = Field(default="", sa_column=Column(String(64), nullable=False))
    first_seen: datetime = Field(sa_column=_time(nullable=False))
    updated: datetime = Field(sa_column=_time(nullable=False))
    copies: int = 0  # how many it has
    labels: list[str] = Field(default_factory=list, sa_column=_json())  # as in the table of labels


class CopyRow(SQLModel, table=True):
    """Of which story an entry is a copy, and why."""

    __tablename__ = "copy"

    entry_id: int = Field(sa_column=_belongs_to("entry.id", primary_key=True))
    story_id: int = Field(sa_column=_belongs_to("story.id", index=True))
    similarity: float = 1.0
    threshold: float = 0.0
    reason: str = Field(default="", sa_column=_text())
    edits: list[str] = Field(default_factory=list, sa_column=_json())
    passages: list[str] = Field(default_factory=list, sa_column=_json())
    near_misses: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())


class VersionRow(SQLModel, table=True):
    """What an entry was until it changed: a few states back, compressed."""

    __tablename__ = "version"

    id: int | None = Field(default=None, primary_key=True)
    entry_id: int = Field(sa_column=_belongs_to("entry.id", index=True))
    until: datetime = Field(sa_column=_time(nullable=False))
    title: str = Field(default="", sa_column=_text())
    html: str = Field(default="", sa_column=Column(Compressed, nullable=False))  # the feed's
    text: str = Field(default="", sa_column=Column(Compressed, nullable=False))  # as matched


class AmendmentRow(SQLModel, table=True):
    """What an outlet changed in its copy of a story."""

    __tablename__ = "amendment"

    id: int | None = Field(default=None, primary_key=True)
    entry_id: int = Field(sa_column=_belongs_to("entry.id", index=True))
    at: datetime = Field(sa_column=_time(nullable=False))
    kind: str = Field(sa_column=Column(String(12), nullable=False))
    notice: str = Field(default="", sa_column=_text())
    title_before: str = Field(default="", sa_column=_text())
    title_after: str = Field(default="", sa_column=_text())
    hunks: list[dict[str, str]] = Field(default_factory=list, sa_column=_json())
    more: int = 0
    still: list[int] = Field(default_factory=list, sa_column=_json())  # entries


class RulingRow(SQLModel, table=True):
    """What was said of a story for good: a story was joined to it, or a copy is none of it.

    `key_link` tells the copy when its entry is gone and comes back under another number.
    """

    __tablename__ = "ruling"

    id: int | None = Field(default=None, primary_key=True)
    story_id: int = Field(sa_column=_belongs_to("story.id", index=True))
    kind: str = Field(sa_column=Column(String(8), nullable=False))  # merge, split, outgrown
    other: str = Field(sa_column=Column(String(36), nullable=False))  # the other story's public id
    entry_id: int | None = Field(
        default=None,
        sa_column=Column(Integer, ForeignKey("entry.id", ondelete="SET NULL"), index=True),
    )
    key_link: str = Field(default="", sa_column=Column(String(64), nullable=False, index=True))
    url: str = Field(default="", sa_column=_text())
    at: datetime = Field(sa_column=_time(nullable=False))


class PostingRow(SQLModel, table=True):
    """The index of matching: which stories hold a shingle, and since which hour (from 1970)."""

    __tablename__ = "posting"
    __table_args__ = ({"sqlite_with_rowid": False},)

    hash: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    # No foreign key: it would want an index of its own, for rows that expire anyway.
    story_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    seen_hour: int


class LabelRow(SQLModel, table=True):
    """What a story is selected by: a category, an outlet, a language and so on."""

    __tablename__ = "label"
    __table_args__ = ({"sqlite_with_rowid": False},)

    name: str = Field(sa_column=Column(String(200), primary_key=True))
    # No foreign key: it would want an index of its own. Who deletes a story deletes its labels.
    story_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))


class TurnRow(SQLModel, table=True):
    """When a host may be asked again, for processes that share a PostgreSQL database.

    While a process asks, `holder` is its name, and `free_at` is when its turn ends whatever
    becomes of it. Of no worth later, so no backup holds it.
    """

    __tablename__ = "turn"

    host: str = Field(sa_column=Column(String(300), primary_key=True))
    free_at: datetime = Field(sa_column=_time(nullable=False))
    holder: str = Field(default="", sa_column=Column(String(64), nullable=False))


class CountersRow(SQLModel, table=True):
    """One row of numbers that only grow.

    `revision` counts changes of what is published; feeds are cached by it. `stories` is the last
    story's number: one that was deleted is not given again, as old postings may still name it.
    """

    __tablename__ = "counters"

    id: int = Field(default=1, primary_key=True)
    revision: int = 0
    stories: int = 0
