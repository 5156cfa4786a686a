"""The daemon as a process, on disks and databases that fail: it says so, serves, and recovers."""

import contextlib
import os
import resource
import shutil
import signal
from pathlib import Path

import httpx
import pytest
from running import RunningDaemon

from aggregator.demo import Newsroom
from aggregator.store.backup import backup

# So that being root is no right to write where nobody may.
PLAIN = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")


def readiness(daemon: RunningDaemon) -> tuple[int, dict]:
    answer = daemon.client.get("/readyz")
    return answer.status_code, answer.json()


def is_ready(daemon: RunningDaemon) -> bool:
    with contextlib.suppress(httpx.TransportError):
        status, told = readiness(daemon)
        return status == 200 and not told["degraded"]
    return False


def is_waiting(daemon: RunningDaemon, word: str) -> bool:
    """Whether it is up, and says that it has no database to serve from, and why."""
    with contextlib.suppress(httpx.TransportError):
        status, told = readiness(daemon)
        return status == 503 and word in told["checks"]["database"]["reason"]
    return False


def is_degraded(daemon: RunningDaemon, word: str) -> bool:
    status, told = readiness(daemon)
    return status == 200 and told["degraded"] and word in told["checks"]["writing"]["reason"]


def waits_for_its_database(daemon: RunningDaemon, word: str, remedy: str) -> None:
    daemon.until(lambda: is_waiting(daemon, word), f"it says {word!r}")
    assert remedy in readiness(daemon)[1]["checks"]["database"]["reason"]
    assert daemon.client.get("/healthz").status_code == 200
    metrics = daemon.client.get("/metrics").text
    assert "aggregator_database_up 0.0" in metrics
    assert 'aggregator_degraded{what="database"} 1.0' in metrics
    refused = daemon.client.get("/feed.rss")
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    log = daemon.log.read_text("utf-8")
    assert log.count("waiting_for_database") == 1
    assert remedy in log


@pytest.fixture
def filled(daemon: RunningDaemon) -> RunningDaemon:
    """A daemon that has read the newsroom, and is ended."""
    daemon.start()
    daemon.settle()
    assert daemon.stop() == 0
    return daemon


def test_a_database_of_a_newer_version_is_waited_for(filled: RunningDaemon) -> None:
    known = filled.rows("SELECT version_num FROM alembic_version")[0][0]
    filled.execute("UPDATE alembic_version SET version_num = '9999'")
    filled.start()
    waits_for_its_database(filled, "newer version", "Run that version again")
    filled.execute(f"UPDATE alembic_version SET version_num = '{known}'")
    filled.until(lambda: is_ready(filled), "it is ready")
    assert filled.stories()


def test_a_broken_file_is_told_and_a_backup_in_its_place_is_served(
    filled: RunningDaemon, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.db"
    backup(f"sqlite:///{filled.file}", kept)
    before = {f"urn:uuid:{id_}" for (id_,) in filled.rows("SELECT public_id FROM story")}
    with filled.file.open("r+b") as file:
        file.write(os.urandom(4096))
    filled.start()
    waits_for_its_database(filled, "not a database", "aggregator restore")
    # As the remedy says, but for stopping it first.
    for left in tmp_path.glob("aggregator.db*"):
        left.unlink()
    filled.command("restore", str(kept))
    filled.until(lambda: is_ready(filled), "it is ready")
    assert before
    assert {story.id for story in filled.stories()} >= before


def test_a_read_only_volume_is_served_from_and_polled_for_when_it_is_writable(
    filled: RunningDaemon, room: Newsroom, tmp_path: Path
) -> None:
    folder = tmp_path / "volume"
    folder.mkdir()
    moved = folder / "aggregator.db"
    for left in tmp_path.glob("aggregator.db*"):
        shutil.move(left, folder / left.name)
    filled.file, filled.settings["database"] = moved, f"sqlite:///{moved}"
    moved.chmod(0o444)
    folder.chmod(0o555)
    room.advance()
    start = len(room.log)
    filled.start(before=PLAIN)
    filled.until(lambda: filled.answers() and is_degraded(filled, "readonly"), "it is degraded")
    assert filled.stories()
    assert len(room.log) == start, "somebody was asked for what nobody could keep"
    folder.chmod(0o755)
    moved.chmod(0o644)
    filled.until(lambda: is_ready(filled), "it is ready")
    filled.settle()


def test_a_disk_that_takes_nothing_more_is_waited_for(
    daemon: RunningDaemon, room: Newsroom
) -> None:
    daemon.start()
    daemon.settle()
    served = daemon.feed("rss")
    assert daemon.process is not None
    no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    # No file may grow, and none be written to: the database, its log, and what the daemon says.
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    room.advance()
    daemon.until(lambda: is_degraded(daemon, "disk I/O error"), "it is degraded")
    assert daemon.feed("rss") == served
    assert 'aggregator_degraded{what="writing"} 1.0' in daemon.client.get("/metrics").text
    assert daemon.process.poll() is None
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, no_limit)
    daemon.until(lambda: is_ready(daemon), "it is ready")
    daemon.settle()
    assert daemon.feed("rss") != served
    assert daemon.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_daemon_that_waits_for_its_database_ends_when_it_is_told_to(
    daemon: RunningDaemon,
) -> None:
    daemon.file.write_bytes(b"no database, and much too short for one")
    daemon.start()
    daemon.until(lambda: is_waiting(daemon, "not a database"), "it waits")
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.process.wait(timeout=30) == 0
    daemon.process = None
