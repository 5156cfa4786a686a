"""A PostgreSQL server of our own on loopback, for tests and measurements."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_TRIES = 5


@contextlib.contextmanager
def cluster(*, durable: bool = False) -> Iterator["Cluster"]:
    """A server, gone with the block. `durable`: what is committed outlives the machine's crash."""
    user = _unprivileged_user()
    # Not below pytest's own folder: the server's user could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="aggregator-postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        server = Cluster(folder, user, durable=durable)
        server.make()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """initdb and pg_ctl, as a user that PostgreSQL accepts: it refuses to run as root."""

    def __init__(self, folder: Path, user: str | None, *, durable: bool) -> None:
        self._programs = programs()
        self._data = folder / "data"
        self._log = folder / "log"
        self._folder = folder
        self._user = user
        self._fsync = "on" if durable else "off"
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the first database."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int:
        """The server's process, which has started the others."""
        return int((self._data / "postmaster.pid").read_text("utf-8").split()[0])

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
        options = f"-c listen_addresses=127.0.0.1 -p {self._port} -k {self._folder}"
        options += f" -c fsync={self._fsync}"
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


def programs() -> Path:
    """The folder that has initdb and pg_ctl: Debian's newest, or the PATH's.

    Raises FileNotFoundError.
    """
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    folders.sort(key=lambda folder: [int(part) for part in folder.parent.name.split(".")])
    on_path = shutil.which("pg_ctl")
    if on_path:
        folders.insert(0, Path(on_path).resolve().parent)
    complete = [
        f for f in folders if all((f / p).exists() for p in ("initdb", "pg_ctl", "postgres"))
    ]
    if not complete:
        raise FileNotFoundError(
            "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
        )
    return complete[-1]


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
