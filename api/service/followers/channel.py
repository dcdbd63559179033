"""Messages between a server and the process that follows its ledgers, in both directions.

A message is an array: its kind, and what belongs to it. The server sends

- ``open`` ledger, number: follow it from now on; ``close`` ledger: let its files go;
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

The connection itself is the sign of life: it ends with either process. That a log has grown is said
by a byte in a pipe beside it, whose end the server sends first: the number of the ledger. Where the
pipe is full, nobody has read it, so that one byte more would say nothing new.
"""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_NUMBER = 255
"""The number of every ledger that has no smaller one."""

_READ_BYTES = 65_536


class Wakes:
    """The server's end of the pipe. Any thread may call."""

    def __init__(self, descriptor: int) -> None:
        """The descriptor is closed with this."""
        os.set_blocking(descriptor, False)
        self._descriptor: int | None = descriptor
        self._writing = Lock()

    def wake(self, number: int) -> None:
        """Say that the log of the ledger with that number has grown. It never waits."""
        with self._writing, suppress(OSError):
            if self._descriptor is not None:
                os.write(self._descriptor, bytes((min(number, MOST_NUMBER),)))

    def close(self) -> None:
        """Close this end."""
        with self._writing:
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor = None


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

    def send_wakes(self) -> Wakes:
        """Send the other end of a new pipe, before anything else; this end.

        Raises:
            OSError: the other side has ended, or there is no pipe.
        """
        reading, writing = os.pipe()
        wakes = Wakes(writing)
        try:
            socket.send_fds(self._connection, [b"w"], [reading])
        except OSError:
            wakes.close()
            raise
        finally:
            os.close(reading)
        return wakes

    def receive_wakes(self) -> Iterator[set[int]]:
        """The numbers of the ledgers whose logs have grown, until the other side ends.

        Raises:
            OSError: it has ended before it sent the pipe, or talks to another process.
        """
        _, descriptors, _, _ = socket.recv_fds(self._connection, 1, 1)
        if not descriptors:
            raise ConnectionResetError("the server talks to another process, or is gone")
        return _numbers(descriptors[0])

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


def _numbers(descriptor: int) -> Iterator[set[int]]:
    with os.fdopen(descriptor, "rb", buffering=0) as pipe:
        while numbers := pipe.read(_READ_BYTES):
            yield set(numbers)
