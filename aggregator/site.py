"""Joins the store and publish for the web, and for `aggregator export`: the same bytes for both."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aggregator import added_feeds
from aggregator.config import Config, OutputConfig
from aggregator.errors import NotFoundError, StoreError
from aggregator.metrics import Metrics
from aggregator.model import Channel, Content, Exchange, FeedHealth, Story, StoryQuery, Version
from aggregator.publish import FORMATS, newest, opml
from aggregator.store import Store
from aggregator.web.site import Check, Document, FeedWish

TITLE = "aggregator"
DESCRIPTION = "Each story once, linked to its original, with credit to whoever had it first."
_COUNTED = 15.0  # seconds that the numbers of rows are kept; counting a large table is slow
_ANYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104  (hosts that are compared with, not bound to)


class StoredSite:
    """A site on a store. Implements `aggregator.web.Site`.

    `started` says whether a first poll is under way or done.
    """

    title = TITLE

    def __init__(
        self, config: Config, store: Store, metrics: Metrics, started: Callable[[], bool]
    ) -> None:
        server = config.server
        host = "127.0.0.1" if server.host in _ANYWHERE else server.host
        self.base_url = server.base_url or ""
        self.fallback_url = f"http://{f'[{host}]' if ':' in host else host}:{server.port}"
        token = server.admin_token
        self.admin_token = token.get_secret_value() if token else ""
        self._networks = config.http.allow_networks
        self.outputs = {output.name: output.title or output.name for output in config.outputs}
        self._outputs = {output.name: output for output in config.outputs}
        self._store = store
        self._metrics = metrics
        self._started = started
        self._counts: tuple[float, Mapping[str, int]] = (float("-inf"), {})

    # -------------------------------------------------------------------------------- feeds

    def version(self) -> str:
        """A word that changes whenever what is published changes."""
        return self._store.version()

    def feed(self, wish: FeedWish) -> Document:
        """A document of the merged feed. Raises NotFoundError for an output that is not there."""
        start = time.perf_counter()
        output = self._output(wish.name)
        query, title, content = wish.query, TITLE, Content.FEED
        if output is not None:
            query = output.query(limit=query.limit, before=query.before)
            title, content = output.title or output.name, output.content
        # One more than is shown tells whether there is a next page.
        stories = self._store.stories(replace(query, limit=query.limit + 1))
        more, stories = len(stories) > query.limit, stories[: query.limit]
        channel = Channel(
            title=title,
            url=wish.url,
            home_url=wish.home_url,
            description=DESCRIPTION,
            content=content,
            next_url=_following(wish.url, stories[-1].id) if more else "",
        )
        form = FORMATS[wish.form]
        body = form.write(channel, stories)
        self._metrics.built(time.perf_counter() - start)
        times = [copy.first_seen for story in stories for copy in story.copies]
        modified = max([*times, newest(channel, stories)])
        return Document(body, f"{form.media_type}; charset=utf-8", modified)

    def opml(self) -> bytes:
        """What is subscribed to."""
        return opml(f"{TITLE}: what is subscribed to", self._store.feeds())

    # ------------------------------------------------------------------------ pages and API

    def stories(self, query: StoryQuery) -> Sequence[Story]:
        """The stories that are wanted, newest first."""
        return self._store.stories(query)

    def story(self, story_id: str) -> Story | None:
        """The story with this id, or the one that it was joined to."""
        return self._store.story(story_id)

    def feeds(self) -> Sequence[FeedHealth]:
        """How each feed fares."""
        return self._store.feeds()

    def add_feed(self, values: Mapping[str, Any]) -> FeedHealth:
        """List a feed. Raises ConfigError: `bad_feed` or `known_feed`."""
        return added_feeds.add(
            self._store, added_feeds.spec_of(values, self._networks), datetime.now(UTC)
        )

    def remove_feed(self, feed_id: int) -> None:
        """Poll a feed no more. Raises NotFoundError, or ConfigError for one of config.yaml."""
        added_feeds.remove(self._store, feed_id)

    def poll_feed(self, feed_id: int) -> FeedHealth:
        """Make a feed due. Raises NotFoundError."""
        return added_feeds.poll_now(self._store, feed_id, datetime.now(UTC))

    def categories(self) -> Sequence[str]:
        """The categories of the feeds, each once."""
        found = (feed.spec.category for feed in self._store.listed())
        return sorted({category for category in found if category}, key=str.casefold)

    def names(self) -> Sequence[str]:
        """The names of the outlets whose feeds are polled."""
        return [feed.name for feed in self._store.listed()]

    def languages(self) -> Sequence[str]:
        """The languages of the newest stories, the most frequent first."""
        return self._store.languages()

    def exchange(self) -> Exchange:
        """Who republishes whom, among the newest stories."""
        return self._store.exchange()

    def offered(self, entries: Sequence[int]) -> Mapping[int, str]:
        """What the feeds offer of these entries' texts, as sanitised HTML."""
        return self._store.offered(entries)

    def versions(self, entry: int) -> Sequence[Version]:
        """What an entry was before it changed, the newest first."""
        return self._store.versions([entry]).get(entry, [])

    # -------------------------------------------------------------------- health and metrics

    def readiness(self) -> Sequence[Check]:
        """Whether the database can be reached and a first poll is under way or done."""
        try:
            self._store.ping()
            polled = self._store.polled_once()
        except StoreError as error:
            nothing = Check("polling", ok=False, reason="Nobody can tell without the database.")
            return [Check("database", ok=False, reason=str(error)), nothing]
        database = Check("database", ok=True, reason="It answers.")
        if polled:
            return [database, Check("polling", ok=True, reason="A first poll is done.")]
        if self._started():
            return [database, Check("polling", ok=True, reason="A first poll is under way.")]
        return [database, Check("polling", ok=False, reason="No feed was polled yet.")]

    def metrics(self) -> bytes:
        """The metrics, for Prometheus."""
        counted, counts = self._counts
        reachable = True
        if time.monotonic() - counted > _COUNTED:
            try:
                counts = self._store.counts()
                self._counts = (time.monotonic(), counts)
            except StoreError:
                reachable = False
        return self._metrics.render(dict(counts), reachable=reachable)

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._metrics.requested(route, status, seconds)

    # --------------------------------------------------------------------------- small tools

    def _output(self, name: str) -> OutputConfig | None:
        if not name:
            return None
        try:
            return self._outputs[name]
        except KeyError:
            known = ", ".join(self._outputs) or "none"
            raise NotFoundError(
                f"No output is called {name!r}; there are: {known}.",
                reason="no_output",
                remedy="Outputs are named in config.yaml, under `outputs:`.",
            ) from None


def export_bytes(config: Config, form: str, name: str = "") -> bytes:
    """What the server gives for `/feed.FORM`, `/feeds/NAME.FORM` or `/opml`.

    Raises NotFoundError for an output that the configuration does not name.
    """
    store = Store(config.database_url)
    try:
        site = StoredSite(config, store, Metrics(), lambda: True)
        if form == "opml":
            if name:
                raise NotFoundError(
                    f"There is no OPML of {name!r} alone.",
                    reason="no_output",
                    remedy="OPML lists what is subscribed to; leave the name out.",
                )
            return site.opml()
        base = site.base_url or site.fallback_url
        path = f"feeds/{name}.{form}" if name else f"feed.{form}"
        return site.feed(FeedWish(form, f"{base}/{path}", f"{base}/", name)).body
    finally:
        store.close()


def _following(url: str, last: str) -> str:
    """The address of the page after the one at `url`, whose last story that is."""
    address, _, query = url.partition("?")
    kept = [pair for pair in parse_qsl(query) if pair[0] != "before"]
    return f"{address}?{urlencode([*kept, ('before', last)])}"
