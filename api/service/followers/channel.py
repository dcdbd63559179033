"""Messages between a server and the process that follows its ledgers, in both directions.

A message is an array: its kind, and what belongs to it. The server sends

- ``open`` ledger, ``close`` ledger: follow it from now on, or let its files go;
- ``wake`` ledger: its log has grown;
- ``want`` number, ledger, projection, position: say once the projection is there, or never will be;
- ``drop`` number, ledger: it need not be said any more;
- ``rebuild`` number, ledger, projection, and ``cancel`` number;
- ``end``: sign what is left, and end.

The process that follows answers

- ``opened`` ledger, ``closed`` ledger;
- ``reached`` number;
- ``progress`` number, done, total, rate, eta_seconds;
- ``ended`` number, state, result, problem, of a rebuild;
- ``report`` ledger, the trouble of each projection that has one, and why its log is not signed.

The connection itself is the sign of life: it ends with either process.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    from collections.abc import Iterator


class Channel:
    """One end of a connection. Any thread may send; one receives."""

    def __init__(self, connection: socket.socket) -> None:
        """The connection is closed with this."""
        self._connection = connection
        self._sending = Lock()
        self._writable = select.poll()
        self._writable.register(connection, select.POLLOUT)

    def send(self, *message: object) -> bool:
        """Send a message, unless the other side does not read now; False then, or at its end.

        It never waits, so that a process which was stopped in the middle holds nothing up.
        """
        with self._sending:
            return bool(self._writable.poll(0)) and self._send(message)

    def send_surely(self, *message: object) -> bool:
        """The same, waiting until the other side reads. False where it has ended."""
        with self._sending:
            return self._send(message)

    def _send(self, message: tuple[object, ...]) -> bool:
        try:
            self._connection.sendall(msgpack.packb(message))
        except OSError:
            return False
        return True

    def messages(self) -> Iterator[list[Any]]:
        """The messages of the other side, until it ends, or this one is closed."""
        with suppress(OSError), self._connection.makefile("rb", buffering=0) as file:
            yield from msgpack.Unpacker(file, use_list=True)

    def end(self) -> None:
        """Let no more messages come or go. ``messages`` ends, in whichever thread it runs."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end. Only after ``messages`` has ended."""
        with self._sending:
            self._connection.close()
