"""Changing the master key of a data folder: every key is wrapped again, and no event is touched.

Old and new key are both there until all is wrapped by the new one. The keys of each ledger are
changed in one transaction, so that they are wholly under one of the two. Killed at any moment, the
next start or the next try continues where it ended.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.data_layout import LOCK_FILE, FolderUnusable
from ledger.files import FolderLock, flush_folder, write_whole
from ledger.master_keys import (
    MASTER_KEY_BYTES,
    MASTER_KEY_FILE,
    FileMasterKey,
    as_master_key,
    next_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.master_keys import MasterKey
    from ledger.stores.store import LedgerStore, Store, StoreOf


def rotate_master_key(
    path: Path,
    store_of: StoreOf,
    *,
    old: MasterKey | bytes | None = None,
    new: MasterKey | bytes | None = None,
) -> int:
    """Wrap the keys of every ledger by another master key; how many keys that were.

    Nobody else may have the folder open. Without ``old`` and ``new`` it is the key that the folder
    keeps, and a new one is made. Killed at any moment, doing it again continues; with given keys,
    with the same ones.

    Raises:
        FolderInUse: another process holds the folder.
        Corrupt: a key is damaged, or none of both opens the keys of a ledger.
        Unavailable: something could not be written: do it again.
    """
    lock = FolderLock(path / LOCK_FILE)
    try:
        if old is None or new is None:
            _begin(path / MASTER_KEY_FILE)
            return finish_rotation(path, store_of(path))
        by, to = as_master_key(old), as_master_key(new)
        return sum([one.rewrap_keys(by, to) for one in _with_keys(store_of(path))])
    except OSError as error:
        why = error.strerror or str(error)
        raise FolderUnusable(f"the master key of {path} cannot be changed: {why}") from error
    finally:
        lock.release()


def _begin(file: Path) -> None:
    """Make the new key beside the old one, unless there is one from a rotation that was cut off.

    Raises:
        OSError: it could not be written.
    """
    following = next_of(file)
    if not following.exists():
        write_whole(following, os.urandom(MASTER_KEY_BYTES))
        flush_folder(file.parent)


def finish_rotation(path: Path, store: Store) -> int:
    """Complete a rotation that was begun; returns the number of keys that were wrapped again.

    Where none was begun, nothing is done.

    Raises:
        Corrupt: a key is damaged, or neither of both opens the keys of a ledger; both master keys
            stay as they are.
        Unavailable: something could not be written; the next try continues.
    """
    file = path / MASTER_KEY_FILE
    following = next_of(file)
    if not following.exists():
        return 0
    new = FileMasterKey(following)
    old = FileMasterKey(file)
    count = sum([one.rewrap_keys(old, new) for one in _with_keys(store)])
    following.replace(file)
    flush_folder(file.parent)
    return count


def _with_keys(store: Store) -> list[LedgerStore]:
    """The ledgers that have keys, by name; not what a crash left unfinished."""
    ledgers = (store.ledger(name) for name in store.ledger_names())
    return [one for one in ledgers if one.has_keys()]
