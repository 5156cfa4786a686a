"""What a command costs: wall clock, CPU and memory, with all processes that it starts."""

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_GET_SUBREAPER, _SET_SUBREAPER = 37, 36  # prctl(2)
_PAUSE = 0.1  # seconds between two looks at the memory
_SELDOM = 5  # looks for one at what is shared, which costs the kernel a walk of all pages
_PATIENCE = 10  # seconds that what a command left behind gets to end by itself
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Cost:
    """What a command cost.

    `seconds` is the wall clock from its start to its end, `cpu_seconds` user and system time of
    all its processes. `peak_bytes` is the most memory that they held at one moment: the sum of
    their resident sets, in which what several share is counted for each. `shared_once_bytes` is
    the same with that counted once (the sum of their proportional sets): what the machine spent.
    `processes` is the most that ran at one moment.
    """

    stdout: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    shared_once_bytes: int
    processes: int


class CommandError(Exception):
    """A measured command failed; its text says how."""


def measure(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, timeout: float = 1800
) -> Cost:
    """Run a command to its end and say what it cost. Linux only; one at a time.

    Raises `CommandError` when it fails or takes longer than `timeout` seconds.
    """
    with _adopting():
        spent, start = _cpu_of_children(), time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if env is None else dict(env),
            start_new_session=True,  # which all that it starts belong to
        )
        with _MemoryWatch(process.pid) as memory:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired as error:
                raise CommandError(f"{_shown(command)} took more than {timeout:.0f} s.") from error
            finally:
                seconds = time.perf_counter() - start
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                _await_the_rest(process.pid)
        cpu_seconds = _cpu_of_children() - spent
    if process.returncode:
        said = err.decode(errors="replace")[-2000:]
        raise CommandError(f"{_shown(command)} ended with {process.returncode}:\n{said}")
    return Cost(
        stdout=out.decode(),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_bytes=memory.peak_bytes,
        shared_once_bytes=memory.shared_once_bytes,
        processes=memory.processes,
    )


@contextmanager
def _adopting() -> Iterator[None]:
    """Become the parent of what children leave behind, so that its CPU time is told to us."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    before = ctypes.c_int()
    if prctl(_GET_SUBREAPER, ctypes.byref(before), 0, 0, 0) or prctl(_SET_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    try:
        yield
    finally:
        prctl(_SET_SUBREAPER, before.value, 0, 0, 0)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _await_the_rest(group: int) -> None:
    """Wait for all processes of a group, and end those that do not."""
    deadline = time.monotonic() + _PATIENCE
    with suppress(ChildProcessError):  # none is left
        while True:
            if os.waitpid(-group, os.WNOHANG) != (0, 0):
                continue
            if time.monotonic() > deadline:
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
            time.sleep(0.01)


class _MemoryWatch:
    """Adds up, again and again, what the processes of a session hold."""

    def __init__(self, session: int) -> None:
        self.peak_bytes = 0
        self.shared_once_bytes = 0
        self.processes = 0
        self._session = session
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        looks = 0
        while True:
            folders = [*_processes(self._session)]
            self.processes = max(self.processes, len(folders))
            self.peak_bytes = max(self.peak_bytes, sum(map(_resident, folders)))
            if looks % _SELDOM == 0:
                proportional = sum(map(_proportional, folders))
                self.shared_once_bytes = max(self.shared_once_bytes, proportional)
            looks += 1
            if self._stop.wait(_PAUSE):
                return


def _processes(session: int) -> Iterator[Path]:
    """The folders in /proc of the processes of a session (field 6 of proc(5), stat)."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it ended meanwhile
                if int((folder / "stat").read_bytes().rpartition(b")")[2].split()[3]) == session:
                    yield folder


def _resident(process: Path) -> int:
    with suppress(OSError):
        return int((process / "statm").read_bytes().split()[1]) * _PAGE
    return 0


def _proportional(process: Path) -> int:
    with suppress(OSError):
        for line in (process / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join(map(str, command[:4]))
