"""Joins the store and publish for the web, and for `aggregator export`: the same bytes for both."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aggregator import added_feeds
from aggregator.config import Config, OutputConfig
from aggregator.correct import Corrected, correct_in, merge, split
from aggregator.errors import NotFoundError, StoreError
from aggregator.metrics import Metrics
from aggregator.model import Channel, Content, Exchange, FeedHealth, Story, StoryQuery, Version
from aggregator.publish import FORMATS, links, newest, opml
from aggregator.setbacks import Condition
from aggregator.store import ARCHIVE, NIL, Store
from aggregator.web.site import Check, Document, FeedWish

TITLE = "aggregator"
DESCRIPTION = "Each story once, linked to its original, with credit to whoever had it first."
LATE = timedelta(minutes=15)  # a feed that is due for so long is not being polled
_COUNTED = 15.0  # seconds that the numbers of rows are kept; counting a large table is slow
_ANYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104  (hosts that are compared with, not bound to)


class StoredSite:
    """A site on a store. Implements `aggregator.web.Site`.

    `started` says whether a first poll is under way or done, `conditions` what hinders polling.
    """

    title = TITLE

    def __init__(
        self,
        config: Config,
        store: Store,
        metrics: Metrics,
        started: Callable[[], bool],
        *,
        conditions: Callable[[], Sequence[Condition]] = tuple,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        server = config.server
        host = "127.0.0.1" if server.host in _ANYWHERE else server.host
        self.base_url = server.base_url or ""
        self.fallback_url = f"http://{f'[{host}]' if ':' in host else host}:{server.port}"
        token = server.admin_token
        self.admin_token = token.get_secret_value() if token else ""
        self._config = config
        self.outputs = {output.name: output.title or output.name for output in config.outputs}
        self._outputs = {output.name: output for output in config.outputs}
        self._store = store
        self._metrics = metrics
        self._started = started
        self._conditions = conditions
        self._clock = clock
        self._hubs = config.websub.hubs if self.base_url else ()
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
            title, content = output.title or output.name, output.content
            query = replace(
                output.query(limit=query.limit, before=query.before),
                after=query.after,
                archive=query.archive,
            )
        query = self._dated(query)
        stories, around = self._part(query, wish.url)
        channel = Channel(
            title=title,
            url=wish.url,
            home_url=wish.home_url,
            description=DESCRIPTION,
            content=content,
            current_url=_other(wish.url),
            archived=query.archive is not None,
            hubs=self._hubs,
            style_url=f"{wish.home_url}static/feed.css",
        )
        channel = replace(channel, **around)
        form = FORMATS[wish.form]
        body = form.write(channel, stories)
        self._metrics.built(time.perf_counter() - start)
        times = [copy.first_seen for story in stories for copy in story.copies]
        modified = max([*times, newest(channel, stories)])
        return Document(
            body,
            f"{form.media_type}; charset=utf-8",
            modified,
            links=tuple(link for link in links(channel) if link[0] in {"self", "hub"}),
            archived=channel.archived,
            passing=query.since is not None,
        )

    def _part(self, query: StoryQuery, url: str) -> tuple[list[Story], dict[str, Any]]:
        """The stories of a document, and the addresses of those around it (RFC 5005)."""
        if query.archive is not None:
            stories = self._store.stories(replace(query, limit=ARCHIVE))
            before, after, count = self._store.archives(query)
            if query.archive >= count or not stories:
                raise NotFoundError(
                    f"The archive has no document {query.archive}.",
                    reason="no_archive",
                    remedy="Begin at the feed, and follow its links to the archive.",
                )
            around: dict[str, Any] = {
                "prev_archive_url": "" if before is None else _other(url, archive=str(before)),
                "next_archive_url": "" if after is None else _other(url, archive=str(after)),
            }
            return stories, around
        # One more than is shown tells whether there is another page.
        stories = self._store.stories(replace(query, limit=query.limit + 1))
        more = len(stories) > query.limit
        stories = stories[-query.limit :] if query.after else stories[: query.limit]
        if not stories:
            return stories, {}
        around = {}
        if more if not query.after else query.after != NIL:
            around["next_url"] = _other(url, before=stories[-1].id)
        if query.before or (query.after and more):
            around["previous_url"] = _other(url, after=stories[0].id)
        if around:
            around["last_url"] = _other(url, after=NIL)
        if not query.before and not query.after and query.limit >= ARCHIVE:
            # What is younger than the archive's newest document is fewer than one holds.
            before, _, _ = self._store.archives(query)
            around["prev_archive_url"] = "" if before is None else _other(url, archive=str(before))
        return stories, around

    def heads(self) -> dict[str, str]:
        """For the address of each feed, a word that changes with what stands at its head."""
        found: dict[str, str] = {}
        for name in ("", *self._outputs):
            output = self._output(name)
            query = self._dated(output.query() if output else StoryQuery())
            told = [(s.id, s.updated, len(s.copies)) for s in self._store.stories(query)]
            digest = hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()
            path = f"feeds/{name}" if name else "feed"
            found |= {f"{self.base_url}/{path}.{form}": digest for form in FORMATS}
        return found

    def opml(self) -> bytes:
        """What is subscribed to."""
        return opml(f"{TITLE}: what is subscribed to", self._store.feeds())

    # ------------------------------------------------------------------------ pages and API

    def stories(self, query: StoryQuery) -> Sequence[Story]:
        """The stories that are wanted, newest first."""
        return self._store.stories(self._dated(query))

    def story(self, story_id: str) -> Story | None:
        """The story with this id, or the one that it was joined to."""
        return self._store.story(story_id)

    def feeds(self) -> Sequence[FeedHealth]:
        """How each feed fares."""
        return self._store.feeds()

    def add_feed(self, values: Mapping[str, Any]) -> FeedHealth:
        """List a feed. Raises ConfigError: `bad_feed` or `known_feed`."""
        return added_feeds.add(
            self._store,
            added_feeds.spec_of(values, self._config.http.allow_networks),
            datetime.now(UTC),
        )

    def remove_feed(self, feed_id: int) -> None:
        """Poll a feed no more. Raises NotFoundError, or ConfigError for one of config.yaml."""
        added_feeds.remove(self._store, feed_id)

    def poll_feed(self, feed_id: int) -> FeedHealth:
        """Make a feed due. Raises NotFoundError."""
        return added_feeds.poll_now(self._store, feed_id, datetime.now(UTC))

    def merge(self, a: str, b: str) -> Mapping[str, Any]:
        """Make one story of two. Raises NotFoundError."""
        return self._corrected(merge, a=a, b=b)

    def split(self, story: str, url: str) -> Mapping[str, Any]:
        """Take the copy at an address out of a story. Raises NotFoundError."""
        return self._corrected(split, story=story, url=url)

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
        """Whether the database can be reached, and a first poll is under way or done.

        What hinders polling is told, too; it keeps nobody from being served.
        """
        hindrances = [
            Check(c.name, ok=not c.trouble, reason=c.trouble or "Well.", vital=False)
            for c in self._conditions()
        ]
        try:
            self._store.ping()
            polled = self._store.polled_once()
            queue = self._store.queue()
        except StoreError as error:
            nothing = Check("polling", ok=False, reason="Nobody can tell without the database.")
            return [Check("database", ok=False, reason=str(error)), nothing, *hindrances]
        found = [Check("database", ok=True, reason="It answers.")]
        if polled:
            found.append(Check("polling", ok=True, reason="A first poll is done."))
        elif self._started():
            found.append(Check("polling", ok=True, reason="A first poll is under way."))
        else:
            found.append(Check("polling", ok=False, reason="No feed was polled yet."))
        if queue is not None:  # of use to polling alone
            idle = queue.waiting > 0 and not queue.workers
            remedy = " Start `aggregator worker`." if idle else ""
            found.append(Check("queue", ok=not idle, reason=f"{queue}.{remedy}", vital=False))
        return found + hindrances

    def metrics(self) -> bytes:
        """The metrics, for Prometheus."""
        counted, counts = self._counts
        reachable = True
        if time.monotonic() - counted > _COUNTED:
            try:
                counts = self._store.counts()
                self._metrics.measured(self._store.gauges(self._clock() - LATE))
                queue = self._store.queue()
                if queue is not None:
                    self._metrics.queued(queue)
                self._counts = (time.monotonic(), counts)
            except StoreError:
                reachable = False
        troubled = {condition.name: bool(condition.trouble) for condition in self._conditions()}
        return self._metrics.render(counts, reachable=reachable, troubled=troubled)

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._metrics.requested(route, status, seconds)

    # --------------------------------------------------------------------------- small tools

    def _corrected(self, correct: Callable[..., Corrected], **what: str) -> Mapping[str, Any]:
        return asdict(correct_in(self._store, self._config, correct, **what))

    def _dated(self, query: StoryQuery) -> StoryQuery:
        """The query with its age as a date."""
        if query.age is None:
            return query
        return replace(query, since=self._clock() - query.age, age=None)

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


def _other(url: str, **part: str) -> str:
    """The address of another document of the feed that the one at `url` is of."""
    address, _, query = url.partition("?")
    kept = [pair for pair in parse_qsl(query) if pair[0] not in {"before", "after", "archive"}]
    if "archive" in part:
        kept = [pair for pair in kept if pair[0] != "limit"]
    pairs = urlencode([*kept, *part.items()])
    return f"{address}?{pairs}" if pairs else address
