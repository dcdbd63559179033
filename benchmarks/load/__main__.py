"""``python -m benchmarks.load``: a job as JSON in, what came of it as JSON out."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import Any

import uvloop

from benchmarks.load.connection import Connection, Raw, rendered

WATCHING = 16
"""How many connections watch."""


class Load:
    """One job under way."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._port: int = job["port"]
        self._requests = [
            rendered(method, path, body, self._port) for method, path, body in job["requests"]
        ]
        self._answers: list[tuple[Raw, float] | None] = [None] * len(self._requests)
        self._sights: list[tuple[int, float, float]] = []

    async def run(self) -> dict[str, Any]:
        """Ask all of it. What is answered is looked at after the clock has stopped."""
        connections = await self._connected(self._job["connections"])
        gc.disable()
        started = time.perf_counter()
        if "rate" in self._job:
            await self._open(connections)
        else:
            await self._closed(connections)
        seconds = time.perf_counter() - started
        for connection in connections:
            connection.close()
        replies = [
            (raw.status, taken, raw.position, raw.body.decode())
            for raw, taken in filter(None, self._answers)
        ]
        return {"seconds": seconds, "replies": replies, "sights": self._sights}

    async def _connected(self, count: int) -> list[Connection]:
        return [await Connection.to(self._port) for _ in range(count)]

    async def _closed(self, connections: list[Connection]) -> None:
        places = iter(range(len(self._requests)))

        async def work(connection: Connection) -> None:
            for place in places:
                started = time.perf_counter()
                answer = await connection.ask(self._requests[place])
                self._answers[place] = answer, time.perf_counter() - started

        await asyncio.gather(*map(work, connections))

    async def _open(self, connections: list[Connection]) -> None:
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        watching: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            idle.put_nowait(connection)
        watchers = await self._connected(WATCHING)
        for connection in watchers:
            watching.put_nowait(connection)
        started, tasks = time.perf_counter(), []
        for place in range(len(self._requests)):
            due = started + place / self._job["rate"]
            # A late one is sent at once, and its lateness is counted: the rate is kept on average.
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            tasks.append(asyncio.create_task(self._one(place, due, idle, watching)))
        await asyncio.gather(*tasks)
        for connection in watchers:
            connection.close()

    async def _one(
        self,
        place: int,
        due: float,
        idle: asyncio.Queue[Connection],
        watching: asyncio.Queue[Connection],
    ) -> None:
        connection = await idle.get()
        answer = await connection.ask(self._requests[place])
        answered = time.perf_counter()
        idle.put_nowait(connection)
        self._answers[place] = answer, answered - due
        if place % self._job["watch_every"]:
            return
        watcher = await watching.get()
        path = f"{self._job['watch']}{answer.position}"
        seen = await watcher.ask(rendered("GET", path, "", self._port))
        now = time.perf_counter()
        watching.put_nowait(watcher)
        if seen.status != 200 or not 0 < answer.position <= seen.position:
            raise RuntimeError(f"{path} was answered {seen!r}")
        self._sights.append((answer.position, now - answered, now - due))


def _main() -> None:
    found = json.dumps(uvloop.run(Load(json.load(sys.stdin)).run())).encode()
    # Where PYTHONUNBUFFERED is set, sys.stdout drops what a write to a pipe leaves over.
    with open(sys.stdout.fileno(), "wb", closefd=False) as output:
        output.write(found)


if __name__ == "__main__":
    _main()
