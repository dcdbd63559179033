"""Folders among the system's temporary files that outlive no process for long.

A process that is killed leaves its folder behind, and there may be copies of keys in it, which an
erasure must not miss. So every folder is locked as long as it is used, which the system ends with
the process; the next one, or the next start of a server, removes those that nobody holds.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "rapport-copy-"


@contextmanager
def throwaway() -> Iterator[Path]:
    """A new folder that only its owner can read, and that is removed at the end.

    Raises:
        OSError: it cannot be made.
    """
    sweep()
    made, held = _make()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


def sweep() -> None:
    """Remove the folders of processes that are gone; what cannot be removed is left."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(held).st_uid == os.geteuid():
                    shutil.rmtree(left)
            finally:
                os.close(held)


def _make() -> tuple[Path, int]:
    """A folder with the descriptor that locks it; swept before it was locked, it is made again."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):
            held = os.open(made, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(held, fcntl.LOCK_EX)
            if made.exists():
                return made, held
            os.close(held)
