"""Connections held to limits that uvicorn's own lack: heads of a bounded size that arrive in time.

Uvicorn parses with httptools, which takes a head of any length for as long as it comes, and waits
forever for a reader that does not read its answer.
"""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.http.edge.plain_requests import PlainRequest
from api.http.problems import HeadTooLarge, Malformed, problem, problem_bytes, status_of

if TYPE_CHECKING:
    from asyncio import Protocol as AsyncioProtocol
    from collections.abc import Iterable

    from uvicorn import Config

    from api.http.edge.plain_requests import Cycle
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


GATHER_SECONDS = 0.05
"""How long a plain request may wait for the rest of its body; then it takes the ordinary way, where
it has ``BODY_SECONDS``."""


class PlainAnswers(Protocol):
    """What answers plain requests: see ``api.http.edge.short_way``."""

    def is_open(self) -> bool:
        """Whether any request may be offered to it, on a connection that begins now."""

    def answer(self, request: PlainRequest, body: bytes, cycle: Cycle) -> bool:
        """Answer the request, now or later; False where it must take the ordinary way."""


class Connection(HttpToolsProtocol):
    """Uvicorn's connection that refuses endless heads, and what is no HTTP, with a problem.

    With a ``short_way`` it offers plain requests to that before the application is asked.
    """

    def __init__(
        self,
        config: Config,
        *more: Any,
        short_way: PlainAnswers | None = None,
        came_by: str | None = None,
        **named: Any,
    ) -> None:
        """``came_by`` is the scheme by which requests came to the server that handed them over."""
        super().__init__(config, *more, **named)
        self._in_head = False
        self._head_bytes = 0
        self._short_way = short_way
        self._came_by = came_by
        self._plain: PlainRequest | None = None
        """The request whose body is still to come, before it is known which way it takes."""
        self._body = b""
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has connected."""
        super().connection_made(transport)
        if self._came_by is not None:
            self.scheme = self._came_by  # type: ignore[assignment]  # one of the two that there are
        if self._short_way is not None and not self._short_way.is_open():
            self._short_way = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left."""
        self._take_ordinary_way()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server is about to end."""
        self._take_ordinary_way()
        super().shutdown()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        self._unset_keepalive_if_required()  # the one before may have been answered at once
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head has come to its end."""
        self._in_head = False
        if self._short_way is not None and self._is_free():
            method = self.parser.get_method()
            self._plain = PlainRequest.of(method, self.url, self.headers)
        if self._plain is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a request's body has arrived."""
        if self._plain is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """A request has come to its end."""
        if self._plain is None:
            super().on_message_complete()
            return
        assert self._short_way is not None
        plain, body, cycle = self._plain, self._body, _Cycle(self)
        if self._short_way.answer(plain, body, cycle):
            self.cycle = cycle  # type: ignore[assignment]  # what uvicorn asks of one, it has
            self._forget()
            return
        self._take_ordinary_way()
        super().on_message_complete()

    def _is_free(self) -> bool:
        """Whether nothing else is to be answered first, and what is written can leave."""
        is_idle = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # it is None at first
        return is_idle and not self.flow.write_paused and self.parser.get_http_version() == "1.1"

    def _take_ordinary_way(self) -> None:
        """Hand to uvicorn what has arrived of a request that is not answered yet."""
        if self._plain is not None:
            body = self._body
            self._forget()
            super().on_headers_complete()
            if body:
                super().on_body(body)

    def _forget(self) -> None:
        self._plain, self._body = None, b""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def data_received(self, data: bytes) -> None:
        """Take in what arrived, unless the head that it belongs to has grown too long."""
        super().data_received(data)
        if self._plain is not None and self._patience is None:
            self._patience = self.loop.call_later(GATHER_SECONDS, self._take_ordinary_way)
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


def connections_with(short_way: PlainAnswers | None) -> type[AsyncioProtocol]:
    """What uvicorn makes for each client, with or without the short way."""
    made = partial(Connection, short_way=short_way)
    return cast("type[AsyncioProtocol]", made)  # all that uvicorn does with it is to call it


class _Cycle:
    """A plain request, as uvicorn sees the one that it is answering."""

    message_event = asyncio.Event()
    """Nobody waits for it."""

    def __init__(self, connection: Connection) -> None:
        self.response_started = self.response_complete = False
        self.disconnected = self.more_body = False
        self.keep_alive = True
        self._connection = connection

    def wait_for(self, reply: asyncio.Future[Any]) -> None:
        """Have uvicorn wait for this at the server's end, and then cancel it."""
        tasks: set[Any] = self._connection.tasks
        tasks.add(reply)
        reply.add_done_callback(tasks.discard)

    def send(self, status: int, head: bytes, content: bytes) -> None:
        """Send the whole answer."""
        connection = self._connection
        self.response_complete = True
        if self.disconnected:
            return
        del self._connection  # it holds this: a cycle
        default = connection.server_state.default_headers
        parts = [STATUS_LINE[status], *(b"%s: %s\r\n" % pair for pair in default), head]
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
        connection.transport.write(b"".join([*parts, b"\r\n", content]))
        if not self.keep_alive:
            connection.transport.close()
        connection.on_response_complete()


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
