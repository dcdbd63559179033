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

    from ledger.stores.store import Store

LOCK_FILE = "rapport.lock"
LEDGERS = "ledgers"
SETTINGS_FILE = "ledger.json"

_OURS = frozenset({LOCK_FILE, MASTER_KEY_FILE, LEDGERS})
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


def folder_of(path: Path, name: str) -> Path:
    """Where the ledger of that name lies in the data folder.

    Raises:
        LedgerNotFound: there is none.
    """
    folder = path / LEDGERS / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        raise LedgerNotFound(f"no ledger is named {name!r}")
    return folder


def settings_of(folder: Path) -> LedgerSettings:
    """What the ledger in that folder is.

    Raises:
        Corrupt: its file of settings is damaged or missing.
        Unavailable: it cannot be read.
    """
    try:
        content = (folder / SETTINGS_FILE).read_bytes()
    except FileNotFoundError:
        raise missing(folder / SETTINGS_FILE) from None
    except OSError as error:
        raise unusable(folder, error) from error
    return LedgerSettings.read(content, folder / SETTINGS_FILE)


def ledger_names(path: Path) -> list[str]:
    """The names of all ledgers in a data folder, sorted; not of what a crash left unfinished."""
    return sorted(entry.name for entry in (path / LEDGERS).iterdir() if is_ledger_name(entry.name))


def state_of_ledger(path: Path, name: str, store: Store) -> object:
    """What differs once anything that the ledger of that name needs was written or exchanged.

    Raises:
        LedgerNotFound: there is none.
    """
    file = folder_of(path, name) / SETTINGS_FILE
    stat = file.stat() if file.exists() else None
    seen = stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return seen, store.ledger(name).state()


def may_write(path: Path, name: str, store: Store) -> bool:
    """Whether this process may write to the ledger of that name, and take the folder.

    It may not where they are another user's, or mounted to be read only.

    Raises:
        LedgerNotFound: there is none.
    """
    lock, ledger = path / LOCK_FILE, folder_of(path, name)
    written = (lock if lock.exists() else path, ledger)
    return all(os.access(one, os.W_OK) for one in written) and store.ledger(name).is_writable()


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
