"""A real server with its process beside, and what is asked of it."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from tests.cli.running import serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.registrations import registration
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

LEDGER = "/v1/ledgers/main"
PROJECTIONS = ("status", "standing", "agenda", "restatements")
PROCESSES = Path("/proc")


class Served:
    """A server, and the process beside it."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid
        self.http = httpx.Client(base_url=url, timeout=END_SECONDS)

    def follower(self) -> int:
        """The number of the process beside, once there is one."""
        until(lambda: bool(children(self.pid)), seconds=END_SECONDS)
        return children(self.pid)[0]

    def kill_follower(self) -> int:
        """Kill the process beside; the number that it had."""
        pid = self.follower()
        os.kill(pid, signal.SIGKILL)
        return pid

    def append(self, count: int = 1, path: str = LEDGER) -> int:
        """Register contacts; the position of the last."""
        for _ in range(count):
            one = {"contact": f"till:{uuid4()}", "id": str(uuid4()), **registration()}
            answer = self.http.post(f"{path}/events", json=[one])
            assert answer.status_code == 201, answer.text
            position: int = answer.json()["position"]
        return position

    def get(self, path: str, expected: int = 200) -> Any:
        """What is answered."""
        answer = self.http.get(path)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def count(self, position: int, path: str = LEDGER) -> int:
        """How many contacts the summary counts, once it reflects a position."""
        asked = f"{path}/statuses/summary?min_position={position}"
        until(lambda: self.http.get(asked).status_code == 200, seconds=END_SECONDS)
        return sum(self.get(asked)["stages"].values())

    def rebuilt(self, name: str, path: str = LEDGER) -> dict[str, Any]:
        """The operation of a rebuild, at its end."""
        answer = self.http.post(f"{path}/projections/{name}/rebuilds", json={})
        assert answer.status_code == 202, answer.text
        where = answer.headers["Location"]
        until(lambda: self.get(where)["state"] != "running", seconds=END_SECONDS)
        ended: dict[str, Any] = self.get(where)
        return ended


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    numbers = [int(entry.name) for entry in PROCESSES.iterdir() if entry.name.isdigit()]
    return [number for number in numbers if _state_of(number) == ("runs", pid)]


def is_running(pid: int) -> bool:
    """Whether a process runs that need not be ours."""
    return _state_of(pid)[0] == "runs"


def _state_of(pid: int) -> tuple[str, int]:
    """Whether the process runs, and which process is its parent. Source: Linux, proc(5)."""
    try:
        said = (PROCESSES / str(pid) / "stat").read_text(encoding="utf-8")
    except OSError:
        return "gone", 0
    state, parent = said.rpartition(")")[2].split()[:2]
    return "gone" if state == "Z" else "runs", int(parent)


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """``rapport serve`` on a folder, on any port."""
    with serving("serve", "--port", 0, "--data", folder, *options) as server:
        one = Served(server.url, server.process.pid)
        with one.http:
            yield one
