"""Folders of ledgers that are being made or removed, under names that no ledger has.

A ledger is made, and removed, by renaming its folder, which takes effect at once or not at all.
What a crash leaves under such a name is swept at the next start.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from ledger.files import flush_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNFINISHED = ".new-"


@contextmanager
def unfinished_folder(ledgers: Path) -> Iterator[Path]:
    """A new folder among the ledgers, removed at the end unless ``finish`` gave it a name.

    Raises:
        OSError: it could not be made.
    """
    folder = ledgers / f"{_UNFINISHED}{uuid4()}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def finish(folder: Path, name: str) -> None:
    """Have the folder be that of the ledger of that name, once all of it was flushed.

    Raises:
        OSError: it could not be renamed.
    """
    folder.rename(folder.with_name(name))
    flush_folder(folder.parent)


def remove(folder: Path) -> None:
    """Take the folder of a ledger away with everything in it.

    Raises:
        OSError: it could not be renamed, and is there as before.
    """
    gone = folder.with_name(f"{_UNFINISHED}{uuid4()}")
    folder.rename(gone)
    flush_folder(gone.parent)
    shutil.rmtree(gone, ignore_errors=True)


def sweep(ledgers: Path) -> None:
    """Remove what a crash left.

    Raises:
        OSError: it could not be removed.
    """
    for left in ledgers.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left)
