"""Folders of ledgers that are being made or removed, under names that no ledger has.

A ledger is made, and removed, by renaming its folder, which takes effect at once or not at all.
What a crash leaves under such a name is swept at the next start. All of this raises ``OSError``
where it cannot be done.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from uuid import uuid4

from ledger.files import flush_folder

if TYPE_CHECKING:
    from pathlib import Path

_UNFINISHED = ".new-"


def unfinished_folder(ledgers: Path) -> Path:
    """A new folder among the ledgers."""
    folder = ledgers / f"{_UNFINISHED}{uuid4()}"
    folder.mkdir(mode=0o700)
    return folder


def finish(folder: Path, name: str) -> None:
    """Have the folder be that of the ledger of that name."""
    folder.rename(folder.with_name(name))
    flush_folder(folder.parent)


def remove(folder: Path) -> None:
    """Take the folder of a ledger away with everything in it."""
    gone = folder.with_name(f"{_UNFINISHED}{uuid4()}")
    folder.rename(gone)
    flush_folder(gone.parent)
    shutil.rmtree(gone, ignore_errors=True)


def sweep(ledgers: Path) -> None:
    """Remove what a crash left."""
    for left in ledgers.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left)
