"""Connections held to limits that uvicorn's own lack: heads of a bounded size that arrive in time.

Uvicorn parses with httptools, which takes a head of any length for as long as it comes, and waits
forever for a reader that does not read its answer.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.problems import HeadTooLarge, Malformed, problem, problem_bytes, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.errors import LedgerError

HEAD_BYTES = 64 * 1024
"""How long the request line and the headers may be together, unless they arrive in one piece: what
is read at once from a socket is bounded already."""

HEAD_SECONDS = 20.0
"""How long a new connection, and one that has begun a request, has for the whole head."""

READ_SECONDS = 30.0
"""How long a client has to read the rest of its last answer once the connection is being closed."""

IDLE_SECONDS = 75
"""How long a connection is kept for a next request: longer than clients keep theirs, so that none
is closed while a request is on its way."""


class Connection(HttpToolsProtocol):
    """Uvicorn's connection that refuses endless heads, and what is no HTTP, with a problem."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = False
        self._head_bytes = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head has come to its end."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take in what arrived, unless the head that it belongs to has grown too long."""
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(HeadTooLarge(f"request line and headers may have {HEAD_BYTES} bytes"))

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed."""
        if not self.transport.is_closing():
            self._refuse(Malformed("this is no HTTP request"))

    def _refuse(self, error: LedgerError) -> None:
        if self._answers_next():
            body = problem_bytes(problem(error, f"urn:uuid:{uuid4()}"))
            status = HTTPStatus(status_of(type(error)))
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\n"
                "content-type: application/problem+json\r\ncache-control: no-store\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def _answers_next(self) -> bool:
        """Whether what is written now answers the request that is refused, and no earlier one."""
        current = self.cycle
        if current is None or current.response_complete:  # type: ignore[redundant-expr]  # it is None at first
            return True
        return current.more_body and not current.response_started and not self.pipeline


class Sweep:
    """Ends connections that let us wait too long; to be run about once a second."""

    def __init__(self) -> None:
        self._since: dict[tuple[Any, Any], float] = {}

    def run(self, connections: Iterable[Any], now: float) -> None:
        """Look at every connection; those that waited too long for the same thing are cut.

        ``now`` is in seconds of a monotonic clock.
        """
        since: dict[tuple[Any, Any], float] = {}
        for connection in list(connections):
            patience = _patience(connection)
            if patience is None:
                continue
            # The wait of a connection starts again with each request.
            key = (connection, connection.cycle)
            since[key] = self._since.get(key, now)
            if now - since[key] > patience:
                connection.transport.abort()
        self._since = since


def _patience(connection: Any) -> float | None:
    """How long this may stay as it is, in seconds; None where something else watches over it."""
    if connection.transport.is_closing():
        return READ_SECONDS
    between = connection.cycle is None or connection.cycle.response_complete
    if between and connection.timeout_keep_alive_task is None:
        return HEAD_SECONDS
    return None
