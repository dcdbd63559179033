"""A data folder to try things on: a copy that is gone at the end, of one that stays as it is."""

from __future__ import annotations

import fcntl
import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ledger.data_layout import (
    LOCK_FILE,
    SETTINGS_FILE,
    refuse_foreign_files,
    require_ledger,
)
from ledger.files import in_use
from ledger.folder import DataFolder
from ledger.master_keys import master_key_of
from ledger.temp_folders import throwaway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.clock import Clock
    from ledger.ledger import Ledger
    from ledger.master_keys import MasterKey
    from ledger.stores.store import Store, StoreOf


@contextmanager
def open_dry_run(
    path: Path,
    name: str,
    store_of: StoreOf,
    *,
    clock: Clock,
    master_key: MasterKey | bytes | None = None,
) -> Iterator[Ledger]:
    """A copy of the ledger as it is now, or as it would be made with the folder.

    Nothing in the folder is written, its lock file included. The copy takes the ledger's room among
    the system's temporary files (``TMPDIR``), readable by its owner only and without the master
    key, until the end. Its keys lose their names as soon as they are open, so that a process that
    is killed leaves none behind.

    Raises:
        LedgerNotFound: the folder holds ledgers, and none of that name.
        FolderInUse: another process holds the folder.
        LedgerError: the folder cannot be used.
        OSError: it cannot be read, or not be copied.
    """
    store = store_of(path)
    with throwaway() as copy:
        if path.is_dir():
            refuse_foreign_files(path, store)
            with _hold_shared(path / LOCK_FILE):
                master_key = _copy(path, name, copy, store, master_key)
        folder = DataFolder.open(copy, store.beside, clock=clock, master_key=master_key)
        with closing(folder):
            ledger = folder.ledger(name)
            ledger.store.hide_keys()
            yield ledger


def _copy(
    path: Path, name: str, copy: Path, store: Store, master_key: MasterKey | bytes | None
) -> MasterKey | bytes | None:
    """Copy the ledger if there are any; the key that opens it."""
    into = store.beside(copy)
    if not store.ledger_names():
        return master_key
    ledger = require_ledger(store, name)
    into.prepare()
    # Nothing is signed in the copy: that would be a fork of the log, under its own key.
    with into.unfinished_ledger() as made:
        ledger.copy_into(into.ledger(made), SETTINGS_FILE)
        into.finish_ledger(made, name)
    return master_key or master_key_of(path, has_ledgers=True)


@contextmanager
def _hold_shared(lock: Path) -> Iterator[None]:
    """Keep other processes from taking the folder, through a lock file that is only read."""
    if not lock.exists():
        yield
        return
    descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise in_use(lock, descriptor) from None
        yield
    finally:
        os.close(descriptor)
