"""Files that archives are written to: whole, durable, and never over another."""

from __future__ import annotations

import fcntl
import glob
import gzip
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, cast
from uuid import uuid4

from api.cli.ending import UsageRefused
from api.cli.output import print_message
from ledger.data_layout import FolderUnusable
from ledger.files import flush_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNFINISHED = ".unfinished"
GZIP_SUFFIXES = (".gz", ".tgz")
GZIP_LEVEL = 6


@contextmanager
def output_file(file: Path) -> Iterator[BinaryIO]:
    """The stream to write to. A file gets its name when all of it is durable, and overwrites none.

    The unfinished file of a run that was killed is removed first.

    Raises:
        UsageRefused: there is such a file.
        FolderUnusable: there is no folder for it.
    """
    if str(file) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if file.exists():
        raise UsageRefused(f"{file} exists already: name another file")
    require_folder_of(file)
    _clear_unfinished(file)
    unfinished = file.with_name(f".{file.name}.{uuid4()}{UNFINISHED}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # the system lets go when the process ends
        with os.fdopen(descriptor, "wb") as plain:
            if file.suffix in GZIP_SUFFIXES:
                # Without name and time, so that the same archive has the same bytes.
                with gzip.GzipFile("", "wb", GZIP_LEVEL, plain, mtime=0) as zipped:
                    yield cast("BinaryIO", zipped)
            else:
                yield plain
            plain.flush()
            os.fsync(plain.fileno())
        if file.exists():
            raise UsageRefused(f"{file} was made meanwhile: name another file")
        unfinished.rename(file)
        flush_folder(file.parent)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def require_folder_of(file: Path) -> None:
    """Let pass a file that is to be written, where its folder is there.

    Raises:
        FolderUnusable: it is not.
    """
    if not file.parent.is_dir():
        raise FolderUnusable(f"{file.parent} is no folder: make it first, or name another file")


def _clear_unfinished(file: Path) -> None:
    """Remove what processes that are gone left of this file, and say so."""
    for left in file.parent.glob(f".{glob.escape(file.name)}.*{UNFINISHED}"):
        with suppress(OSError), left.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()
            print_message(f"removed {left}, which an export that was killed had left")
