"""What Prometheus sees. Labels come from bounded sets, never from feeds."""

from collections.abc import Mapping
from types import MappingProxyType

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from aggregator.model import PollOutcome, QueueState


class Metrics:
    """The daemon's counters, in a registry of their own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
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
        self._lateness = Histogram(
            "aggregator_poll_lateness_seconds",
            "How long after it was due a poll began.",
            buckets=(1, 2, 5, 10, 30, 60, 300, 900, 3600),
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
        self._polling = Gauge(
            "aggregator_polling", "Feeds that are being polled now.", registry=registry
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

    def begun(self, lateness: float) -> None:
        """Note that a poll begins, so many seconds after it was due."""
        self._lateness.observe(lateness)

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
