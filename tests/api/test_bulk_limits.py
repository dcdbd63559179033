from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any

import pytest

from api.http.app import create_app
from api.http.streams import bulk
from api.http.streams.streams import Limits
from tests.api.lines import JSONL, ledger_of, lines, of, sales, wire
from tests.api.shop import listening, registration
from tests.api.wire import Wire

if TYPE_CHECKING:
    from api.service.server import Server
    from tests.api.shop import Shop


def send_until_cut_off(connection: Wire, body: bytes) -> None:
    while True:
        connection.send(body)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Lines without outcome and undecided bytes, whenever lines are handed on."""
    seen: list[tuple[int, int]] = []
    submitted = bulk.Pipeline._submit

    async def watch(self: bulk.Pipeline, lines: Any, size: int) -> Any:
        seen.append((self.unanswered_lines, self.undecided_bytes))
        return await submitted(self, lines, size)

    monkeypatch.setattr(bulk.Pipeline, "_submit", watch)
    return seen


def test_a_client_that_never_reads_is_left_and_costs_no_memory(
    shop: Shop, server: Server, watched: list[tuple[int, int]]
) -> None:
    app = create_app(server, Limits(reader_seconds=0.3))
    body = lines(*sales(100, "pos:unknown"))
    with listening(app) as address:
        url = f"{address}{shop.base}/events"
        with Wire(url, "POST", content_type=JSONL) as sender, pytest.raises(ConnectionError):
            send_until_cut_off(sender, body)
    assert max(count for count, _ in watched) <= bulk.MOST_LINES
    assert len(shop.get("/events").json()["items"]) == 1


def test_lines_wait_with_the_client_while_the_ledger_is_busy(
    shop: Shop, server: Server, watched: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither lines nor bytes pile up: what is not decided keeps the server from reading on."""
    ledger = ledger_of(shop, server)
    append_each, released = ledger.append_each, threading.Event()
    waiting: list[tuple[Any, Future[Any]]] = []

    def hold(appends: Any) -> Future[Any]:
        if released.is_set():
            return append_each(appends)
        waiting.append((appends, Future()))
        return waiting[-1][1]

    def let_go() -> None:
        released.set()
        for appends, future in waiting:
            future.set_result(append_each(appends).result())

    monkeypatch.setattr(ledger, "append_each", hold)
    big = {**of("pos:1", registration()), "source": 60_000 * "x"}
    with wire(shop) as connection:
        connection.socket.settimeout(0.5)
        sent = 0
        try:
            for _ in range(1000):
                connection.send(lines(big))
                sent += 1
        except TimeoutError:
            pass
        assert sent < 200
        assert max(size for _, size in watched) <= bulk.MOST_BYTES + 256 * 1024
        let_go()
        for _ in range(sent):
            assert connection.line()["status"] == 422


def test_a_thousand_lines_are_read_before_the_first_outcome_is(shop: Shop, server: Server) -> None:
    """Whatever the buffers in between hold, which is not ours to promise."""
    all_sent, body = asyncio.Event(), lines(*sales(1000, "pos:unknown"))
    pieces = [body[start : start + 10_000] for start in range(0, len(body), 10_000)]
    answered: list[bytes] = []

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        if not pieces:
            all_sent.set()
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send_later(message: Any) -> None:
        await all_sent.wait()
        answered.append(message.get("body", b""))

    async def run() -> None:
        streams = create_app(server, Limits(reader_seconds=10)).state.streams
        stream = bulk.BulkAppend(ledger_of(shop, server), streams, lambda _: None, JSONL)
        await stream({"type": "http", "state": {"instance": "i"}}, receive, send_later)

    asyncio.run(run())
    assert b"".join(answered).count(b'{"line":') == 1000


def test_a_client_that_sends_nothing_more_is_left(shop: Shop, server: Server) -> None:
    app = create_app(server, Limits(idle_seconds=0.1))
    with listening(app) as address:
        url = f"{address}{shop.base}/events"
        with Wire(url, "POST", content_type=JSONL) as connection:
            connection.send(lines(of("pos:1", registration())) + b'{"half')
            assert connection.line()["status"] == 201
            with pytest.raises((IncompleteRead, ConnectionError)):
                connection.answer.read()


def test_there_is_a_limit_to_bulk_requests(shop: Shop, server: Server) -> None:
    with listening(create_app(server, Limits(bulk_requests=1))) as address:
        url = f"{address}{shop.base}/events"
        with Wire(url, "POST", content_type=JSONL) as first:
            first.send(lines(of("pos:1", registration())))
            assert first.line()["status"] == 201
            with Wire(url, "POST", content_type=JSONL) as second:
                second.end()
                assert second.answer.status == 503
                assert second.answer.headers["retry-after"]


def test_giving_up_takes_back_nothing_that_the_ledger_accepted(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is cancelled, as by a server that will not wait any longer."""
    accepted: Future[Any] = Future()
    arrived = asyncio.Event()

    def accept(_appends: Any) -> Future[Any]:
        arrived.set()
        return accepted

    async def receive() -> dict[str, Any]:
        if arrived.is_set():
            await asyncio.Event().wait()
        body = lines(of("pos:1", registration()))
        return {"type": "http.request", "body": body, "more_body": True}

    async def send_nothing(_message: Any) -> None:
        """Nobody reads."""

    async def run() -> None:
        app = create_app(server)
        stream = bulk.BulkAppend(ledger, app.state.streams, lambda _: None, JSONL)
        scope = {"type": "http", "state": {"instance": "i"}}
        task = asyncio.create_task(stream(scope, receive, send_nothing))
        await arrived.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    ledger = ledger_of(shop, server)
    monkeypatch.setattr(ledger, "append_each", accept)
    asyncio.run(run())
    assert not accepted.cancelled()
