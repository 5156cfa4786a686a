"""Structured logs to stderr: for people on a terminal, JSON lines elsewhere.

A log is bounded: what would be said a thousand times a minute is said a few times, and counted.
"""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO, cast

import structlog

from aggregator.publish import without_secrets

_MOST = 30  # warnings and errors of one kind
_WINDOW = 60.0  # seconds
_LIMITED = frozenset({"warning", "error", "critical"})


class Bounded:
    """A processor that drops what was said too often, and says how much that was.

    `clock` gives seconds that only grow. Kinds are the words that calls in the code begin with.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[str, tuple[float, int]] = {}  # since when, and how many

    def __call__(
        self, _logger: Any, level: str, told: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Raise DropEvent for what is too much."""
        count = self.left_out(str(told.get("level", level)), str(told.get("event", "")))
        if count is None:
            raise structlog.DropEvent
        if count:
            told["not_shown"] = count
        return told

    def filter(self, record: logging.LogRecord) -> bool:
        """The same for records of the standard library's logging."""
        return self.left_out(record.levelname.lower(), str(record.msg)) is not None

    def left_out(self, level: str, event: str) -> int | None:
        """None where this is too much; else how many like it were left out before it."""
        if level not in _LIMITED:
            return 0
        kind, now = event[:100], self._clock()
        (since, count), before = self._kinds.get(kind, (now, 0)), 0
        if now - since >= _WINDOW:
            before, since, count = max(count - _MOST, 0), now, 0
            if len(self._kinds) > 1000:  # kinds of libraries, which may be made of anything
                self._kinds.clear()
        self._kinds[kind] = (since, count + 1)
        return None if count >= _MOST else before


def discreet(_logger: Any, _level: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor that leaves names and passwords out of all addresses."""
    for name, value in told.items():
        if isinstance(value, str) and "@" in value:
            told[name] = without_secrets(value)
    return told


class Stderr:
    """stderr, as long as it takes anything: a full disk under the log must not end the daemon."""

    def write(self, text: str) -> int:
        """Write, if possible."""
        try:
            return sys.stderr.write(text)
        except (OSError, ValueError):  # ValueError: it is closed. There is nobody left to tell
            return len(text)

    def flush(self) -> None:
        """Flush, if possible."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def set_up(level: int = logging.INFO) -> None:
    """Send the project's and its libraries' logs to stderr."""
    bounded = Bounded()
    colours = not os.environ.get("NO_COLOR")  # https://no-color.org
    terminal, stderr = sys.stderr.isatty(), cast("TextIO", Stderr())
    levelled: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
    ]
    described: list[structlog.typing.Processor] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        discreet,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=colours)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*levelled, bounded, *described, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*levelled, *described],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(bounded)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
