"""A PostgreSQL of one's own that may be killed, and a standby that may be promoted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.fixtures.patience import END_SECONDS
from tests.fixtures.postgresql import binaries, server_user

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = {
    "listen_addresses": "",
    "wal_level": "replica",
    "max_wal_senders": "5",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "hot_standby": "on",
    "logging_collector": "off",
    "wal_receiver_status_interval": "1s",
}


class Cluster:
    """One server with its data, in a folder where its socket is too. Its commits are flushed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    def make(cls) -> Cluster:
        """A new one that is started."""
        cluster = cls(_new_folder())
        cluster._run(
            "initdb", "--pgdata", cluster.folder / "data", "--username", "rapport",
            "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-instructions",
        )  # fmt: skip  # one argument a line would bury the call
        cluster.start()
        return cluster

    def standby(self) -> Cluster:
        """A standby of this one, which from now on answers commits only once the standby has them.

        The standby waits for none itself: it is to be promoted.
        """
        other = Cluster(_new_folder())
        other._run(
            "pg_basebackup", "--pgdata", other.folder / "data", "--host", self.folder,
            "--username", "rapport", "--write-recovery-conf", "--checkpoint", "fast",
        )  # fmt: skip  # as above
        other.start()
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.execute("SELECT pg_reload_conf()")
        synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        ends = time.monotonic() + END_SECONDS
        while self.execute(synchronous) != [(1,)]:
            assert time.monotonic() < ends, "no standby follows"
            time.sleep(0.05)
        return other

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [binaries() / "postgres", "-D", self.folder / "data", "-k", self.folder, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                user=server_user(), cwd=self.folder,
            )  # fmt: skip  # as above
        ends = time.monotonic() + END_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < ends, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """Kill all its processes at once, as the end of the machine would."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)  # so that it starts no other
        for process in _children(self._server.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._server.kill()
        self._server.wait(END_SECONDS)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        self._server = None

    def promote(self) -> None:
        """Have a standby take writes."""
        assert self.execute("SELECT pg_promote(true, 30)") == [(True,)]

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of one statement."""
        url = f"host={self.folder} user=rapport dbname=postgres connect_timeout=5"
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def remove(self) -> None:
        """Kill it, where it runs, and delete its data."""
        if self._server is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        ran = subprocess.run(
            [str(binaries() / program), *map(str, arguments)],
            capture_output=True, text=True, check=False, user=server_user(), cwd=self.folder,
        )  # fmt: skip  # as above
        assert ran.returncode == 0, ran.stderr


def url_of(*clusters: Cluster) -> str:
    """The URL that names all of these, of which the one that takes writes is used."""
    hosts = ",".join(str(one.folder) for one in clusters)
    return f"postgresql:///postgres?host={hosts}&user=rapport&target_session_attrs=read-write"


def new_database(cluster: Cluster, name: str) -> str:
    """The URL of a new database on a server."""
    cluster.execute(f"CREATE DATABASE {name}")
    return url_of(cluster).replace("/postgres?", f"/{name}?")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A new one, until the end."""
    made = Cluster.make()
    try:
        yield made
    finally:
        made.remove()


def _new_folder() -> Path:
    folder, user = Path(tempfile.mkdtemp(prefix="rapport-pg-")), server_user()
    if user is not None:
        os.chown(folder, user, -1)
    return folder


def _children(parent: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, ValueError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    found.append(int(folder.name))
    return found
