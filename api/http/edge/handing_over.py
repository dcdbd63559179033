"""Handing a request over to the server that records, and its answer back, byte for byte.

That server listens on a Unix socket in the data folder. Each request has a connection of its own:
one that was kept could end just as it is used, and nobody could tell whether the request arrived.
Body and answer travel at the same time, as the lines of a bulk append and its answers do.
Source: RFC 9110, 7.6, "Message Forwarding".
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import h11

from api.http.edge.frontdoor import SECURITY_HEADERS
from api.http.edge.pulse import PULSE_SECONDS, Pulse
from api.http.edge.request_reports import RequestNames, refusal_of
from api.http.problems import Malformed, status_of
from api.service.followers.listening import short_path
from domain.errors import Unavailable
from ledger.data_layout import SERVER_SOCKET

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

    from api.http.edge.request_reports import RequestObserver
    from domain.errors import LedgerError

HOLDER_SECONDS = 8.0
"""How long a request waits for a server that records: one takes over within five seconds."""

MOST_KEPT_BYTES = 64 * 1024
"""Up to which length a body is kept, in case it has to be sent a second time."""

PATIENCE_SECONDS = 1.0
"""How long a request waits before it is asked whether the server that records answers anybody."""

READY_SECONDS = 2.0
"""How long that server has to say whether it is ready. Nobody is waited for then."""

READY = "/readyz"

LOOK_SECONDS = 0.05
_READ_BYTES = 65_536
_HEAD_BYTES = 256 * 1024

_OF_A_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"expect"}
)
"""Headers of a request that are about the connection. ``transfer-encoding`` says how its body
comes, and so it is kept."""

_MADE_HERE = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"date", b"server"})
"""Headers of an answer that this server makes itself."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class _Lost(Exception):
    """The connection ended before an answer began."""


class _Silent(Exception):
    """The server that records answers nobody."""


