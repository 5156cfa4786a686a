"""Databases for the tests: real ones, each test its own."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

_TRIES = 5


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL cluster of our own on loopback, gone with the test run."""
    with _cluster() as cluster:
        yield cluster.url


@pytest.fixture
def postgres_server() -> Iterator["Cluster"]:
    """A PostgreSQL cluster that the test may end and start again."""
    with _cluster() as cluster:
        yield cluster


@contextlib.contextmanager
def _cluster() -> Iterator["Cluster"]:
    programs = _postgres_programs()
    if programs is None:
        message = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    user = _unprivileged_user()
    # Not below pytest's own folder: the server's user could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="aggregator-postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        cluster = Cluster(programs, folder, user)
        cluster.make()
        yield cluster
        cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield f"{postgres_url.rpartition('/')[0]}/{name}"
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind that the project supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'aggregator.db'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


class Cluster:
    """initdb and pg_ctl, as a user that PostgreSQL accepts: it refuses to run as root."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._log = folder / "log"
        self._folder = folder
        self._user = user
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the first database."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def make(self) -> None:
        """Make the cluster and start it."""
        self._run(
            "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        for _ in range(_TRIES):
            self._port = _free_port()
            # Another process may take the port between the look and the start.
            with contextlib.suppress(subprocess.CalledProcessError):
                self.start()
                return
        raise RuntimeError(f"PostgreSQL does not start: {self._log.read_text()}")

    def start(self) -> None:
        """Start it, at the address that it had."""
        options = f"-c listen_addresses=127.0.0.1 -p {self._port} -k {self._folder} -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self._log), "-o", options, "start")

    def stop(self) -> None:
        """End it as a crash would."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes to a file, as the server would hold a pipe open for ever.
        with (self._folder / f"{program}.out").open("ab") as output:
            subprocess.run(
                [self._programs / program, "-D", self._data, *arguments],
                check=True,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self._user,
                group=pwd.getpwnam(self._user).pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            )


def _postgres_programs() -> Path | None:
    """The folder that has initdb and pg_ctl: Debian's newest, or the PATH's."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    folders.sort(key=lambda folder: [int(part) for part in folder.parent.name.split(".")])
    on_path = shutil.which("pg_ctl")
    if on_path:
        folders.insert(0, Path(on_path).resolve().parent)
    complete = [
        f for f in folders if all((f / p).exists() for p in ("initdb", "pg_ctl", "postgres"))
    ]
    return complete[-1] if complete else None


def _unprivileged_user() -> str | None:
    """Whom the server runs as; None for who runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
