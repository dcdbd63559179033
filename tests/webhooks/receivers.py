"""Receivers of webhooks on loopback ports: good ones, and every other kind."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


WAIT_SECONDS = 30


@dataclass
class Message:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent in it."""
        found: dict[str, Any] = json.loads(self.content)
        return found

    @property
    def id(self) -> str:
        """What the receiver knows it by."""
        return self.headers["webhook-id"]


@dataclass
class Answer:
    """What a receiver sends back: bytes as they are, after ``release`` where there is one."""

    content: bytes
    release: threading.Event | None = None


def status(code: int, *headers: str) -> Answer:
    """A whole answer without a body."""
    more = "".join(f"{one}\r\n" for one in headers)
    return Answer(f"HTTP/1.1 {code} Said\r\nContent-Length: 0\r\n{more}\r\n".encode())


OK = status(204)
CUT = Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
"""It says yes, and goes away in the middle of its answer."""
NOTHING = Answer(b"")
"""It reads the message, and goes away without a word."""
GARBAGE = Answer(b"220 this is no web server\r\n\r\n")


@dataclass
class Receiver:
    """A receiver; ``answer`` decides what it says to each message. It forgets no message."""

    answer: Callable[[Message], Answer] = lambda _message: OK
    messages: list[Message] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)
    """Those to which it said yes."""
    most_open: int = 0
    port: int = 0
    _open: int = 0
    _listener: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/in?from=rapport"

    @property
    def ids(self) -> list[str]:
        """The ids of the messages that it took, in order, each once."""
        return list(dict.fromkeys(one.id for one in self.taken))

    def events(self) -> list[dict[str, Any]]:
        """The messages that it took, each once."""
        return list({one.id: one.event for one in self.taken}.values())

    def wait_for(self, count: int) -> None:
        """Wait until it took that many different messages."""
        until(lambda: len(self.ids) >= count, seconds=WAIT_SECONDS)

    def start(self) -> None:
        """Listen, at the port of before if it had one."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more: who connects is refused."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as stream:
            message = _read(stream)
            if message is None:
                return
            with self._lock:
                self._open += 1
                self.most_open = max(self.most_open, self._open)
                self.messages.append(message)
            try:
                answer = self.answer(message)
                if answer.release is not None:
                    answer.release.wait(60)
                if answer.content.startswith(b"HTTP/1.1 2") and answer is not CUT:
                    self.taken.append(message)
                connection.sendall(answer.content)
            finally:
                with self._lock:
                    self._open -= 1


def _read(stream: Any) -> Message | None:
    line = stream.readline().decode()
    if not line:
        return None
    headers: dict[str, str] = {}
    while (header := stream.readline().decode().strip()) != "":  # also where it is cut off
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    content = stream.read(length)
    if len(content) < length:  # who sends it was killed
        return None
    return Message(line.split()[1], headers, content)


@contextmanager
def receiving(answer: Callable[[Message], Answer] = lambda _message: OK) -> Iterator[Receiver]:
    """A receiver that listens inside."""
    receiver = Receiver(answer)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
