"""UmaDB's server, where the environment of peers is installed, and appends to it over gRPC."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bench import environment
from benchmarks.measure import Disagreement, NotMeasured, agree
from benchmarks.purchases import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.load import Request

PEERS = Path(sys.prefix) / "peers"
"""Where ``make bench`` installs the extra ``bench``: no part of the server's environment."""

_MOST_SECONDS = 600.0


def python() -> Path:
    """The interpreter of the environment in which ``umadb`` is installed.

    Raises:
        NotMeasured: it is not.
    """
    if (PEERS / "bin" / "umadb").exists():
        return PEERS / "bin" / "python"
    raise NotMeasured("`umadb` is not installed: `make bench` installs it")


def version() -> str:
    """The version of UmaDB that is measured."""
    (found,) = (
        one
        for one in distributions(
            path=[str(path) for path in PEERS.glob("lib/python3*/site-packages")]
        )
        if one.name == "umadb"
    )
    installed: Distribution = found
    return installed.version


@contextmanager
def umadb(path: Path) -> Iterator[int]:
    """A server that keeps its events in that file; gives its port, and stops it at last.

    It flushes every commit, as it does unless it is told otherwise.

    Raises:
        NotMeasured: it is not installed.
        Disagreement: it takes no connection.
    """
    python()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    process = subprocess.Popen(
        [PEERS / "bin" / "umadb", "--listen", f"127.0.0.1:{port}", "--db-path", path],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip  # one argument a line would bury the command
    ends = time.perf_counter() + _MOST_SECONDS
    try:
        while not _listens(port):
            if process.poll() is not None or time.perf_counter() > ends:
                raise Disagreement("umadb gave no answer")
            time.sleep(0.01)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_MOST_SECONDS)


def appends_a_second(port: int, requests: Sequence[Request], clients: int, before: int) -> float:
    """Append what these requests would, over so many connections.

    ``before`` is how many events the server has.

    Raises:
        Disagreement: one has no position of its own, or more is there than was appended.
    """
    lines = "".join(f"{path.split('/')[-2]} {body}\n" for _, path, body in requests)
    ran = subprocess.run(
        [python(), "-m", "benchmarks.peers.umadb_load", str(port), str(clients)], input=lines,
        capture_output=True, text=True, check=False, cwd=ROOT, env=environment(),
        timeout=_MOST_SECONDS,
    )  # fmt: skip  # one argument a line would bury the call
    if ran.returncode:
        raise Disagreement(f"umadb's clients ended with {ran.returncode}: {ran.stderr}")
    found = json.loads(ran.stdout)
    after = before + len(requests)
    agree("umadb's positions", sorted(found["positions"]), list(range(before + 1, after + 1)))
    agree("umadb's head", found["head"], after)
    return len(requests) / float(found["seconds"])


def _listens(port: int) -> bool:
    with closing(socket.socket()) as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
