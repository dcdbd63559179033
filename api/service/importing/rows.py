"""The rows of a delimited file, gzipped or not, with the line each starts on."""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from api.service.importing.lines import UnreadableFile, open_text
from api.service.importing.records import Record, csv_records, rejected_rows
from api.service.importing.rejects import REJECTS_ENCODING, REJECTS_SUFFIX, columns_mark
from api.service.importing.row import FileShape, Row
from api.service.importing.vcards import CardFile
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


__all__ = ["HEADER_LINES", "DataFile", "FileShape", "Row", "open_rows"]

HEADER_LINES = 50
"""Within how many lines the header must stand."""

_SEPARATOR_LINE = re.compile('"?sep=(.)"?', re.IGNORECASE)
"""A first line that names the delimiter of the columns, for Excel."""


class DataFile:
    """An open data file. Iterating reads it once, a row at a time."""

    def __init__(
        self,
        raw: BinaryIO,
        shape: FileShape,
        columns_beside: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        """Begin to read; ``columns_beside`` names the columns of a reject file's rows.

        Raises:
            UnreadableFile: as ``open_rows``.
        """
        self._raw = raw
        self._shape = shape
        self.header_line: int | None = None
        """On which line the header stands, counted from 1; None where there is none."""
        self._lines = open_text(raw, shape.encoding)
        self.encoding = self._lines.encoding
        """In which encoding the file is read."""
        first_line = self._lines.peek()
        mark = columns_mark(first_line)
        if mark is not None and columns_beside is not None:
            self._lines.encoding = self.encoding = REJECTS_ENCODING
            self._records = self._parse_rejects(mark)
            self.columns_in_file = shape.columns or columns_beside()
        else:
            self._skip(first_line)
            self._records = self._read_records()
            self.columns_in_file = self._name_columns()
        self._named = [(one.name, one.reader(self.columns_in_file)) for one in shape.named]
        self.columns = (*self.columns_in_file, *(name for name, _ in self._named))
        """The names of the file's columns, in their order, and then the mapping's own."""

    def _skip(self, first_line: str) -> None:
        """Skip the lines above the header."""
        separator = _SEPARATOR_LINE.fullmatch(first_line.strip())
        if separator and not self._shape.skip_lines:
            if self._shape.delimiter != separator[1]:
                raise UnreadableFile(
                    f"the data file's first line says that {separator[1]!r} stands between columns:"
                    " say so as delimiter in [file] of the mapping"
                )
            next(self._lines, None)
        for _ in range(self._shape.skip_lines):
            next(self._lines, None)
        self._lines.take()

    def _name_columns(self) -> tuple[str, ...]:
        shape = self._shape
        first = self._find_header() if shape.header else None
        self.header_line = None if first is None else first.line
        if shape.header and (first is None or isinstance(first.fields, Invalid)):
            detail = "is empty" if first is None else f"has an unreadable header: {first.fields}"
            raise UnreadableFile(f"the data file {detail}")
        named = first.fields if first and not isinstance(first.fields, Invalid) else ()
        columns = shape.columns or tuple(named)
        if twice := sorted({name for name in columns if name and columns.count(name) > 1}):
            raise UnreadableFile(
                f"the data file has more than one column {', '.join(twice)}: "
                "give each a name with columns in [file] of the mapping"
            )
        return columns

    def _find_header(self) -> Record | None:
        """The header; where no row is one, the first row, which then lacks columns."""
        first = None
        for record in self._records:
            first = first or record
            if self._shape.columns or self._shape.skip_lines or record.line > HEADER_LINES:
                break
            if not isinstance(record.fields, Invalid) and all(
                spellings & {*record.fields, *map(str.casefold, record.fields)}
                for spellings in self._shape.needed
            ):
                return record
        return first

    def bytes_read(self) -> int:
        """How far the file has been read, in its bytes on disk."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[Row]:
        """The rows after the header; blank lines are skipped.

        Raises:
            UnreadableFile: the compressed data is damaged or cut short.
        """
        for record in self._records:
            if isinstance(record.fields, Invalid):
                yield Row(record.line, record.text, {}, record.fields)
            elif len(record.fields) != len(self.columns_in_file):
                detail = f"has {len(record.fields)} columns, not {len(self.columns_in_file)}"
                problem = Invalid.at("", "wrong-columns", detail)
                yield Row(record.line, record.text, {}, problem)
            else:
                columns = dict(zip(self.columns_in_file, record.fields, strict=True))
                for name, read in self._named:
                    columns[name] = read(columns)
                yield Row(record.line, record.text, columns)

    def _read_records(self) -> Iterator[Record]:
        if self._shape.delimiter is None:
            return self._split_lines()
        return csv_records(self._lines, self._shape.delimiter)

    def _split_lines(self) -> Iterator[Record]:
        for text in self._lines:
            taken = self._lines.take()
            if taken.text.strip():
                yield Record(taken.line, taken.text, taken.problem or text.split())

    def _parse_rejects(self, mark: str) -> Iterator[Record]:
        """The rows that an earlier import rejected, as they stood in its file."""
        for row in rejected_rows(self._lines, mark):
            if isinstance(row, Record):
                yield row
            else:
                yield Record(row.line, row.text, row.problem or self._rejected_fields(row.text))

    def _rejected_fields(self, text: str) -> list[str] | Invalid:
        if self._shape.delimiter is None:
            return text.split()
        try:
            # Each row for itself: a quote left open must not swallow the next.
            (fields,) = csv.reader([text], delimiter=self._shape.delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            return Invalid.at("", "unreadable-row", str(error))
        return [field.strip() for field in fields]


@contextmanager
def open_rows(path: Path, shape: FileShape) -> Iterator[DataFile | CardFile]:
    """The file's rows, closed at the end.

    Raises:
        UnreadableFile: it is empty where a header is due, has two columns of one name, or is not
            what its first bytes or the mapping promise.
        OSError: it cannot be opened.
    """
    with path.open("rb") as raw:
        yield rows_in(raw, shape, lambda: _columns_beside(path, shape))


def rows_in(
    raw: BinaryIO,
    shape: FileShape,
    columns_beside: Callable[[], tuple[str, ...]] | None = None,
) -> DataFile | CardFile:
    """The rows of an open file; raises ``UnreadableFile`` as ``open_rows``."""
    return CardFile(raw, shape) if shape.vcards else DataFile(raw, shape, columns_beside)


def _columns_beside(path: Path, shape: FileShape) -> tuple[str, ...]:
    """The columns of the file that a reject file comes from, which is in the same folder.

    What is rejected of a reject file has its suffix twice, and its rows come from the same file.
    """
    name = path.name
    while name.endswith(REJECTS_SUFFIX):
        name = name.removesuffix(REJECTS_SUFFIX)
    source = path.with_name(name) if name else path
    if source == path or not source.is_file():
        raise UnreadableFile(
            f"{path.name} is a reject file, and its rows stand in it without their header: name "
            "the columns in [file] of the mapping, or put the file that the rows come from beside "
            f"it, so that this one has its name and {REJECTS_SUFFIX}"
        )
    with source.open("rb") as raw:
        return DataFile(raw, shape).columns_in_file
