"""Servers as processes of their own: ours, and the bare one that is held against it."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.bench import command, environment
from benchmarks.cachegrind import counted
from benchmarks.load import closed_loop
from benchmarks.measure import Disagreement, agree
from benchmarks.purchases import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LEDGER = "/v1/ledgers/main"
BARE = (sys.executable, "-m", "benchmarks.bare")
VISIBLE = f"{LEDGER}/statuses?limit=1&min_position="
"""What is answered once the statuses reflect the position that follows."""

RESTATED = f"{LEDGER}/restatements?limit=1&min_position="
"""What is answered once the restatements do."""

_MOST_SECONDS = 600.0
_COUNTED_SECONDS = 900.0
"""How long a server may take that runs under cachegrind, some fifty times slower."""


@dataclass(frozen=True)
class Running:
    """A server that answers: its port, and the process that was started."""

    port: int
    process_id: int


@contextmanager
def rapport(folder: Path, database: str | None = None) -> Iterator[int]:
    """``rapport serve`` on a data folder; gives its port once it answers, and stops it at last.

    With the URL of a database, the ledgers are there.

    Raises:
        Disagreement: it gave no answer.
    """
    with serving(folder, database) as running:
        yield running.port


@contextmanager
def serving(folder: Path, database: str | None = None) -> Iterator[Running]:
    """The same as ``rapport``, with the process that runs it."""
    arguments = [*command(), "serve", "--data", str(folder), "--port"]
    with _running(arguments, database=database) as running:
        yield running


@contextmanager
def unsealed(folder: Path) -> Iterator[int]:
    """The same with its transparency logs standing still, as ``rapport``."""
    program = [sys.executable, "-m", "benchmarks.unsealed"]
    with _running([*program, "serve", "--data", str(folder), "--port"]) as running:
        yield running.port


@contextmanager
def bare() -> Iterator[int]:
    """The program of ``benchmarks.bare``, as ``rapport``."""
    with _running(BARE) as running:
        yield running.port


@contextmanager
def counted_server(program: Sequence[str], counts: Path) -> Iterator[Running]:
    """A server under cachegrind, which leaves its counts in that folder when it is stopped.

    ``program`` takes its port as its last argument, which is added.

    Raises:
        Disagreement: it gave no answer.
    """
    command, _ = counted(program, counts)
    with _running(command, _COUNTED_SECONDS) as running:
        yield running


def catch_up(
    port: int, head: int, reflected: str = VISIBLE, most_seconds: float = _MOST_SECONDS
) -> None:
    """Wait until the statuses, or what else is asked for, reflect that position.

    Raises:
        Disagreement: they do not in time.
    """
    ends = time.perf_counter() + most_seconds
    while _status(port, f"{reflected}{head}") != http.client.OK:
        if time.perf_counter() > ends:
            raise Disagreement(f"what is projected does not come to position {head}")


def settle(port: int, head: int, most_seconds: float = _MOST_SECONDS) -> None:
    """Wait until nothing follows the log any more, restatements included, which come last.

    Raises:
        Disagreement: they do not come to that position in time.
    """
    catch_up(port, head, RESTATED, most_seconds)


def put(port: int, events: Sequence[Any]) -> None:
    """Append events of any contacts, 500 at a time, all of them new."""
    bodies = [json.dumps(events[start : start + 500]) for start in range(0, len(events), 500)]
    loaded = closed_loop(port, [("POST", f"{LEDGER}/events", body) for body in bodies], 1)
    agree("arrangements", {reply.status for reply in loaded.replies}, {201})


@contextmanager
def _running(
    arguments: Sequence[str], most_seconds: float = _MOST_SECONDS, database: str | None = None
) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*arguments, str(port)],
        cwd=ROOT,
        env=environment(database),
        stderr=subprocess.DEVNULL,
    )
    try:
        while _status(port, "/livez") != http.client.OK:
            if process.poll() is not None or time.perf_counter() - started > most_seconds:
                raise Disagreement(f"{arguments[-1]} gave no answer")
            time.sleep(0.002)
        yield Running(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(most_seconds)


def _status(port: int, path: str) -> int:
    """The status of what is answered there; 0 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_MOST_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except ConnectionError:
        return 0
    else:
        return response.status
    finally:
        connection.close()
