"""What stands in the tables of the queue (Procrastinate), where there are any."""

from datetime import timedelta

from sqlalchemy import Connection, text

from aggregator.model import QueueState

# A job is entered in the list of events in the transaction that makes it.
_STATE = text("""
    SELECT count(*) FILTER (WHERE job.status = 'todo') AS waiting,
           count(*) FILTER (WHERE job.status = 'doing') AS running,
           extract(epoch FROM clock_timestamp() - min(event.at)
               FILTER (WHERE job.status = 'todo')) AS oldest,
           (SELECT count(*) FROM procrastinate_workers
               WHERE last_heartbeat > now() - interval '1 minute') AS workers
    FROM procrastinate_jobs AS job
    LEFT JOIN procrastinate_events AS event
        ON event.job_id = job.id AND event.type = 'deferred'
    WHERE job.status IN ('todo', 'doing') AND job.queue_name = :queue
""")
QUEUE = "aggregator"  # its name


def queue_state(connection: Connection) -> QueueState | None:
    """How the queue is doing; None where there is none."""
    if connection.dialect.name != "postgresql":
        return None
    there = text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
    if not connection.execute(there).scalar_one():
        return None
    found = connection.execute(_STATE, {"queue": QUEUE}).one()
    oldest = None if found.oldest is None else timedelta(seconds=max(float(found.oldest), 0.0))
    return QueueState(found.waiting, found.running, oldest, found.workers)
