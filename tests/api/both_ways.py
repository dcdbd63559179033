"""The same requests on two servers with the same past: one has the short way, one has not."""

from __future__ import annotations

import logging
import re
import shutil
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.http.app import create_app
from api.http.edge.connections import connections_with
from api.http.edge.short_way import ShortWay
from api.service.rate_limits import RateLimits
from tests.api.shop import Clock, built, listening
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pytest

    from api.http.edge.plain_requests import Cycle, PlainRequest
    from api.service.server import Server

SECONDS = 20.0

Header = tuple[str, str]

_MADE_BY_CHANCE = (
    (re.compile(rb"\r\ndate: [^\r]*"), b""),
    (re.compile(rb"urn:uuid:[0-9a-f-]{36}"), b"urn:uuid:CHANCE"),
    (re.compile(rb"x-request-id: [0-9a-f-]{36}\r"), b"x-request-id: CHANCE\r"),
)
"""What differs between any two servers: the date, and the names of requests."""

_CHANCE_IN_LOGS = re.compile(r" (id=[0-9a-f]{8}-[0-9a-f-]{27}|ms=[0-9.]+|instance=\S+)")

_COUNTS = re.compile(
    r"^(rapport_(http_request_seconds_count|events_appended_total|appends_total"
    r"|http_requests_in_progress)\b.*)$",
    re.MULTILINE,
)


def request(
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Sequence[Header] = (),
    *,
    host: str = "localhost",
    version: str = "1.1",
) -> bytes:
    """The bytes of one request, with the length of the body where there is one."""
    lines = [f"{method} {path} HTTP/{version}", f"host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not {"content-length", "transfer-encoding"} & {n for n, _ in headers}:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class CountedWay(ShortWay):
    """The short way, with a count of what it took and what it left."""

    taken = 0
    left = 0

    def answer(self, request: PlainRequest, body: bytes, cycle: Cycle) -> bool:
        took = super().answer(request, body, cycle)
        self.taken += took
        self.left += not took
        return took


class SameChance:
    """Stands for ``Entropy`` where ledgers make ids: servers that begin alike make the same."""

    def __init__(self) -> None:
        self._seeds = count()

    def restart(self) -> None:
        """Begin again for a server on a folder that was filled meanwhile."""
        self._seeds = count(1000)

    def __call__(self) -> Callable[[int], bytes]:
        return Random(next(self._seeds)).randbytes


CHANCE = SameChance()


@dataclass(frozen=True)
class Sent:
    """What is sent on one connection, a packet at a time, and how many answers are read."""

    packets: tuple[bytes, ...]
    answers: int = 1
    pause_seconds: float = 0.002
    moved_seconds: int = 0
    """How far the clock of the server goes on before it."""


@dataclass
class Heard:
    """All that a server let be seen of its work on a list of requests."""

    answers: list[bytes] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    taken: int = 0
    left: int = 0


class Line:
    """A connection that is opened again whenever the server has closed it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "", parts.port or 0
        self._socket: socket.socket | None = None
        self._buffer = b""

    def ask(self, sent: Sent) -> bytes:
        """Everything that is answered, without what is made by chance."""
        heard = self._tell(sent)
        for pattern, instead in _MADE_BY_CHANCE:
            heard = pattern.sub(instead, heard)
        return heard

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def _tell(self, sent: Sent) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place, packet in enumerate(sent.packets):
            if place:
                time.sleep(sent.pause_seconds)
            with suppress(ConnectionError):  # it is refused already, which is read below
                self._socket.sendall(packet)
        is_head = sent.packets[0].startswith(b"HEAD ")
        heard = b"".join([self._answer(is_head=is_head) for _ in range(sent.answers)])
        if b"\r\nconnection: close" in heard:
            self.close()
        return heard

    def _answer(self, *, is_head: bool) -> bytes:
        head = self._until(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 100 "):
            return head + self._answer(is_head=is_head)
        if is_head or head[9:12] in (b"204", b"304", b""):
            return head
        if b"\r\ntransfer-encoding: chunked" in head:
            return head + self._until(b"0\r\n\r\n")
        size = re.search(rb"\r\ncontent-length: (\d+)", head)
        assert size is not None, head
        while len(self._buffer) < int(size[1]) and self._more():
            pass
        body, self._buffer = self._buffer[: int(size[1])], self._buffer[int(size[1]) :]
        return head + body

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer and self._more():
            pass
        found, end, self._buffer = self._buffer.partition(end)
        return found + end

    def _more(self) -> bool:
        """Read more; False, and the connection is closed, where there is no more."""
        assert self._socket is not None
        part = self._socket.recv(65536)
        if not part:
            rest = self._buffer
            self.close()
            self._buffer = rest
        else:
            self._buffer += part
        return bool(part)


@contextmanager
def serving(folder: Path, *, short: bool) -> Iterator[tuple[str, Server, Clock, CountedWay]]:
    """A server on that folder whose time stands still, with the short way or without."""
    CHANCE.restart()
    clock = Clock()
    with built(folder, clock) as server:
        server.rate_limits = RateLimits(lambda: 0.0)
        app = create_app(server)
        way = CountedWay(app)
        with listening(app, connections_with(way if short else None)) as url:
            yield url, server, clock, way


def heard_both_ways(
    folder: Path,
    requests: list[Sent],
    caplog: pytest.LogCaptureFixture,
    *headers: tuple[str, str],
) -> tuple[Heard, Heard]:
    """What is heard of servers on copies of the folder, without and with the short way.

    Their metrics are asked for with these headers.
    """
    counting = Sent((request("GET", "/metrics", None, headers),))
    ordinary = _heard(folder, requests, counting, caplog, short=False)
    return ordinary, _heard(folder, requests, counting, caplog, short=True)


def _heard(
    folder: Path,
    requests: list[Sent],
    counting: Sent,
    caplog: pytest.LogCaptureFixture,
    *,
    short: bool,
) -> Heard:
    copy = folder.with_name(f"{folder.name}-{'short' if short else 'ordinary'}")
    shutil.copytree(folder, copy)
    heard = Heard()
    with (
        caplog.at_level(logging.INFO, "rapport.http"),
        serving(copy, short=short) as (url, _server, clock, way),
    ):
        caplog.clear()
        line = Line(url)
        for sent in requests:
            clock.move(sent.moved_seconds)
            heard.answers.append(line.ask(sent))
        heard.counts = [found[0] for found in _COUNTS.findall(line.ask(counting).decode())]
        assert heard.counts
        line.close()
        # A line of the log follows its answer.
        until(lambda: any("route=/metrics" in one for one in _lines(caplog)))
        heard.log = [_CHANCE_IN_LOGS.sub("", one) for one in _lines(caplog)]
        heard.taken, heard.left = way.taken, way.left
    return heard


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "rapport.http"]


def differences(
    requests: list[Sent], ordinary: Heard, short: Heard
) -> list[tuple[Sent, bytes, bytes]]:
    """The requests that were answered in two ways."""
    answered = zip(requests, ordinary.answers, short.answers, strict=True)
    return [one for one in answered if one[1] != one[2]]
