"""The log: bounded, and nothing that ends a daemon."""

import errno
import logging

import pytest
import structlog

from aggregator.logs import Bounded, Stderr


def said(bounded: Bounded, event: str, level: str = "warning") -> dict | None:
    try:
        return dict(bounded(None, level, {"event": event, "level": level}))
    except structlog.DropEvent:
        return None


def test_what_is_said_a_thousand_times_a_minute_is_said_a_few_times_and_counted():
    now = [0.0]
    bounded = Bounded(lambda: now[0])
    shown = [said(bounded, "served_from_memory") for _ in range(1000)]
    assert len([one for one in shown if one]) == 30
    assert said(bounded, "something else")
    assert all(said(bounded, "polled", "info") for _ in range(1000))  # there are as many as polls
    now[0] += 61
    assert said(bounded, "served_from_memory")["not_shown"] == 970
    assert "not_shown" not in said(bounded, "served_from_memory")


def test_the_standard_librarys_records_are_bounded_too():
    bounded = Bounded(lambda: 0.0)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "socket.accept() failed", (), None)
    assert sum(bounded.filter(record) for _ in range(100)) == 30


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE, errno.EFBIG])
def test_a_log_that_takes_nothing_is_no_reason_to_end(number, monkeypatch):
    class Full:
        def write(self, _text):
            raise OSError(number, "no")

        def flush(self):
            raise OSError(number, "no")

    monkeypatch.setattr("sys.stderr", Full())
    stream = Stderr()
    print("a line", file=stream, flush=True)
