"""A log that a ledger does not continue: its file stays, under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ledger.data_layout import unusable
from ledger.files import flush_folder

if TYPE_CHECKING:
    from pathlib import Path


def set_aside(log: Path) -> None:
    """Rename the file of a log, and what belongs to it; nothing where it is done already.

    Raises:
        Unavailable: the folder cannot be written to.
    """
    mark = uuid4()
    try:
        # The file itself last: what is left of a try that was cut off belongs to nothing.
        for suffix in ("-shm", "-wal", ""):
            part = log.with_name(log.name + suffix)
            if part.exists():
                part.rename(part.with_name(f"{log.name}.forked-{mark}{suffix}"))
        flush_folder(log.parent)
    except OSError as error:
        raise unusable(log.parent, error) from error
