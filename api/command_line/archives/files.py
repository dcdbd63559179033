"""Files that archives are written to: whole, durable, and never over another."""

from __future__ import annotations

import gzip
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, cast
from uuid import uuid4

from api.command_line.ending import UsageRefused
from ledger.files import flush_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP_SUFFIXES = (".gz", ".tgz")
GZIP_LEVEL = 6


@contextmanager
def written(file: Path) -> Iterator[BinaryIO]:
    """What to write to; a file gets its name when all of it is durable, and overwrites none.

    Raises:
        UsageRefused: there is such a file.
    """
    if str(file) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if file.exists():
        raise UsageRefused(f"{file} exists already: name another file")
    unfinished = file.with_name(f".{file.name}.{uuid4()}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
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
