"""The HTTP edge: feeds and pages from servers that may be slow, broken or hostile.

`Fetcher.get` is one exchange, `Poster.post` the other way; `after_success` and `after_failure`
say when the next is due.
"""

from aggregator.fetch.client import Accept, Fetcher
from aggregator.fetch.post import Poster
from aggregator.fetch.schedule import Bounds, NextPoll, after_failure, after_success

__all__ = ["Accept", "Bounds", "Fetcher", "NextPoll", "Poster", "after_failure", "after_success"]
