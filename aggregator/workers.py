"""Worker processes for what costs CPU and cannot be trusted to end: reading other people's bytes.

A task that takes too long or too much memory is ended with its process, and costs its feed an
error; the daemon and the other feeds go on.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import TimeoutError as TaskTimeout
from datetime import timedelta
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.errors import ParseError

P = ParamSpec("P")
T = TypeVar("T")

_MEMORY_LIMIT = 2 * 1024**3  # bytes of data for each worker
_TASKS_PER_WORKER = 5_000  # then a new one, so that leaks in libraries stay small


class Workers:
    """A pool of processes, one a core. `setup`, which must be picklable, runs in each first."""

    def __init__(
        self,
        setup: Callable[[], object] = object,
        *,
        count: int | None = None,
        timeout: timedelta = timedelta(seconds=30),
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["aggregator.reading"])
        self._timeout = timeout.total_seconds()
        self._pool = ProcessPool(
            max_workers=count or os.cpu_count() or 1,
            max_tasks=_TASKS_PER_WORKER,
            initializer=_begin,
            initargs=(setup,),
            context=context,
        )

    async def start(self) -> None:
        """Start the processes now, rather than with the first task. Takes a second or two."""
        await asyncio.to_thread(lambda: self._pool.schedule(object).result())

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in a worker; it and its arguments must be picklable.

        Raises ParseError (`too_slow`, `too_big`, `worker_died`) when the worker had to be ended,
        and whatever the function raises.
        """
        task = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._timeout)
        try:
            result: T = await asyncio.wrap_future(task)
        except TaskTimeout as error:
            raise ParseError(
                f"The document took more than {self._timeout:.0f} s to read.",
                reason="too_slow",
                remedy="It may be made to be slow; tell its publisher.",
            ) from error
        except MemoryError as error:
            raise ParseError(
                "The document took too much memory to read.",
                reason="too_big",
                remedy="A smaller http.max_bytes would refuse it earlier.",
            ) from error
        except ProcessExpired as error:
            raise ParseError(
                f"The process that read the document died ({error}).",
                reason="worker_died",
                remedy="If only this feed does it, its document is to blame.",
            ) from error
        return result

    def drain(self) -> None:
        """End all workers once what they were given is done. Waits for it."""
        self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()

    def close(self) -> None:
        """End all workers, finished or not."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join(5)


def _begin(setup: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon, which ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    setup()
