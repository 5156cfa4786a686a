"""The jobs: one that polls the feeds of a host, and the chores of which one worker does each."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job
from procrastinate.tasks import Task
from procrastinate.types import JSONValue

from aggregator.daemon import Daemon, utc_now
from aggregator.errors import StoreError
from aggregator.fetch import site_of
from aggregator.queue.schema import address_of
from aggregator.store.queue import QUEUE

_FIRST = 100  # the priority of chores: polls that wait must not keep them waiting
_TICK = "* * * * * */2"  # every two seconds
_MOST_DUE = 10_000  # feeds that a tick looks at
# To find a job takes longer the more there are, and what waits in the feeds costs nothing.
_MOST_WAITING = 1_000  # jobs
_OF_ONE_JOB = 50  # feeds; a host with more has another job after it
_OF_ONE_HOST = 4  # polls at once: one is fetched, while others are read and written

log = structlog.get_logger(__name__)


class Tasks:
    """The jobs of one worker, on its daemon's parts. `app` runs them.

    `stopping` says that no further poll is to be begun.
    """

    def __init__(self, daemon: Daemon, stopping: asyncio.Event) -> None:
        address = address_of(daemon.config.database_url)
        # `timeout` is how long the loss of the database goes unnoticed.
        self.app = App(
            connector=PsycopgConnector(conninfo=address, min_size=1, max_size=8, timeout=5.0)
        )
        self._daemon = daemon
        self._stopping = stopping
        self._poll = self.app.task(name="poll_host", queue=QUEUE)(self.poll_host)
        self._chore("tick", _TICK, self.hand_out)
        self._list = self._chore("list_feeds", "0 * * * *", daemon.list_feeds)
        self._chore("keep_house", "30 * * * *", self._keep_house)
        if daemon.push is not None:
            self._chore("ask_hubs", "* * * * *", daemon.push.ask)

    async def begin(self) -> None:
        """Let somebody read the lists of feeds now, rather than in an hour."""
        try:
            await self._list.defer_async(timestamp=0)
        except AlreadyEnqueued:
            return

    async def poll_host(self, feeds: list[int], **_: object) -> None:
        """Poll those of a host's feeds that are due still."""
        found = await asyncio.to_thread(self._daemon.store.numbered, feeds)
        now = utc_now()
        due = deque(feed for feed in found if not feed.next_poll_at or feed.next_poll_at <= now)

        async def one_after_another() -> None:
            while due and not self._stopping.is_set():
                await self._daemon.poll(due.popleft())

        async with asyncio.TaskGroup() as group:
            for _turn in range(min(_OF_ONE_HOST, len(due))):
                group.create_task(one_after_another())

    async def hand_out(self) -> None:
        """Make a job of each host that has feeds due and none waiting."""
        manager = self.app.job_manager
        waiting = list(await manager.list_jobs_async(queue=QUEUE, status="todo"))
        running = await manager.list_jobs_async(queue=QUEUE, status="doing")
        room = _MOST_WAITING - len(waiting)
        if room <= 0:
            return
        busy = {feed for job in (*waiting, *running) for feed in _feeds(job)}
        due = await asyncio.to_thread(
            self._daemon.store.waiting, utc_now(), _MOST_DUE, frozenset(busy)
        )
        hosts: dict[str, list[int]] = {}
        for feed, url in due:
            hosts.setdefault(site_of(url), []).append(feed)
        for job in waiting:
            hosts.pop(job.queueing_lock or "", None)
        made = [
            self._poll.configure(lock=host, queueing_lock=host).make_new_job(
                feeds=list[JSONValue](feeds[:_OF_ONE_JOB])
            )
            for host, feeds in list(hosts.items())[:room]
        ]
        if made:
            await manager.batch_defer_jobs_async(made)

    async def _keep_house(self) -> None:
        await self._daemon.keep_house()
        await asyncio.to_thread(self._daemon.store.forget_turns)

    def _chore(
        self, name: str, cron: str, work: Callable[[], Awaitable[None]]
    ) -> Task[Any, Any, Any]:
        async def chore(timestamp: int, **_: object) -> None:  # noqa: ARG001
            try:
                await work()
            except StoreError as error:
                log.error(  # noqa: TRY400
                    "chore_failed", chore=name, reason=error.reason, error=str(error)
                )

        task = self.app.task(
            name=name, queue=QUEUE, priority=_FIRST, lock=f"chore {name}", queueing_lock=name
        )(chore)
        self.app.periodic(cron=cron)(task)
        return task


def _feeds(job: Job) -> list[int]:
    found = job.task_kwargs.get("feeds")
    return [feed for feed in found if isinstance(feed, int)] if isinstance(found, list) else []
