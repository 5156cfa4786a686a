"""What the web asks of the rest: one small protocol, and the dataclasses that it speaks in.

Everything here is called from threads and may wait for a database. StoreError says that the
database does not answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from aggregator.model import Exchange, FeedHealth, Story, StoryQuery, Version


@dataclass(frozen=True, slots=True)
class FeedWish:
    """One document of the merged feed that somebody asks for."""

    form: str  # a key of `publish.FORMATS`
    url: str  # the document's own address, as it was asked for
    home_url: str  # the river's, with a slash at the end
    name: str = ""  # of a named output; "" is the main feed
    query: StoryQuery = field(default_factory=StoryQuery)


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the merged feed, or of its archive."""

    body: bytes
    media_type: str
    modified: datetime  # of its content
    links: tuple[tuple[str, str], ...] = ()  # relations and addresses, for the Link header
    archived: bool = False  # it hardly ever changes
    passing: bool = False  # what it holds depends on the time


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be well for the site to be ready, and how it is.

    What is not `vital` may be amiss, and the site is ready still: degraded.
    """

    name: str
    ok: bool
    reason: str
    vital: bool = True


class Site(Protocol):
    """A site of stories, as pages, feeds and the API show it."""

    @property
    def title(self) -> str:
        """What the site calls itself."""

    @property
    def base_url(self) -> str:
        """The configured address without a slash at the end, or "": what a request asks at."""

    @property
    def fallback_url(self) -> str:
        """The address to go by where a request names no usable one."""

    @property
    def admin_token(self) -> str:
        """The token with which one may write, or "": nobody may."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """The titles of the named outputs, by name."""

    def version(self) -> str:
        """A word that changes whenever what is published changes."""

    def feed(self, wish: FeedWish) -> Document:
        """A document of the merged feed.

        Raises NotFoundError for an output or an archive document that is not there.
        """

    def stories(self, query: StoryQuery) -> Sequence[Story]:
        """The stories that are wanted, newest first."""

    def story(self, story_id: str) -> Story | None:
        """The story with this id, or the one that it was joined to."""

    def feeds(self) -> Sequence[FeedHealth]:
        """How each feed fares."""

    def add_feed(self, values: Mapping[str, Any]) -> FeedHealth:
        """List a feed. Raises AggregatorError: `bad_feed` or `known_feed`."""

    def remove_feed(self, feed_id: int) -> None:
        """Poll a feed no more. Raises AggregatorError: `no_feed` or `configured_feed`."""

    def poll_feed(self, feed_id: int) -> FeedHealth:
        """Make a feed due. Raises AggregatorError: `no_feed`."""

    def merge(self, a: str, b: str) -> Mapping[str, Any]:
        """Make one story of two. Raises AggregatorError: `no_story` or `ambiguous`."""

    def split(self, story: str, url: str) -> Mapping[str, Any]:
        """Take a copy out of a story. Raises AggregatorError: also `no_copy` or `only_copy`."""

    def categories(self) -> Sequence[str]:
        """The categories of the feeds, each once."""

    def names(self) -> Sequence[str]:
        """The names of the outlets whose feeds are polled."""

    def languages(self) -> Sequence[str]:
        """The languages of the newest stories, the most frequent first."""

    def exchange(self) -> Exchange:
        """Who republishes whom, among the newest stories."""

    def offered(self, entries: Sequence[int]) -> Mapping[int, str]:
        """What the feeds offer of these entries' texts, as sanitised HTML."""

    def versions(self, entry: int) -> Sequence[Version]:
        """What an entry was before it changed, the newest first."""

    def opml(self) -> bytes:
        """What is subscribed to."""

    def readiness(self) -> Sequence[Check]:
        """What must be well for this site to be ready. Raises nothing."""

    def metrics(self) -> bytes:
        """The metrics, for Prometheus. Raises nothing."""

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` is of a bounded set."""
