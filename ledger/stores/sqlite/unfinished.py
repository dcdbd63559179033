"""Folders of ledgers that are being made or removed, under names that no ledger has.

A ledger is made, and removed, by renaming its folder, which takes effect at once or not at all.
What a crash leaves under such a name is swept at the next start. All of this raises ``OSError``
where it cannot be done.
"""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING
from uuid import uuid4

from domain.errors import LedgerError
from ledger.files import flush_folder

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.keys import KeyPlaces

_UNFINISHED = ".new-"

_log = logging.getLogger("rapport.ledger")


def unfinished_folder(ledgers: Path) -> Path:
    """A new folder among the ledgers."""
    folder = ledgers / f"{_UNFINISHED}{uuid4()}"
    folder.mkdir(mode=0o700)
    return folder


def finish(folder: Path, name: str) -> None:
    """Have the folder be that of the ledger of that name."""
    folder.rename(folder.with_name(name))
    flush_folder(folder.parent)


def remove(folder: Path, places: KeyPlaces) -> None:
    """Take the folder of a ledger away with everything in it, and its keys, where those are."""
    gone = folder.with_name(f"{_UNFINISHED}{uuid4()}")
    folder.rename(gone)
    flush_folder(gone.parent)
    drop(gone, places)


def drop(folder: Path, places: KeyPlaces) -> None:
    """Destroy a folder that no ledger has, if it is there still, after the keys that it names.

    Where they cannot be destroyed now, the folder is left to be swept.
    """
    if folder.exists() and _drop_keys(folder, places):
        shutil.rmtree(folder, ignore_errors=True)


def sweep(ledgers: Path, places: KeyPlaces) -> None:
    """Remove what a crash left."""
    for left in ledgers.glob(f"{_UNFINISHED}*"):
        if _drop_keys(left, places):
            shutil.rmtree(left)


def _drop_keys(folder: Path, places: KeyPlaces) -> bool:
    try:
        places.of(folder).remove()
    except LedgerError as error:
        _log.warning("keys of a ledger that was removed are not destroyed yet: %s", error)
        return False
    return True
