"""Many connections at once: everybody is answered, and nothing of them is left behind."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.api.shop import registration
from tests.cli.running import attempts, serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from tests.cli.running import Serving

IDLE = 400
BUSY = 100
MOST_THREADS = 64
GROWTH_KIB = 96 * 1024
"""What so many connections may take at most: some KiB each, and room to allocate."""


def counted(server: Serving) -> tuple[int, int, int]:
    """Descriptors and threads of the server's process, and its memory in KiB."""
    process = Path("/proc") / str(server.process.pid)
    status = dict(
        line.split(":", 1) for line in (process / "status").read_text(encoding="utf-8").splitlines()
    )
    descriptors = len(list((process / "fd").iterdir()))
    return descriptors, int(status["Threads"]), int(status["VmRSS"].split()[0])


def busy(url: str, number: int) -> list[int]:
    path = f"{url}/v1/ledgers/main/contacts/pos:{number}"
    with httpx.Client(timeout=END_SECONDS) as client:
        answers = [client.post(f"{path}/events", json=registration())]
        answers += [client.get(f"{path}/status"), client.get(f"{url}/v1/ledgers/main/events")]
    return [answer.status_code for answer in answers]


def test_idle_and_busy_connections_leave_nothing_behind(tmp_path: Path) -> None:
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        port = int(server.url.rpartition(":")[2])
        with ThreadPoolExecutor(BUSY) as pool:
            list(pool.map(lambda number: busy(server.url, number), range(BUSY)))  # as it is in use
            descriptors, _, memory = counted(server)
            with ExitStack() as idle:
                for place in range(IDLE):
                    one = idle.enter_context(socket.create_connection(("127.0.0.1", port)))
                    if place % 2:
                        one.sendall(b"GET /livez HTTP/1.1\r\nhost: loc")  # and never more
                statuses = pool.map(lambda number: busy(server.url, number), range(BUSY, 2 * BUSY))
                for told in statuses:
                    assert all(status in (200, 201, 503) for status in told), told
                assert busy(server.url, 2 * BUSY) == [201, 200, 200]
                assert counted(server)[2] - memory < GROWTH_KIB
        for _ in attempts():
            left = counted(server)
            # The pool of threads, each with its files, fills as it is needed, up to its bound.
            if left[0] < descriptors + IDLE // 4 and left[1] <= MOST_THREADS:
                break
        assert left[2] - memory < GROWTH_KIB
