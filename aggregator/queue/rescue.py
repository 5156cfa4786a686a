"""What dead workers have left: their jobs are taken away, so that the next tick makes them anew.

It is no job itself, but done by every worker beside its jobs: a job could wait behind those that
need rescue, or be among them.
"""

import asyncio

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from aggregator.store.queue import QUEUE

HEARTBEAT = 5.0  # seconds between two signs of life of a worker
_SILENCE = 20.0  # seconds without one until it counts as dead
_FORGOTTEN = 60.0  # seconds until its name goes, too
_EVERY = 3.0  # seconds

log = structlog.get_logger(__name__)


async def rescue_for_ever(app: App) -> None:
    """Look after others, until cancelled."""
    while True:
        await asyncio.sleep(_EVERY)
        try:
            await rescue(app)
        except ConnectorException as error:
            log.warning("rescue_failed", error=str(error.__cause__ or error))


async def rescue(app: App) -> int:
    """Take away the jobs of workers that have been silent for too long; how many."""
    manager = app.job_manager
    stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=_SILENCE)
    gone = 0
    for job in stalled:
        try:
            await manager.finish_job(job, Status.FAILED, delete_job=True)
        except ConnectorException as error:  # another was faster; or the database is away
            log.info("job_not_rescued", job=job.call_string, error=str(error.__cause__ or error))
            continue
        gone += 1
        log.warning("job_rescued", job=job.call_string, worker=job.worker_id)
    await manager.prune_stalled_workers(_FORGOTTEN)
    return gone
