"""Changing the master key of a data folder that nobody else has open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.data_layout import LOCK_FILE, FolderUnusable, key_files_of
from ledger.files import FolderLock
from ledger.master_keys import MASTER_KEY_FILE, as_master_key
from ledger.stores.sqlite.rewrapping import begin, finish, rewrap

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.master_keys import MasterKey


def rotate_master_key(
    path: Path, *, old: MasterKey | bytes | None = None, new: MasterKey | bytes | None = None
) -> int:
    """Wrap the keys of every ledger by another master key; how many keys that were.

    Without ``old`` and ``new`` it is the one that the folder keeps, and a new one is made. Killed
    at any moment, doing it again continues; with given keys, with the same ones.

    Raises:
        FolderInUse: another process holds the folder.
        Corrupt: a key is damaged, or none of both opens a file.
        Unavailable: something could not be written: do it again.
    """
    lock = FolderLock(path / LOCK_FILE)
    try:
        file, key_files = path / MASTER_KEY_FILE, key_files_of(path)
        if old is None or new is None:
            begin(file)
            return finish(file, key_files)
        by, to = as_master_key(old), as_master_key(new)
        return sum([rewrap(one, by, to) for one in key_files])
    except OSError as error:
        why = error.strerror or str(error)
        raise FolderUnusable(f"the master key of {path} cannot be changed: {why}") from error
    finally:
        lock.release()
