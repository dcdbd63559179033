"""The end of a server: what was answered is recorded, what was accepted finished, and in time."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from api.cli.serving import FINISH_SECONDS
from api.http.app import create_app
from api.http.edge.frontdoor import FrontDoor
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.api.shop import Clock, built, listening, problem_of, registration
from tests.cli.running import serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

WRITERS = 8


def write_until_refused(url: str, enough: threading.Semaphore) -> dict[str, int]:
    """Append one contact after the other until the server hangs up; positions by event id."""
    acknowledged: dict[str, int] = {}
    with httpx.Client(base_url=url, timeout=END_SECONDS) as client:
        while True:
            event_id = str(uuid4())
            path = f"/v1/ledgers/main/contacts/till:{event_id}/events"
            try:
                answer = client.post(path, json={**registration(), "id": event_id})
            except httpx.TransportError:
                return acknowledged
            if answer.status_code == 503:
                return acknowledged
            assert answer.status_code == 201, answer.text
            acknowledged[event_id] = answer.json()["position"]
            enough.release()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_under_load_it_ends_in_time_and_every_append_it_answered_is_there(
    tmp_path: Path, number: signal.Signals
) -> None:
    enough = threading.Semaphore(0)
    with (
        serving("serve", "--port", 0, "--data", tmp_path / "data") as server,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        writers = [pool.submit(write_until_refused, server.url, enough) for _ in range(WRITERS)]
        for _ in range(200):
            assert enough.acquire(timeout=END_SECONDS)
        told = time.monotonic()
        server.process.send_signal(number)
        server.process.communicate(timeout=END_SECONDS)
        assert time.monotonic() - told < FINISH_SECONDS
        assert server.process.returncode == 0
        acknowledged: dict[str, int] = {}
        for writer in writers:
            acknowledged |= writer.result()
    assert len(acknowledged) >= 200
    with built(tmp_path / "data", Clock()) as again:
        ledger = again.ledger("main").ledger
        events = ledger.log(limit=ledger.head(), decrypt=False)
    found = {str(one.id): one.position for one in events}
    assert [one.position for one in events] == list(range(1, len(events) + 1))
    assert acknowledged.items() <= found.items()


def test_a_signal_that_comes_as_soon_as_it_listens_is_not_lost(tmp_path: Path) -> None:
    """Once it was: between our handler and uvicorn's, a signal went to nobody."""
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        server.process.terminate()
        _, err = server.process.communicate(timeout=END_SECONDS)
        assert server.process.returncode == 0
        assert "everything accepted is recorded" in err


def unfinished_request(url: str) -> socket.socket:
    """A connection on which a body has begun to arrive."""
    connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    connection.sendall(
        b"POST /v1/ledgers/main/contacts/pos:1/events HTTP/1.1\r\nhost: localhost\r\n"
        b"content-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n"
    )
    assert connection.recv(100).startswith(b"HTTP/1.1 100"), "it waits for the body"
    return connection


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        with unfinished_request(server.url):
            server.process.terminate()
            until_refused(server.url)
            assert server.process.poll() is None, "it waits for the request under way"
            told = time.monotonic()
            server.process.terminate()
            server.process.communicate(timeout=END_SECONDS)
        assert time.monotonic() - told < FINISH_SECONDS / 2
        assert server.process.returncode == -signal.SIGTERM


def test_a_request_under_way_is_answered_and_idle_connections_are_closed(tmp_path: Path) -> None:
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        with (
            unfinished_request(server.url) as connection,
            httpx.Client(timeout=END_SECONDS) as idle,
        ):
            idle.get(f"{server.url}/livez")
            server.process.terminate()
            until_refused(server.url)
            connection.sendall(json.dumps(registration()).encode().ljust(100))
            assert connection.recv(1000).startswith(b"HTTP/1.1 201 Created")
            server.process.communicate(timeout=FINISH_SECONDS / 2)
        assert server.process.returncode == 0


def until_refused(url: str) -> None:
    """Once the server accepts no more connections."""
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/livez", timeout=END_SECONDS)
        except httpx.TransportError:
            return
    raise AssertionError("it goes on accepting")


def test_a_server_that_ends_is_not_ready_but_lives(tmp_path: Path) -> None:
    with built(tmp_path / "data", Clock()) as ending, listening(create_app(ending)) as address:
        assert httpx.get(f"{address}/readyz", timeout=END_SECONDS).json()["status"] == "ok"
        ending.stopping.begin()
        assert (
            "stopping"
            in problem_of(httpx.get(f"{address}/readyz", timeout=END_SECONDS), 503, "unavailable")[
                "detail"
            ]
        )
        assert httpx.get(f"{address}/livez", timeout=END_SECONDS).status_code == 200


def test_what_does_not_finish_in_time_is_told_to_come_again() -> None:
    """Not 500: nothing is wrong, and the same ids make it safe to send it all again."""
    told: list[Message] = []

    async def endless(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.Event().wait()

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        told.append(message)

    async def run() -> None:
        headers = [(b"host", b"localhost")]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        task = asyncio.create_task(FrontDoor(endless)(scope, receive, send))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert [one.get("status") for one in told] == [503, None]
    assert json.loads(told[1]["body"])["code"] == "unavailable"


@pytest.mark.parametrize("name", ["main", "made-meanwhile"])
def test_the_end_seals_what_was_accepted(tmp_path: Path, name: str) -> None:
    with (
        serving("serve", "--port", 0, "--data", tmp_path / "data") as server,
        httpx.Client(base_url=server.url, timeout=END_SECONDS) as client,
    ):
        client.post("/v1/ledgers", json={"name": name})
        for number in range(20):
            path = f"/v1/ledgers/{name}/contacts/till:{number}/events"
            assert client.post(path, json=registration()).status_code == 201
    with closing(DataFolder.open(tmp_path / "data", SqliteStore, clock=Clock())) as folder:
        ledger = folder.ledger(name)
        assert ledger.transparency.checkpoint().size == ledger.head() == 21
