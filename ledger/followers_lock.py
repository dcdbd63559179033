"""The lock of the process that follows the ledgers of a folder beside the one that appends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.data_layout import FOLLOWERS_LOCK
from ledger.files import FolderLock

if TYPE_CHECKING:
    from pathlib import Path

FOLLOWERS_SECONDS = 15.0
"""How long a process that followed may take to sign what is left, once its server is gone."""


def await_followers(path: Path) -> None:
    """Wait for the process that followed the ledgers of a server which is gone.

    It is about to end, since its server is. The caller holds the folder, so that none begins.

    Raises:
        FolderInUse: it does not end in time.
        OSError: its lock file cannot be written.
    """
    if (path / FOLLOWERS_LOCK).exists():
        FollowersLock(path, wait_seconds=FOLLOWERS_SECONDS).release()


class FollowersLock(FolderLock):
    """Held while a process follows the ledgers of a folder beside the one that appends."""

    def __init__(self, path: Path, *, wait_seconds: float = 0.0) -> None:
        """Take the lock, waiting for this long at most.

        Raises:
            FolderInUse: another process has it.
            OSError: the file cannot be written.
        """
        super().__init__(
            path / FOLLOWERS_LOCK, wait_seconds=wait_seconds, does="is already followed by"
        )
