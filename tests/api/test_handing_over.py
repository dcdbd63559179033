"""What is handed over is answered by the next server where one ends without an answer."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import ExitStack, closing
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from api.http.edge import handing_over
from api.http.edge.handing_over import HandingOver
from api.http.edge.metrics import Metrics
from api.service.readiness import NotReady, Readiness
from ledger.data_layout import SERVER_SOCKET
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Message

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nserver: other\r\n\r\nok"
WITH_ID, WITHOUT = {"type": "visit-made", "id": "0-1"}, {"type": "visit-made"}


class Recorder:
    """Answers on the socket of a folder, but leaves the first requests without an answer."""

    def __init__(
        self, folder: Path, left: int, *, silent: bool = False, slow: str | None = None
    ) -> None:
        """One that is ``silent`` takes connections, as one that was stopped, and reads nothing.

        A request for the path ``slow`` is answered after another one.
        """
        self.heard: list[bytes] = []
        self._left = left
        self._slow = slow
        self._late: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(folder / SERVER_SOCKET))
        self._listener.listen()
        if not silent:
            Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
            while b"chunked" in head and not body.endswith(b"0\r\n\r\n"):
                body += connection.recv(65_536)
            self.heard.append(head + body)
            if self._slow is not None and self._slow.encode() in head:
                self._late.append(connection)
                continue
            for asking in (connection, *self._late):
                with asking:
                    if len(self.heard) > self._left:
                        asking.sendall(ANSWER)
            self._late.clear()


def asked(
    folder: Path,
    method: str,
    content: bytes = b"",
    path: str = "/v1/events",
    seconds: float = 5,
    **more: Any,
) -> tuple[int, bytes, dict[bytes, bytes]]:
    """The answer of a server that hands over: status, body and headers."""
    sent: list[Message] = []
    given: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Message:
        if given:
            return given.pop(0)
        await asyncio.sleep(END_SECONDS)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"connection", b"keep-alive")]
    if content:
        headers.append((b"transfer-encoding", b"chunked"))
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"a=b",
        "headers": headers,
    }
    asyncio.run(HandingOver(folder, lambda: seconds, **more)(scope, receive, send))
    body = b"".join(one.get("body", b"") for one in sent[1:])
    return sent[0]["status"], body, dict(sent[0]["headers"])


@pytest.mark.parametrize(
    ("method", "content"),
    [
        ("GET", b""),
        ("POST", json.dumps(WITH_ID).encode()),
        ("POST", json.dumps([WITH_ID]).encode()),
    ],
)
def test_what_may_be_asked_twice_is_asked_again(
    tmp_path: Path, method: str, content: bytes
) -> None:
    with closing(Recorder(tmp_path, left=1)) as recorder:
        status, body, headers = asked(tmp_path, method, content)
    assert (status, body) == (200, b"ok")
    assert b"server" not in headers
    first, second = recorder.heard
    assert first == second
    assert first.startswith(f"{method} /v1/events?a=b HTTP/1.1".encode())
    assert b"keep-alive" not in first


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (json.dumps([WITH_ID, WITHOUT]).encode(), "/v1/events"),
        (b"{", "/v1/events"),
        (json.dumps(WITH_ID).encode(), "/v1/erasure"),
        (json.dumps([WITH_ID] * 3000).encode(), "/v1/events"),
    ],
)
def test_what_may_not_be_asked_twice_is_told_so(tmp_path: Path, content: bytes, path: str) -> None:
    with closing(Recorder(tmp_path, left=1)) as recorder:
        status, body, headers = asked(tmp_path, "POST", content, path)
    assert (status, len(recorder.heard)) == (503, 1)
    assert "same ids" in json.loads(body)["detail"]
    assert headers[b"retry-after"] == b"1"


def test_where_no_server_records_that_is_the_answer(tmp_path: Path) -> None:
    status, body, headers = asked(tmp_path, "GET", seconds=0)
    assert (status, json.loads(body)["code"]) == (503, "unavailable")
    assert b"x-request-id" in headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_answers_nobody_lets_nobody_wait(tmp_path: Path, method: str) -> None:
    with closing(Recorder(tmp_path, left=0, silent=True)):
        quick: dict[str, Any] = {"patience_seconds": 0.01, "pulse_seconds": 0.01}
        status, body, headers = asked(tmp_path, method, b"{}", **quick)
    assert (status, headers[b"retry-after"]) == (503, b"1")
    assert json.loads(body)["detail"].endswith("does not answer: send it again, same ids")


def test_a_request_that_takes_long_is_waited_for(tmp_path: Path) -> None:
    """As long as the other server answers others."""
    with closing(Recorder(tmp_path, left=0, slow="/v1/slow")) as recorder:
        quick: dict[str, Any] = {"patience_seconds": 0.01, "pulse_seconds": END_SECONDS}
        status, body, _ = asked(tmp_path, "GET", path="/v1/slow", **quick)
    assert (status, body) == (200, b"ok")
    assert any(b"/livez" in one for one in recorder.heard)


@pytest.mark.parametrize("is_there", [True, False])
def test_whether_it_is_ready_is_said_without_the_other_server(
    tmp_path: Path, is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_over, "READY_SECONDS", 0.01)
    seen = Metrics({})
    found = Readiness({"recorder": 1}, 0, is_recording=False, serving=0)
    with ExitStack() as opened:
        if is_there:
            opened.enter_context(closing(Recorder(tmp_path, left=0, silent=True)))
        unready = partial(NotReady, found)
        more: dict[str, Any] = {"unready": unready, "observer": seen}
        status, body, _ = asked(tmp_path, "GET", path="/readyz", seconds=END_SECONDS, **more)
    told = json.loads(body)
    assert (status, told["stopped"], told["recording"]) == (503, {"recorder": 1}, False)
    assert b'_count{method="GET",route="-",status="503"} 1.0' in seen.text()
