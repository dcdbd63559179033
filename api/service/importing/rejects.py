"""The reject file: a CSV with a line for every row that became no event, and why."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from domain.errors import Conflict, Invalid, Refused

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from domain.errors import LedgerError

HEADINGS = ("line", "code", "detail", "row")
"""The columns: the line in the data file, the reason as a code and in words, the row as it was."""

REJECTS_SUFFIX = ".rejects.csv"
"""What the name of a reject file adds to that of the data file, unless another is chosen."""

REJECTS_ENCODING = "utf-8"
"""How reject files are written, whatever the encoding of the file that the rows come from."""

_FIRST_LINE = ",".join(HEADINGS)

_FORMULA = re.compile("'*[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")


def guard_cell(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula.

    Numbers stay as they are. A cell that begins with apostrophes and then a formula gets one more,
    so that ``unguard_cell`` always finds what stood there. Source: OWASP, "CSV Injection".

    >>> guard_cell("=1+1"), guard_cell("-12.50"), guard_cell("'00123")
    ("'=1+1", '-12.50', "'00123")
    """
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unguard_cell(cell: str) -> str:
    """The cell as it was before ``guard_cell``."""
    return cell[1:] if cell.startswith("'") and guard_cell(cell[1:]) == cell else cell


def columns_mark(first_line: str) -> str | None:
    """What separates the columns of a reject file with this first line; None where it is none.

    Spreadsheets write semicolons or tabs where the decimal mark is a comma.
    """
    line = first_line.rstrip("\r\n").replace('"', "")
    return next((mark for mark in ",;\t" if line.split(mark) == list(HEADINGS)), None)


@dataclass(frozen=True)
class Reject:
    """A row that became no event: its place, its content, and the reason."""

    line: int
    row: str
    code: str
    detail: str

    @classmethod
    def of(cls, line: int, row: str, error: LedgerError) -> Reject:
        """The reject by this error of the row whose text is ``row``."""
        code = error.reason if isinstance(error, Refused) else error.code
        if isinstance(error, Invalid) and error.errors:
            code = error.errors[0].code
            details = (f"{one.pointer} {one.detail}".strip() for one in error.errors)
            return cls(line, row, code, "; ".join(details))
        return cls(line, row, code, str(error))


class NotRejects(Conflict):
    """A file that is not a reject file exists where one is to be written."""


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
            self._file = os.fdopen(
                descriptor, "w", encoding=REJECTS_ENCODING, newline="", buffering=1
            )
            csv.writer(self._file).writerow(HEADINGS)
        write_reject(self._file, reject)


def write_reject(file: TextIO, reject: Reject) -> None:
    """Write one reject as a line of CSV."""
    cells = (reject.code, reject.detail, reject.row)
    csv.writer(file).writerow((reject.line, *map(guard_cell, cells)))


class RejectStream:
    """The same on a stream, which must take every character."""

    def __init__(self, stream: TextIO) -> None:
        """Begin with the headings."""
        self._stream = stream
        csv.writer(stream).writerow(HEADINGS)

    def write(self, reject: Reject) -> None:
        """Add one reject."""
        write_reject(self._stream, reject)


def _is_rejects(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline(len(_FIRST_LINE) + 2)
    return first.rstrip(b"\r\n") == _FIRST_LINE.encode()
