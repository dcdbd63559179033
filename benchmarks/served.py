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
from typing import TYPE_CHECKING, Any

from benchmarks.bench import command, environment
from benchmarks.load import closed_loop
from benchmarks.measure import Disagreement, agree
from benchmarks.purchases import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LEDGER = "/v1/ledgers/main"
VISIBLE = f"{LEDGER}/statuses?limit=1&min_position="
"""What is answered once the statuses reflect the position that follows."""

RESTATED = f"{LEDGER}/restatements?limit=1&min_position="
"""What is answered once the restatements do."""

_MOST_SECONDS = 60.0


@contextmanager
def rapport(folder: Path) -> Iterator[int]:
    """``rapport serve`` on a data folder; gives its port once it answers, and stops it at last.

    Raises:
        Disagreement: it gave no answer.
    """
    with _running([*command(), "serve", "--data", str(folder), "--port"]) as port:
        yield port


@contextmanager
def unsealed(folder: Path) -> Iterator[int]:
    """The same with its transparency logs standing still, as ``rapport``."""
    program = [sys.executable, "-m", "benchmarks.unsealed"]
    with _running([*program, "serve", "--data", str(folder), "--port"]) as port:
        yield port


@contextmanager
def bare() -> Iterator[int]:
    """The program of ``benchmarks.bare``, as ``rapport``."""
    with _running([sys.executable, "-m", "benchmarks.bare"]) as port:
        yield port


def catch_up(port: int, head: int, reflected: str = VISIBLE) -> None:
    """Wait until the statuses, or what else is asked for, reflect that position.

    Raises:
        Disagreement: they do not in time.
    """
    ends = time.perf_counter() + _MOST_SECONDS
    while _status(port, f"{reflected}{head}") != http.client.OK:
        if time.perf_counter() > ends:
            raise Disagreement(f"what is projected does not come to position {head}")


def settle(port: int, head: int) -> None:
    """Wait until nothing follows the log any more, restatements included, which come last.

    Raises:
        Disagreement: they do not come to that position in time.
    """
    catch_up(port, head, RESTATED)


def put(port: int, events: Sequence[Any]) -> None:
    """Append events of any contacts, 500 at a time, all of them new."""
    bodies = [json.dumps(events[start : start + 500]) for start in range(0, len(events), 500)]
    loaded = closed_loop(port, [("POST", f"{LEDGER}/events", body) for body in bodies], 1)
    agree("arrangements", {reply.status for reply in loaded.replies}, {201})


@contextmanager
def _running(arguments: Sequence[str]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*arguments, str(port)], cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL
    )
    try:
        while _status(port, "/livez") != http.client.OK:
            if process.poll() is not None or time.perf_counter() - started > _MOST_SECONDS:
                raise Disagreement(f"{arguments[-1]} gave no answer")
            time.sleep(0.002)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_MOST_SECONDS)


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
