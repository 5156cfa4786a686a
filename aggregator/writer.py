"""The one place that writes what polls found, many to a transaction, each whole or not at all."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from aggregator.errors import StoreError
from aggregator.store import Store, Transaction

T = TypeVar("T")
_Job = tuple[Callable[[Transaction], Any], "asyncio.Future[Any]"]

_BATCH = 64  # polls to a transaction, at most


class Writer:
    """Takes jobs from many tasks and runs them, in order, on one thread.

    A commit costs a disk's flush, and a statement more than a row; polls that end together share
    both. A job that raises leaves no trace, and the others of its transaction stand.
    """

    def __init__(self, store: Store, since: Callable[[], datetime]) -> None:
        self._store = store
        self._since = since
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()

    def __len__(self) -> int:
        """How many jobs wait."""
        return self._jobs.qsize()

    async def write(self, job: Callable[[Transaction], T]) -> T:
        """Run the job in a transaction; return its result once it is committed."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._jobs.put((job, done))
        return await done

    async def run(self) -> None:
        """Work until cancelled. What was begun is finished first."""
        while True:
            batch = [await self._jobs.get()]
            while len(batch) < _BATCH and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            await _finish(asyncio.create_task(self._commit(batch)))

    async def _commit(self, batch: list[_Job]) -> None:
        jobs = [job for job, _ in batch]
        try:
            results = await asyncio.to_thread(self._in_one_transaction, jobs)
        except Exception as error:  # noqa: BLE001  (it is handed to those who wait)
            results = [error] * len(batch)
        for (_, done), result in zip(batch, results, strict=True):
            if done.cancelled():
                continue
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)

    def _in_one_transaction(self, jobs: list[Callable[[Transaction], Any]]) -> list[Any]:
        try:
            return self._done(jobs)
        except StoreError:
            raise  # it is no job's fault
        except Exception:
            if len(jobs) == 1:
                raise
        results: list[Any] = []  # all again, each by itself: the others are to stand
        for job in jobs:
            try:
                results += self._done([job])
            except Exception as error:  # noqa: BLE001  (it is handed to the one who waits)
                results.append(error)
        return results

    def _done(self, jobs: list[Callable[[Transaction], Any]]) -> list[Any]:
        with self._store.writing(self._since()) as transaction:
            return [job(transaction) for job in jobs]


async def _finish(task: "asyncio.Task[None]") -> None:
    """Wait for the task even when we are cancelled meanwhile; then be cancelled."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