class _Body:
    """The body of a request as it comes, and what of it may be needed again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self.is_whole = False
        """Whether all of it has come."""
        self.is_kept = True
        """Whether all that has come is still there."""

    def begin(self) -> list[bytes]:
        """What has come already."""
        return list(self._kept)

    async def next(self) -> bytes | None:
        """The next part; None where the client has left."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        self.is_whole = not message.get("more_body", False)
        self._kept_bytes += len(part)
        if self._kept_bytes > MOST_KEPT_BYTES:
            self.is_kept = False
            self._kept.clear()
        elif part:
            self._kept.append(part)
        return part

    async def until_left(self) -> None:
        """Wait until the client leaves."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def content(self) -> bytes:
        """All of it, where it is whole and kept."""
        return b"".join(self._kept)


class HandingOver:
    """An ASGI application: every answer is that of the server that records."""

    def __init__(
        self,
        folder: Path,
        holder_seconds: Callable[[], float] = lambda: HOLDER_SECONDS,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        pulse_seconds: float = PULSE_SECONDS,
        unready: Callable[[], LedgerError] | None = None,
        observer: RequestObserver | None = None,
    ) -> None:
        """``holder_seconds`` is how long a request waits for a server that records.

        ``unready`` makes the answer to ``/readyz`` where none can be reached; ``observer`` counts
        what is answered here.
        """
        self._path = folder / SERVER_SOCKET
        self._holder_seconds = holder_seconds
        self._patience_seconds = patience_seconds
        self._pulse = Pulse(self._connect, pulse_seconds)
        self._unready = unready
        self._observer = observer

    def is_there(self) -> bool:
        """Whether a server that records can be reached."""
        with suppress(OSError), self._connect():
            return True
        return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over one request.

        Where the server that records ends before it answers, a request that changes nothing is
        handed to the next one; so is an append whose events all have ids, because the ids decide
        what is recorded. The others get 503: the outcome is not known. So does everything that
        waits for a server which was stopped, and may continue later.
        """
        body, answer = _Body(receive), _Answer(send)
        began = time.monotonic()
        is_ready_asked = scope["path"] == READY and self._unready is not None
        ends = began if is_ready_asked else began + self._holder_seconds()
        patience = READY_SECONDS if is_ready_asked else self._patience_seconds
        is_heard = _is_not_heard if is_ready_asked else self._pulse.beats
        while True:
            try:
                connection = await self._reach(ends)
            except OSError:
                said = "no server records at the moment: send it again, same ids"
                await self._refuse(scope, receive, send, Unavailable(said), began)
                return
            try:
                await _exchange(scope, body, connection, answer, patience, is_heard)
            except _Silent:
                if answer.begun:
                    raise ConnectionResetError("the answer was cut off") from None
                said = "the server that records does not answer: send it again, same ids"
                await self._refuse(scope, receive, send, Unavailable(said), began)
                return
            except _Lost:
                if answer.begun:
                    raise ConnectionResetError("the answer was cut off") from None
                if not may_be_sent_again(scope, body):
                    said = "the server that records ended: send it again, same ids"
                    await self._refuse(scope, receive, send, Unavailable(said), began)
                    return
                await asyncio.sleep(LOOK_SECONDS)
            except h11.LocalProtocolError:
                wrong = Malformed("this is no HTTP request")
                await self._refuse(scope, receive, send, wrong, began)
                return
            else:
                return

    async def _reach(self, ends: float) -> socket.socket:
        while True:
            try:
                return self._connect()
            except OSError:
                if time.monotonic() > ends:
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    def _connect(self) -> socket.socket:
        """A connection, at once or not at all: a socket of this machine does not let wait."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            with short_path(self._path) as path:
                connection.connect(path)
        except OSError:
            connection.close()
            raise
        return connection

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, why: LedgerError, began: float
    ) -> None:
        if scope["path"] == READY and self._unready is not None:
            why = self._unready()
        if self._observer is not None:
            self._observer.began()
            seconds = time.monotonic() - began
            self._observer.count_answer(scope["method"], "-", status_of(type(why)), seconds)
        names = RequestNames.without_span(dict(scope["headers"]))
        response = refusal_of(why, names)
        response.raw_headers += [*SECURITY_HEADERS, (b"x-request-id", names.request_id.encode())]
        await response(scope, receive, send)


class _Answer:
    """Passes an answer on."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def start(self, response: h11.Response) -> None:
        headers = [pair for pair in response.headers if pair[0] not in _MADE_HERE]
        self.begun = True
        message: Message = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": [(bytes(name), bytes(value)) for name, value in headers],
        }
        await self._send(message)

    async def add(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def _is_not_heard() -> bool:
    return False


async def _exchange(
    scope: Scope,
    body: _Body,
    connection: socket.socket,
    answer: _Answer,
    patience_seconds: float,
    is_heard: Callable[[], Awaitable[bool]],
) -> None:
    """Send the request and pass the answer on, both at once; end where the client leaves.

    Raises:
        _Lost: the other server ended, or cannot be understood.
        _Silent: there was no answer for a while, and the other server is not heard.
        h11.LocalProtocolError: the request cannot be passed on as it is.
    """
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    answering = asyncio.ensure_future(_pass_answer(protocol, reader, answer))
    asking = asyncio.ensure_future(_pass_request(scope, body, protocol, writer))
    try:
        either = {answering, asking}
        first = asyncio.FIRST_COMPLETED
        while not (await asyncio.wait(either, timeout=patience_seconds, return_when=first))[0]:
            if not await is_heard() and not (answering.done() or asking.done()):
                raise _Silent
        if not answering.done():
            failed = asking.exception()
            if failed is None:
                return  # the client has left
            if isinstance(failed, h11.LocalProtocolError):
                raise failed
        await answering
    except (OSError, h11.RemoteProtocolError) as error:
        raise _Lost from error
    finally:
        for task in (answering, asking):
            task.cancel()
        await asyncio.gather(answering, asking, return_exceptions=True)
        writer.close()


async def _pass_request(
    scope: Scope, body: _Body, protocol: h11.Connection, writer: asyncio.StreamWriter
) -> None:
    """Send all of the request; return when the client leaves."""

    async def write(event: Any) -> None:
        writer.write(protocol.send(event) or b"")
        await writer.drain()

    await write(_head(scope))
    for part in body.begin():
        await write(h11.Data(data=part))
    while not body.is_whole:
        read = await body.next()
        if read is None:
            return
        if read:
            await write(h11.Data(data=read))
    await write(h11.EndOfMessage())
    await body.until_left()


async def _pass_answer(
    protocol: h11.Connection, reader: asyncio.StreamReader, answer: _Answer
) -> None:
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Response):
            await answer.start(event)
        elif isinstance(event, h11.Data):
            await answer.add(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            await answer.end()
            return
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionResetError


def _head(scope: Scope) -> h11.Request:
    query: bytes = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers = [pair for pair in scope["headers"] if pair[0] not in _OF_A_CONNECTION]
    headers.append((b"connection", b"close"))
    return h11.Request(method=scope["method"], target=target, headers=headers)


def may_be_sent_again(scope: Scope, body: _Body) -> bool:
    """Whether a request may be handed to another server, after one ended without an answer."""
    if not body.is_kept:
        return False
    if scope["method"] in _SAFE:
        return True
    return body.is_whole and scope["path"].endswith("/events") and _all_have_ids(body.content())


def _all_have_ids(content: bytes) -> bool:
    try:
        document = json.loads(content)
    except ValueError:
        return False
    events: list[Mapping[str, object]] = document if isinstance(document, list) else [document]
    return all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in events)
