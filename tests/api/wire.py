"""HTTP by hand: a request that is sent and an answer that is read a piece at a time."""

from __future__ import annotations

import json
import socket
import struct
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["until"]  # what other rooms import from here as well


class Wire:
    """One connection with one request, whose body has no end until ``end``."""

    def __init__(self, url: str, method: str, **headers: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.socket = socket.socket()
        # Small, so that a reader that does not read is noticed before much was written to it.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(END_SECONDS)
        self.socket.connect((parts.hostname, parts.port))
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        head = [f"{method} {path} HTTP/1.1", "host: localhost"]
        if method == "POST":
            head.append("transfer-encoding: chunked")
        head += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self._answer: HTTPResponse | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self.socket.close()
        if self._answer is not None:
            self._answer.close()

    def send(self, body: bytes) -> None:
        """Send a part of the body."""
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(body), body))

    def end(self) -> None:
        """Say that this was all."""
        self.socket.sendall(b"0\r\n\r\n")

    @property
    def answer(self) -> HTTPResponse:
        """The answer, as soon as it begins."""
        if self._answer is None:
            self._answer = HTTPResponse(self.socket)
            self._answer.begin()
        return self._answer

    def line(self) -> Any:
        """The next line of the answer; IncompleteRead where it is cut off."""
        return json.loads(self.answer.readline())

    def event(self) -> dict[str, str]:
        """The next of the server-sent events, comments included, under an empty name."""
        found: dict[str, str] = {}
        while line := self.answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(":")
            found[name] = value.strip()
        return found

    def reset(self) -> None:
        """Leave as a process that dies does: at once, with whatever is under way lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
