"""Whether there is room on the disk for one more append, found out by taking it for a moment."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from typing import TYPE_CHECKING

from domain.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

ROOM_BYTES = 64 * 1024
"""What an append of a few events takes: some pages of the write-ahead log."""

LOOK_SECONDS = 10.0
"""How often a folder is looked at while all goes well: it costs a write and a flush."""


def require_room(folder: Path, from_byte: int = 0) -> None:
    """Let pass where a folder takes an append's bytes, flushed to the disk. Nothing of it stays.

    They are written to a file without a name, from ``from_byte`` on, so that a limit to the size of
    files is met too.

    Raises:
        Unavailable: the disk is full or read-only, or the folder cannot be written.
    """
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.seek(from_byte)
            left = ROOM_BYTES
            while left:
                left -= file.write(bytes(left))
            os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable(f"the folder {folder.name} takes no more bytes: {reason}") from error


class FreeSpaceWatch:
    """Checks now and then whether the disk of a folder has become full."""

    def __init__(self, folder: Path, look_seconds: float = LOOK_SECONDS) -> None:
        """It looks at most once in ``look_seconds``."""
        self._folder = folder
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._looked_at = time.monotonic() - look_seconds

    def is_full(self) -> bool:
        """Whether there is no room; False too where that was looked at a moment ago."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at < self._look_seconds:
                return False
            self._looked_at = now
        try:
            require_room(self._folder)
        except Unavailable:
            return True
        return False
