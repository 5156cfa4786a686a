"""The HTTP edge: feeds and pages from servers that may be slow, broken or hostile.

`Fetcher.get` is one exchange, `Poster.post` the other way; `after_success` and `after_failure`
say when the next is due.
"""

from aggregator.fetch import websub
from aggregator.fetch.client import Accept, Fetcher
from aggregator.fetch.failures import retry_after
from aggregator.fetch.freshness import fresh_for
from aggregator.fetch.pacing import Others, site_of
from aggregator.fetch.post import Poster
from aggregator.fetch.schedule import (
    NEVER,
    Bounds,
    NextPoll,
    after_failure,
    after_success,
    learn,
    postponed,
)

__all__ = [
    "NEVER",
    "Accept",
    "Bounds",
    "Fetcher",
    "NextPoll",
    "Others",
    "Poster",
    "after_failure",
    "after_success",
    "fresh_for",
    "learn",
    "postponed",
    "retry_after",
    "site_of",
    "websub",
]
