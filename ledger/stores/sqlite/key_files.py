"""The keys of a ledger in ``keys.sqlite`` of its folder, as a place of keys."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ledger.data_layout import FolderUnusable, missing
from ledger.entropy import Entropy
from ledger.stores.keys import KEYS_ELSEWHERE_FILE, KeyPlace, KeyPlaces
from ledger.stores.sqlite.data_keys import APPLICATION_ID, KeyStore
from ledger.stores.sqlite.file_names import KEYS_FILE
from ledger.stores.sqlite.ledger_files import KeyFileReader
from ledger.stores.sqlite.quick_check import check
from ledger.stores.sqlite.rewrapping import rewrap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.master_keys import MasterKey
    from ledger.stores.examination import PartCheck
    from ledger.stores.upgrading import PartLayout


class KeyFile(KeyPlace):
    """The file of one ledger; see ``ledger.stores.keys.KeyPlace``."""

    name = KEYS_FILE
    is_file = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / KEYS_FILE

    def exists(self) -> bool:
        if self._path.exists():
            return True
        if (self._folder / KEYS_ELSEWHERE_FILE).exists():
            raise FolderUnusable(
                f"the keys of the ledger {self._folder.name} are in a database of their own: say "
                "which by RAPPORT_KEYS_URL"
            )
        return False

    def check(self) -> None:
        if not self.exists():
            raise missing(self._path)
        check(self._path, APPLICATION_ID)

    def state(self) -> object:
        return state_of(self._path)

    def open(
        self, master_key: MasterKey | bytes, *, make: bool, most_kept: Callable[[], int]
    ) -> KeyStore:
        self.exists()  # which refuses a second place
        return KeyStore(self._path, master_key, make=make, entropy=Entropy(), most_kept=most_kept)

    def read(self, *, at_rest: bool) -> KeyFileReader:
        return KeyFileReader(self._path, at_rest=at_rest)

    def rewrap(self, old: MasterKey, new: MasterKey) -> int:
        return rewrap(self._path, old, new)

    def copy_into(self, folder: Path) -> None:
        copy_file(self._folder, KEYS_FILE, folder)

    def remove(self) -> None:
        return  # they go with the folder

    def part_checks(self) -> list[PartCheck]:
        return []  # the file is among those of the folder


class KeyFiles(KeyPlaces):
    """A file in each ledger's folder; see ``ledger.stores.keys.KeyPlaces``."""

    def of(self, folder: Path) -> KeyFile:
        return KeyFile(folder)

    def prepare(self) -> None:
        return

    def layouts(self) -> list[PartLayout]:
        return []  # the files are among those of the data folder

    def upgrade(self) -> None:
        return


def state_of(path: Path) -> tuple[int, ...] | None:
    """What differs once a file was written or exchanged; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def copy_file(folder: Path, file: str, into: Path) -> None:
    """Copy a database that nobody writes; its write-ahead log is there only after a crash."""
    for part in (file, f"{file}-wal"):
        if (folder / part).exists():
            shutil.copyfile(folder / part, into / part)
