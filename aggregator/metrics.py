"""What Prometheus sees. Labels come from bounded sets, never from feeds."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from aggregator.model import PollOutcome


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
        self._held = Gauge(
            "aggregator_held", "What the database holds.", ["what"], registry=registry
        )
        self._polling = Gauge(
            "aggregator_polling", "Feeds that are being polled now.", registry=registry
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

    def polling(self, feeds: int) -> None:
        """Say how many feeds are being polled."""
        self._polling.set(feeds)

    def render(self, held: dict[str, int]) -> bytes:
        """The exposition text; `held` counts what the database holds."""
        for what, number in held.items():
            self._held.labels(what).set(number)
        return generate_latest(self._registry)
