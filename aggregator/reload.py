"""A configuration that changes while the daemon runs: noticed, checked whole, and taken or refused.

On SIGHUP, and when one of its files has changed and stayed the same for a look. A file that is not
right changes nothing: the settings that run go on running, and what is wrong is told in the log, at
/readyz and in the metrics.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import structlog

from aggregator.config import NEEDS_RESTART, Config, load
from aggregator.errors import AggregatorError, ConfigError

_Mark = tuple[int, int, int] | None  # of a file: its inode, time of change and size
Told = Callable[["State"], object]

SIGHUP = "SIGHUP"  # why, where somebody asked for it

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """How the running settings stand to the file. `restart` names what waits for a restart."""

    since: datetime
    result: Literal["loaded", "refused"] = "loaded"
    problem: str = ""
    restart: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.result == "refused":
            return f"{self.problem} The settings of before run on."
        if self.restart:
            return f"Restart the daemon to change {', '.join(self.restart)}."
        return "It runs as it is written."

    @property
    def well(self) -> bool:
        """Whether what runs is what is written."""
        return self.result == "loaded" and not self.restart


class FileWatch:
    """Looks at files now and then. What counts is their content, not the time of a change."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.follow(files)

    def follow(self, files: Sequence[Path]) -> None:
        """Take these files, as they are now, for unchanged."""
        self._files = tuple(files)
        self._marks = self._look()
        self._seen = self._digest()
        self._moving = False

    def changed(self) -> bool:
        """Whether they differ from before, and did not change since the last look.

        An editor, or a copy over the network, may still be writing a file that just changed.
        """
        marks = self._look()
        if marks != self._marks:
            self._marks, self._moving = marks, True
            return False
        if not self._moving:
            return False
        self._moving = False
        before, self._seen = self._seen, self._digest()
        return before != self._seen

    def again(self) -> None:
        """Let the next look tell of a change, whatever it finds."""
        self._moving, self._seen = True, ()

    def _look(self) -> tuple[_Mark, ...]:
        return tuple(_mark(file) for file in self._files)

    def _digest(self) -> tuple[bytes, ...]:
        return tuple(_content(file) for file in self._files)


class Reloader:
    """Keeps a daemon at what its files say. `apply` changes it to other settings, whole or not.

    `told` hears of each new state. Without a file there is nothing to reload.
    """

    def __init__(
        self,
        config: Config,
        apply: Callable[[Config], Awaitable[None]],
        *,
        clock: Callable[[], datetime],
        told: Told = lambda _: None,
    ) -> None:
        self._config = config
        self._apply = apply
        self._clock = clock
        self._told = told
        self._watch = FileWatch(config.files)
        self._watch.again()  # they may have changed since they were read
        self._one_at_a_time = asyncio.Lock()
        self.state = State(clock())
        told(self.state)

    async def look(self) -> None:
        """Reload if a file has changed. Call it every few seconds."""
        if not self._config.files:
            return
        if await asyncio.to_thread(self._watch.changed):
            await self.reload("a file has changed")

    async def reload(self, why: str) -> None:
        """Read the files again, and change to what they say, if all of it is right."""
        path = self._config.file
        if path is None:
            log.warning("config_not_reloaded", reason="the settings come from no file")
            return
        async with self._one_at_a_time:
            before = self._config
            try:
                written = await asyncio.to_thread(load, path)
                config, restart = without_restart(before, written)
                changed = changes(before, config)
                if changed or why == SIGHUP:
                    await self._apply(config)
            except ConfigError as error:
                self._refused(error)
                return
            except AggregatorError as error:  # the database, of which something was wanted
                self._refused(error)
                self._watch.again()
                return
            self._config = config
            await asyncio.to_thread(self._watch.follow, config.files)
            self._now(State(self._clock(), restart=restart))
            if changed or restart or why == SIGHUP:
                log.info("config_reloaded", why=why, file=str(path), changed=changed)
                for problem in config.warnings:
                    log.warning("config_doubtful", problem=str(problem))
            if restart:
                log.warning("config_needs_restart", settings=list(restart), remedy=str(self.state))

    def _refused(self, error: AggregatorError) -> None:
        self._now(State(self._clock(), "refused", str(error), self.state.restart))
        log.error("config_refused", reason=error.reason, error=str(self.state))

    def _now(self, state: State) -> None:
        self.state = state
        self._told(state)


def without_restart(before: Config, written: Config) -> tuple[Config, tuple[str, ...]]:
    """What is written, but for what only a restart can change; and the names of that."""
    restart = []
    for key in NEEDS_RESTART:
        section, _, name = key.rpartition(".")
        old, new = (getattr(one, section) if section else one for one in (before, written))
        if getattr(old, name) == getattr(new, name):
            continue
        restart.append(key)
        kept = new.model_copy(update={name: getattr(old, name)})
        written = written.model_copy(update={section: kept}) if section else kept
    return written, tuple(restart)


def changes(before: Config, after: Config) -> list[str]:
    """The sections in which the two differ."""
    found = [key for key in Config.model_fields if getattr(before, key) != getattr(after, key)]
    if "feeds" not in found and before.feed_specs() != after.feed_specs():
        found.append("feeds")  # of an OPML file
    return found


def _mark(file: Path) -> _Mark:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _content(file: Path) -> bytes:
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=16).digest()
    except OSError:
        return b""
