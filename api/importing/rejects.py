"""The reject file: a CSV with a line for every row that became no event, and why."""

from __future__ import annotations

import csv
import os
import sys
from typing import TYPE_CHECKING, Self

from domain.errors import Conflict

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from api.importing.importer import Reject

HEADINGS = ("line", "code", "detail", "row")
"""The columns: the line in the data file, the reason as a code and in words, the row as it was."""

_FIRST_LINE = ",".join(HEADINGS)


class NotRejects(Conflict):
    """A file that is no reject file stands where one is to be written."""


class RejectFile:
    """Collects rejects; made with the first, so that a clean run leaves no file.

    They are written line by line to ``<name>.unfinished``, which takes the place of an earlier
    run's file when this one has come to its end. Where it does not, what was rejected until then
    stays under that name, and the earlier file as it was.
    """

    def __init__(self, path: Path) -> None:
        """For a file of that name, which is left alone as yet.

        Raises:
            NotRejects: what stands there was not written by an import.
        """
        self.path = path
        self.unfinished = path.with_name(f"{path.name}.unfinished")
        self._file: TextIO | None = None
        for standing in (path, self.unfinished):
            if standing.exists() and not _is_rejects(standing):
                raise NotRejects(f"{standing} exists and is no reject file: name another")

    def __enter__(self) -> Self:
        self.unfinished.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if self._file is not None:
            self._file.close()
        if kind is not None:
            return
        if self._file is not None:
            self.unfinished.replace(self.path)
        else:
            self.path.unlink(missing_ok=True)

    def write(self, reject: Reject) -> None:
        """Add one reject."""
        if self._file is None:
            # For its owner alone, since rows stand in it as they were: names, birthdays, notes.
            descriptor = os.open(self.unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            # Line by line, so that a crash leaves what was known by then.
            self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="", buffering=1)
            csv.writer(self._file).writerow(HEADINGS)
        write_reject(self._file, reject)


def write_reject(file: TextIO, reject: Reject) -> None:
    """Write one reject as a line of CSV."""
    csv.writer(file).writerow((reject.line, reject.code, reject.detail, reject.row))


class RejectStream:
    """The same on standard output."""

    def __init__(self) -> None:
        """Begin with the headings."""
        csv.writer(sys.stdout).writerow(HEADINGS)

    def write(self, reject: Reject) -> None:
        """Add one reject."""
        write_reject(sys.stdout, reject)


def _is_rejects(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline(len(_FIRST_LINE) + 2)
    return first.rstrip(b"\r\n") == _FIRST_LINE.encode()
