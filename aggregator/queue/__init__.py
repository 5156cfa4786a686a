"""The same pipeline on many machines: workers that share a PostgreSQL database.

The queue is Procrastinate's. What is due stands in the feeds, as on one machine; a job is only a
hint that somebody should look, so one that gets lost is made anew, and one too many does nothing.
"""

from aggregator.queue.worker import work

__all__ = ["work"]
