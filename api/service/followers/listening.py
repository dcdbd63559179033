"""The place in a data folder where a server listens for a process that follows its ledgers.

For supervisors that run the two processes themselves. It is a Unix socket in the data folder, so
that only a process that may write to the folder may follow.
"""

from __future__ import annotations

import logging
import os
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from api.service.followers.channel import Channel
from api.service.followers.elsewhere import END_SECONDS
from api.service.stopped_processes import peer_of
from ledger.data_layout import FOLLOWERS_SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.followers.elsewhere import FollowersElsewhere

logger = logging.getLogger("rapport.api")

_FILES = Path("/proc/self/fd")
_MOST_WAITING = 4


class FollowersWelcome:
    """Listens for processes that follow, one at a time."""

    def __init__(self, followers: FollowersElsewhere, folder: Path) -> None:
        """Only for the process that holds the folder.

        Raises:
            OSError: a socket cannot be made there.
        """
        self._followers = followers
        self._path = folder / FOLLOWERS_SOCKET
        self._path.unlink(missing_ok=True)  # what a server left that was killed
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short_path(self._path) as path:
                self._listener.bind(path)
            self._listener.listen(_MOST_WAITING)
        except OSError:
            self._listener.close()
            raise
        self._thread = Thread(target=self._run, name="followers", daemon=True)

    def start(self) -> None:
        """Let a process follow from now on."""
        self._thread.start()

    def close(self) -> None:
        """Have the process that follows sign what is left, and let nobody follow."""
        self._followers.end(END_SECONDS)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        channel = Channel(connection)
        if self._followers.talk(channel, peer_of(connection)):
            logger.warning("the process that followed the ledgers has left")
        channel.end()
        channel.close()


def connect(folder: Path) -> socket.socket:
    """A connection to the server that holds the folder, if it listens for one who follows.

    Raises:
        OSError: none does.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(folder / FOLLOWERS_SOCKET) as path:
            connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """The path of a socket in a form that is short enough for the system, where it has one.

    A socket's path has at most 107 bytes. Source: Linux, unix(7), "Pathname sockets".
    """
    if not _FILES.is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(_FILES / str(folder) / path.name)
    finally:
        os.close(folder)
