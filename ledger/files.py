"""Files that are there whole or not at all, and a folder that one process holds."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from domain.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path


MOST_NOTED_BYTES = 1024
"""How much of a lock file is read."""


_LOOK_SECONDS = 0.05


class FolderInUse(Unavailable):
    """Another process holds the folder. ``url`` is where it answers, where it is a server.

    ``process`` is its number on this machine, where it is known.
    """

    def __init__(self, message: str, url: str | None = None, process: int | None = None) -> None:
        super().__init__(message)
        self.url = url
        self.process = process


class FolderLock:
    """A lock file that names the process which holds it; the system lets go when that ends.

    The file holds the number of the process and, once it is a server that listens, its URL on the
    next line. Both stay in the file after the process ended. They hold only while the file is
    locked: the process that takes the lock writes them again.
    """

    def __init__(
        self, path: Path, *, wait_seconds: float = 0.0, does: str = "is in use by"
    ) -> None:
        """Take the lock, waiting for this long at most. What the folder ``does`` is for messages.

        Raises:
            FolderInUse: another process has it.
            OSError: the file cannot be written.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        ends = time.monotonic() + wait_seconds
        try:
            while not _try_lock(self._descriptor) and time.monotonic() < ends:
                time.sleep(_LOOK_SECONDS)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            error = in_use(path, self._descriptor, does)
            os.close(self._descriptor)
            raise error from None
        except OSError:
            os.close(self._descriptor)
            raise

    def note_url(self, url: str) -> None:
        """Note where the process answers, for processes that are refused the lock.

        Raises:
            OSError: the file cannot be written.
        """
        os.pwrite(self._descriptor, f"{os.getpid()}\n{url}\n".encode(), 0)

    def release(self) -> None:
        """Let the folder go; the file stays, for removing it could free another's lock."""
        os.close(self._descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def in_use(path: Path, descriptor: int, does: str = "is in use by") -> FolderInUse:
    """What is said of a lock file, open for reading, that another process has locked."""
    noted = os.pread(descriptor, MOST_NOTED_BYTES, 0).decode(errors="replace").splitlines()
    holder, url = [*(line.strip() for line in noted), "", ""][:2]
    return FolderInUse(
        f"{path.parent} {does} process {holder or 'unknown'}: stop that one first",
        url or None,
        int(holder) if holder.isdecimal() else None,
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that is there whole or not at all, and survives a power cut.

    Raises:
        OSError: it could not be written; nothing is left of it.
    """
    unfinished = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError:
        with suppress(OSError):  # the error that is raised says more than this one would
            unfinished.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_file(path: Path) -> None:
    """Make the content of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(path: Path) -> None:
    """Make the names in a folder durable, after a file in it was made or renamed."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
