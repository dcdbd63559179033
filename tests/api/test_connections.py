"""What clients do that are no good: heads without end, no HTTP at all, no reading."""

from __future__ import annotations

import asyncio
import json
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.http.edge.connections import HEAD_BYTES, HEAD_SECONDS, READ_SECONDS, Sweep
from api.http.edge.frontdoor import FrontDoor
from tests.api.shop import registration
from tests.cli.running import serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

APPEND = b"POST /v1/ledgers/main/contacts/pos:1/events HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("connections") / "data"
    with serving("serve", "--port", 0, "--data", folder) as server:
        yield int(server.url.rpartition(":")[2])


def exchange(port: int, *sent: bytes) -> bytes:
    """Everything that is answered until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=END_SECONDS) as connection:
        try:
            for part in sent:
                connection.sendall(part)
        except ConnectionError:
            pass  # it hung up before it had heard everything, as it may
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def problem(answer: bytes) -> Any:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    return json.loads(body)


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        APPEND + b"content-length: many\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_is_told_so_as_a_problem(port: int, sent: bytes) -> None:
    answer = exchange(port, sent)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert problem(answer)["code"] == "malformed-request"


@pytest.mark.parametrize("header", [b"x: ", b"", b"x:y\r\n"], ids=["value", "name", "many"])
def test_a_head_without_end_is_refused_when_it_is_too_long(port: int, header: bytes) -> None:
    endless = (header or b"x") * (16 * HEAD_BYTES // max(len(header), 1))
    answer = exchange(port, b"GET /livez HTTP/1.1\r\nhost: localhost\r\n", endless)
    if answer:  # else the server was gone before all was sent
        assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
        assert problem(answer)["code"] == "head-too-large"


def test_a_long_head_within_the_limit_is_read(port: int) -> None:
    name = b"x: " + b"y" * (HEAD_BYTES // 2) + b"\r\nconnection: close\r\n\r\n"
    answer = exchange(port, b"GET /livez HTTP/1.1\r\nhost: localhost\r\n", name)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_nonsense_behind_a_request_is_never_taken_for_its_answer(port: int) -> None:
    """The append may have been accepted: 400 would say that it was not."""
    body = json.dumps(registration()).encode()
    head = APPEND + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    answer = exchange(port, head + body + b"nonsense\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 400")


class Request:
    """A request on a connection, answered or not."""

    def __init__(self, *, answered: bool) -> None:
        self.response_complete = answered


class Fake:
    """A connection as uvicorn keeps it."""

    def __init__(
        self, *, cycle: Request | None = None, idle: object = None, closing: bool = False
    ) -> None:
        self.cycle = cycle
        self.timeout_keep_alive_task = idle
        self.aborted = False
        self.transport = SimpleNamespace(is_closing=lambda: closing, abort=self.abort)

    def abort(self) -> None:
        self.aborted = True


def cut_after(connection: Fake, seconds: float) -> bool:
    """Whether a sweep a little after so many seconds cuts the connection off."""
    sweep = Sweep()
    for at in (0.0, seconds - 0.1, seconds + 0.1):
        assert not connection.aborted
        sweep.run([connection], at)
    return connection.aborted


def test_a_connection_that_sends_no_whole_head_is_cut_off() -> None:
    assert cut_after(Fake(), HEAD_SECONDS)
    assert cut_after(Fake(cycle=Request(answered=True)), HEAD_SECONDS)


def test_a_client_that_does_not_read_its_last_answer_is_cut_off() -> None:
    assert cut_after(Fake(closing=True), READ_SECONDS)


def test_a_connection_at_work_or_kept_for_a_next_request_is_left_alone() -> None:
    assert not cut_after(Fake(cycle=Request(answered=False)), 1000)
    assert not cut_after(Fake(idle=object()), 1000)


def test_an_overload_can_still_be_asked_about() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def run() -> list[int]:
        transport = httpx.ASGITransport(FrontDoor(app, most_in_flight=0))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=END_SECONDS
        ) as client:
            paths = ["/livez", "/readyz", "/metrics", "/v1/ledgers"]
            return [(await client.get(path)).status_code for path in paths]

    assert asyncio.run(run()) == [200, 200, 200, 503]
