"""A connection that asks one thing at a time and reads just enough of HTTP/1.1 to be fast."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, cast

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_POSITION = b"\r\nrapport-position: "


class Raw(NamedTuple):
    """An answer as it came: the head with its status line, and the body."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head[9:12])

    @property
    def position(self) -> int:
        """The position that the head names, 0 if it names none."""
        return _number(self.head.lower(), _POSITION)


class Connection(asyncio.Protocol):
    """Kept alive; what it asks is answered with a length, never in chunks."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Raw] | None = None
        self._buffer = b""

    @classmethod
    async def to(cls, port: int) -> Connection:
        """A connection to this machine."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, "127.0.0.1", port)
        return connection

    def ask(self, request: bytes) -> asyncio.Future[Raw]:
        """Send the request; holds the answer once it is there."""
        assert self._transport is not None
        assert self._waiting is None, "one question at a time"
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_END_OF_HEAD)
        if end < 0:
            return
        start = end + len(_END_OF_HEAD)
        head = self._buffer[:start]
        if len(self._buffer) < start + _number(head, _LENGTH):
            return
        answer, waiting = Raw(head, self._buffer[start:]), self._waiting
        assert waiting is not None, "an answer that nobody asked for"
        self._buffer, self._waiting = b"", None
        waiting.set_result(answer)


def rendered(method: str, path: str, body: str, port: int) -> bytes:
    """The bytes of a request."""
    content = body.encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: application/json\r\n"
    if content:
        head += f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
    return head.encode() + b"\r\n" + content


def _number(head: bytes, name: bytes) -> int:
    place = head.find(name)
    return 0 if place < 0 else int(head[place + len(name) : head.index(b"\r", place + 2)])
