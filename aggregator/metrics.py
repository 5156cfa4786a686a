"""What Prometheus sees. Labels come from bounded sets, never from feeds."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from aggregator import __version__
from aggregator.model import PollOutcome, QueueState
from aggregator.reload import State


class Metrics:
    """The daemon's counters, in a registry of their own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        ProcessCollector(registry=registry)  # memory, CPU, open files
        Info("aggregator_build", "What runs.", registry=registry).info({"version": __version__})
        self._polls = Counter(
            "aggregator_polls", "Polls of feeds, by result.", ["result"], registry=registry
        )
        self._errors = Counter(
            "aggregator_poll_errors", "Failed polls, by reason.", ["reason"], registry=registry
        )
        self._seconds = Histogram(
            "aggregator_poll_seconds",
            "How long a poll took, pages and matching included.",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=registry,
        )
        self._bytes = Counter(
            "aggregator_feed_bytes", "Bytes of feed documents read.", registry=registry
        )
        self._entries = Counter(
            "aggregator_entries", "Entries filed, new or changed.", ["news"], registry=registry
        )
        self._stories = Counter("aggregator_stories", "Stories minted.", registry=registry)
        self._merged = Counter(
            "aggregator_copies", "Entries found to be copies of a known story.", registry=registry
        )
        self._credits = Counter(
            "aggregator_credits",
            "Credits found in new or changed entries, by the place they stood in.",
            ["place"],
            registry=registry,
        )
        self._requests = Counter(
            "aggregator_http_requests",
            "Requests answered, by route and status.",
            ["route", "status"],
            registry=registry,
        )
        self._answering = Histogram(
            "aggregator_http_request_seconds",
            "How long an answer took.",
            ["route"],
            buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2.5),
            registry=registry,
        )
        self._seen: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._builds = Histogram(
            "aggregator_feed_build_seconds",
            "How long a document of the merged feed took to build.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=registry,
        )
        self._reachable = Gauge(
            "aggregator_database_up", "Whether the database answers.", registry=registry
        )
        self._held = Gauge(
            "aggregator_held", "What the database holds.", ["what"], registry=registry
        )
        self._announced = Counter(
            "aggregator_websub_announcements",
            "Changes of feeds that hubs were to be told of, by how a try ended.",
            ["result"],
            registry=registry,
        )
        self._config_ok = Gauge(
            "aggregator_config_last_reload_successful",
            "Whether the configuration was right when it was last read.",
            registry=registry,
        )
        self._config_since = Gauge(
            "aggregator_config_last_reload_success_timestamp_seconds",
            "When the settings that run were read.",
            registry=registry,
        )
        self._config_restart = Gauge(
            "aggregator_config_restart_needed",
            "How many changed settings wait for a restart.",
            registry=registry,
        )
        self._polling = Gauge(
            "aggregator_polling", "Feeds that are being polled now.", registry=registry
        )
        self._waiting = Gauge(
            "aggregator_polls_waiting", "Feeds that are due and not begun.", registry=registry
        )
        self._late = Histogram(
            "aggregator_poll_lateness_seconds",
            "How long after it was due a poll began.",
            buckets=(1, 5, 15, 60, 300, 900, 3600, 14400),
            registry=registry,
        )
        self._writes_waiting = Gauge(
            "aggregator_writes_waiting",
            "What polls found that waits for the database's one writer.",
            registry=registry,
        )
        self._feeds = Gauge(
            "aggregator_feeds",
            "Feeds that fail, are gone for good, or were due a quarter of an hour ago.",
            ["state"],
            registry=registry,
        )
        self._size = Gauge(
            "aggregator_database_bytes", "The size of the database.", registry=registry
        )
        self._queue: _Queue | None = None  # where there is one
        self._refusals = Counter(
            "aggregator_database_refusals",
            "What the database refused, by reason.",
            ["reason"],
            registry=registry,
        )
        self._degraded = Gauge(
            "aggregator_degraded",
            "What hinders polling now (1), while pages and feeds are served.",
            ["what"],
            registry=registry,
        )
        # What may happen is there from the start, so that its first time can be told.
        for result in ("fetched", "not_modified", "failed"):
            self._polls.labels(result)
        for news in ("new", "changed"):
            self._entries.labels(news)
        for told in ("told", "failed", "given_up"):
            self._announced.labels(told)

    def watch(self, *, waiting: Callable[[], float], writes: Callable[[], float]) -> None:
        """Ask these, whenever the metrics are wanted, how many polls and writes wait."""
        self._waiting.set_function(waiting)
        self._writes_waiting.set_function(writes)

    def begun(self, late: float) -> None:
        """Note that a poll begins, so many seconds after it was due."""
        self._late.observe(late)

    def configured(self, state: State) -> None:
        """Say how the running settings stand to their file."""
        self._config_ok.set(state.result == "loaded")
        self._config_restart.set(len(state.restart))
        if state.result == "loaded":
            self._config_since.set(state.since.timestamp())

    def polled(self, outcome: PollOutcome, seconds: float) -> None:
        """Count one poll; `seconds` is its whole time."""
        self._polls.labels(outcome.result).inc()
        self._seconds.observe(seconds)
        if outcome.error_reason:
            self._errors.labels(outcome.error_reason).inc()
        self._bytes.inc(outcome.body_bytes)
        self._entries.labels("new").inc(outcome.entries_new)
        self._entries.labels("changed").inc(outcome.entries_changed)
        self._stories.inc(outcome.stories_new)
        self._merged.inc(outcome.merged)

        for place, number in outcome.credits.items():
            self._credits.labels(place).inc(number)

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is of a bounded set."""
        found = self._seen.get((route, status))
        if found is None:  # looking up a label costs more than counting
            found = (self._requests.labels(route, status), self._answering.labels(route))
            self._seen[route, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def built(self, seconds: float) -> None:
        """Count one document of the merged feed that was built."""
        self._builds.observe(seconds)

    def announced(self, result: str) -> None:
        """Count one try to tell a hub of a change: told, failed or given_up."""
        self._announced.labels(result).inc()

    def refused(self, reason: str) -> None:
        """Count one refusal of the database."""
        self._refusals.labels(reason).inc()

    def queued(self, queue: QueueState) -> None:
        """Say how the queue of many machines is doing."""
        self._queue = self._queue or _Queue(self._registry)
        self._queue.show(queue)

    def polling(self, feeds: int) -> None:
        """Say how many feeds are being polled."""
        self._polling.set(feeds)

    def measured(self, gauges: Mapping[str, int]) -> None:
        """Take what `Store.gauges` tells."""
        for state, number in gauges.items():
            if state == "bytes":
                self._size.set(number)
            else:
                self._feeds.labels(state).set(number)

    def render(
        self,
        held: Mapping[str, int],
        *,
        reachable: bool = True,
        troubled: Mapping[str, bool] = MappingProxyType({}),
    ) -> bytes:
        """The exposition text.

        `held` counts what the database holds, `reachable` says whether it answers, `troubled`
        what polling needs and does not have.
        """
        for what, trouble in troubled.items():
            self._degraded.labels(what).set(trouble)
        self._reachable.set(reachable)
        for what, number in held.items():
            self._held.labels(what).set(number)
        return generate_latest(self._registry)


class _Queue:
    """The gauges of a queue; where there is none, nobody is to read zeros."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._jobs = Gauge(
            "aggregator_queue_jobs", "Jobs of the queue, by state.", ["state"], registry=registry
        )
        self._oldest = Gauge(
            "aggregator_queue_oldest_seconds",
            "How long the job that waits longest has waited.",
            registry=registry,
        )
        self._workers = Gauge(
            "aggregator_queue_workers",
            "Workers that showed a sign of life within the last minute.",
            registry=registry,
        )

    def show(self, queue: QueueState) -> None:
        """Set them."""
        self._jobs.labels("waiting").set(queue.waiting)
        self._jobs.labels("running").set(queue.running)
        self._oldest.set(queue.oldest.total_seconds() if queue.oldest else 0.0)
        self._workers.set(queue.workers)
