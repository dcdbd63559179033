"""A way to the database that a test can cut, before or after a statement arrives."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SOCKET = ".s.PGSQL.5432"


class Cable:
    """Carries bytes between clients of ``url`` and the server.

    ``cut_before`` and ``cut_after`` are bytes of a statement: the connection that sends them next
    is cut before the server gets them, or once the server has answered them. ``plugged`` says
    whether connections can be made.
    """

    def __init__(self, folder: Path, url: str) -> None:
        given = conninfo_to_dict(url)
        self._server = f"{given['host']}/{_SOCKET}"
        self.url = make_conninfo(url, host=str(folder))
        self.cut_before = self.cut_after = b""
        self.plugged = True
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _SOCKET))
        self._listener.listen()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End everything."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if not self.plugged:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._open += (client, server)
                ends = client, server, threading.Event()
                for carry in (self._carry_up, self._carry_down):
                    threading.Thread(target=carry, args=ends, daemon=True).start()

    def _carry_up(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while sent := client.recv(65_536):
                if self.cut_before and self.cut_before in sent:
                    self.cut_before = b""
                    break
                if self.cut_after and self.cut_after in sent:
                    self.cut_after = b""
                    cut.set()
                server.sendall(sent)
        self._end(client, server)

    def _carry_down(
        self, client: socket.socket, server: socket.socket, cut: threading.Event
    ) -> None:
        with suppress(OSError):
            while answered := server.recv(65_536):
                if cut.is_set():  # an answer comes after its commit, and this one goes nowhere
                    break
                client.sendall(answered)
        self._end(client, server)

    def _end(self, *ends: socket.socket) -> None:
        for one in ends:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cable(folder: Path, url: str) -> Iterator[Cable]:
    """A cable to the server of ``url``, whose socket is in that folder."""
    laid = Cable(folder, url)
    try:
        yield laid
    finally:
        laid.close()
