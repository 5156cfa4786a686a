"""The newsroom on the air, and the daemon as a process on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from running import RunningDaemon, on_the_air

from aggregator.demo import Newsroom


@pytest.fixture
def room() -> Iterator[Newsroom]:
    """A newsroom of one's own, at its opening."""
    with on_the_air() as newsroom:
        yield newsroom


@pytest.fixture(scope="session")
def evening() -> Iterator[Newsroom]:
    """A newsroom at the end of its day: all is out, but nothing was changed. For reading only."""
    with on_the_air(unchanged=True) as newsroom:
        newsroom.advance(to=newsroom.desk.last_tick)
        yield newsroom


@pytest.fixture(scope="session")
def merged(evening: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """A daemon that has read all of the evening's newsroom. For reading only."""
    with RunningDaemon(evening, tmp_path_factory.mktemp("merged")) as daemon:
        daemon.settle()
        yield daemon


@pytest.fixture
def daemon(room: Newsroom, tmp_path: Path) -> Iterator[RunningDaemon]:
    """A daemon of one's own that is not started yet."""
    running = RunningDaemon(room, tmp_path)
    yield running
    running.kill()
