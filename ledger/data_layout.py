"""Where things lie in a data folder, and what is said of one that cannot be used."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from domain.errors import Conflict, Corrupt, LedgerError, LedgerNotFound, Unavailable
from ledger.master_keys import MASTER_KEY_FILE
from ledger.settings import LedgerSettings

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.store import LedgerStore, Store

LOCK_FILE = "rapport.lock"
FOLLOWERS_LOCK = "followers.lock"
"""Held by the process that follows the ledgers, where that is one beside the server."""

FOLLOWERS_SOCKET = "followers.sock"
"""Where the server listens for that process, if it does not start it."""

SERVER_SOCKET = "server.sock"
"""Where the server that records answers requests which other servers of this folder hand over."""

METRICS_FOLDER = "metrics"
"""Where the processes of one folder keep what they count, if several serve it."""

DATABASE_FILE = "database.json"
"""Says that the ledgers of a data folder are in a database, and in which."""

LEDGERS = "ledgers"
SETTINGS_FILE = "ledger.json"

_OURS = frozenset({LOCK_FILE, FOLLOWERS_LOCK, FOLLOWERS_SOCKET, SERVER_SOCKET, MASTER_KEY_FILE})
_OF_THE_DISK = frozenset({"lost+found"})
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


class FolderUnusable(Unavailable):
    """The folder cannot serve as a data folder as it is."""


class LedgerExists(Conflict):
    """There is a ledger of that name already, and none is ever overwritten."""

    def __init__(self, name: str, *, replace: bool) -> None:
        hint = "it holds more than its first policy" if replace else "choose another name"
        super().__init__(f"there is a ledger {name} already: {hint}")


def is_ledger_name(name: str) -> bool:
    """Whether a ledger can have that name."""
    return _NAME.fullmatch(name) is not None


def require_ledger(store: Store, name: str) -> LedgerStore:
    """What is kept of the ledger of that name.

    Raises:
        LedgerNotFound: there is none.
    """
    if not is_ledger_name(name) or not (ledger := store.ledger(name)).exists():
        raise LedgerNotFound(f"no ledger is named {name!r}")
    return ledger


def settings_of(store: LedgerStore) -> LedgerSettings:
    """What a ledger is.

    Raises:
        Corrupt: its settings are damaged or missing.
        Unavailable: they cannot be read.
    """
    name = f"{store.names.place}/{SETTINGS_FILE}"
    return LedgerSettings.read(store.read_document(SETTINGS_FILE), name)


def write_settings(store: LedgerStore, settings: LedgerSettings) -> None:
    """Say what a ledger is from now on.

    Raises:
        Unavailable: it could not be written, and is as it was.
    """
    store.write_document(SETTINGS_FILE, settings.to_bytes())


def may_write(path: Path, name: str, store: Store) -> bool:
    """Whether this process may write to the ledger of that name, and take the folder.

    It may not where they are another user's, or mounted to be read only.

    Raises:
        LedgerNotFound: there is none.
    """
    ledger, lock = require_ledger(store, name), path / LOCK_FILE
    return os.access(lock if lock.exists() else path, os.W_OK) and ledger.is_writable()


def refuse_foreign_files(path: Path, store: Store) -> None:
    """A folder with other files is somebody's; a mistyped path must not scatter ours among them.

    Raises:
        FolderUnusable: it holds other files and none of ours.
    """
    names = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")}
    ours = _OURS | store.own_files
    if names and not names & ours and names - ours - _OF_THE_DISK:
        some = ", ".join(sorted(names)[:3])
        raise FolderUnusable(f"{path} holds other files ({some}): name an empty or a new folder")


def missing(file: Path) -> Corrupt:
    """What is said of a file that a ledger must have."""
    return Corrupt(f"{file} is missing: restore it from a backup")


def unusable(path: Path, error: OSError) -> LedgerError:
    """What is said of a data folder that the system does not let us use."""
    why = error.strerror or str(error)
    return FolderUnusable(
        f"the data folder {path} cannot be used: {why}; check it, or name another"
    )
