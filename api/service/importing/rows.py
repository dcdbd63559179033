"""The rows of a delimited file, gzipped or not, with the line each starts on."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from api.service.importing.rejects import (
    HEADINGS,
    REJECTS_ENCODING,
    REJECTS_SUFFIX,
    columns_mark,
    unguard_cell,
)
from domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

MAX_LINE_BYTES = 64 * 1024
"""The longest line that is read as one; the wire's limit for a line of bulk."""


_SEPARATOR_LINE = re.compile('"?sep=(.)"?', re.IGNORECASE)
"""A first line that names the delimiter of the columns, for Excel."""


class UnreadableFile(Unavailable):
    """The data file is not what it should be, from some line on or altogether."""


@dataclass(frozen=True)
class FileShape:
    """How the file is laid out. ``delimiter`` None: runs of white space.

    ``skip_lines``: how many lines stand above the header, or above the rows where there is none.
    """

    delimiter: str | None = ","
    header: bool = True
    columns: tuple[str, ...] | None = None
    encoding: str = "utf-8"
    skip_lines: int = 0


@dataclass(frozen=True)
class Row:
    """One row: the number of its line, from 1, its text in the file, and its columns by name.

    ``problem`` says why the columns could not be read; they are empty then.
    """

    line: int
    text: str
    columns: Mapping[str, str]
    problem: Invalid | None = None


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
        compressed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        self._lines = _Lines(gzip.GzipFile(fileobj=raw) if compressed else raw, shape.encoding)
        first_line = self._lines.peek()
        mark = columns_mark(first_line)
        if mark is not None and columns_beside is not None:
            self._lines.encoding = REJECTS_ENCODING
            self._records = self._parse_rejects(mark)
            self.columns = shape.columns or columns_beside()
            return
        self._skip(first_line)
        self._records = self._read_records()
        self.columns = self._name_columns()

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
        first = next(self._records, None) if shape.header else None
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
            elif len(record.fields) != len(self.columns):
                detail = f"has {len(record.fields)} columns, not {len(self.columns)}"
                problem = Invalid.at("", "wrong-columns", detail)
                yield Row(record.line, record.text, {}, problem)
            else:
                named = dict(zip(self.columns, record.fields, strict=True))
                yield Row(record.line, record.text, named)

    def _read_records(self) -> Iterator[_Record]:
        if self._shape.delimiter is None:
            return self._split_lines()
        return self._parse_csv(self._shape.delimiter)

    def _split_lines(self) -> Iterator[_Record]:
        for text in self._lines:
            taken = self._lines.take()
            if taken.text.strip():
                yield _Record(taken.line, taken.text, taken.problem or text.split())

    def _parse_rejects(self, mark: str) -> Iterator[_Record]:
        """The rows that an earlier import rejected, as they stood in its file."""
        records = self._parse_csv(mark, strip=False)
        next(records)
        for record in records:
            if isinstance(record.fields, Invalid) or len(record.fields) != len(HEADINGS):
                yield record
                continue
            code, text = record.fields[1].strip(), unguard_cell(record.fields[3])
            yield _Record(record.line, text, self._rejected_fields(code, text))

    def _rejected_fields(self, code: str, text: str) -> list[str] | Invalid:
        if code == "too-long" or "\ufffd" in text:
            detail = "does not stand whole in the reject file: mend the file that it comes from"
            return Invalid.at("", "unreadable-text", detail)
        if self._shape.delimiter is None:
            return text.split()
        try:
            # Each row for itself: a quote left open must not swallow the next.
            (fields,) = csv.reader([text], delimiter=self._shape.delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            return Invalid.at("", "unreadable-row", str(error))
        return [field.strip() for field in fields]

    def _parse_csv(self, delimiter: str, *, strip: bool = True) -> Iterator[_Record]:
        reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        while True:
            fields: list[str] | Invalid
            try:
                fields = [field.strip() if strip else field for field in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                fields = Invalid.at("", "unreadable-row", str(error))
            taken = self._lines.take()
            if taken.text.strip():
                yield _Record(taken.line, taken.text, taken.problem or fields)


@dataclass(frozen=True)
class _Record:
    line: int
    text: str
    fields: list[str] | Invalid


@dataclass(frozen=True)
class _TakenRow:
    line: int
    text: str
    problem: Invalid | None


class _Lines:
    """Decoded lines, and what was read since the last record was taken."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, encoding: str) -> None:
        self._stream = stream
        self.encoding = encoding
        self._line = 0
        self._start = 1
        self._texts: list[str] = []
        self._problem: Invalid | None = None
        self._peeked: bytes | None = None

    def peek(self) -> str:
        """The first line, which is still to be read.

        A byte-order mark of UTF-8 wins over the encoding that the mapping says.

        Raises:
            UnreadableFile: the text is UTF-16, or the compressed data is damaged.
        """
        first = self._read()
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in first:
            raise UnreadableFile(
                "the data file is a workbook: save it as CSV"
                if first.startswith(b"PK\3\4")
                else "the data file is UTF-16 or no text: save it as CSV in UTF-8"
            )
        if first.startswith(codecs.BOM_UTF8):
            self.encoding = "utf-8"
        self._peeked = first
        return first.decode(self.encoding, errors="replace").removeprefix("\ufeff")

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        self._line += 1
        cut = len(line) > MAX_LINE_BYTES
        if cut:
            self._problem = Invalid.at("", "too-long", f"is longer than {MAX_LINE_BYTES} bytes")
            self._skip_rest(line)
            line = line[:200]
        try:
            text = line.decode(self.encoding)
        except UnicodeDecodeError:
            detail = f"is not {self.encoding} text"
            self._problem = self._problem or Invalid.at("", "unreadable-text", detail)
            text = line.decode(self.encoding, errors="replace")
        if self._line == 1:
            text = text.removeprefix("\ufeff")
        self._texts.append(text)
        # a line cut in the middle may open a quote that would swallow the rows below it
        return "\n" if cut else text

    def take(self) -> _TakenRow:
        """What was read since the last take, as one record."""
        taken = _TakenRow(self._start, "".join(self._texts).rstrip("\r\n"), self._problem)
        self._start, self._texts, self._problem = self._line + 1, [], None
        return taken

    def _read(self) -> bytes:
        if self._peeked is not None:
            line, self._peeked = self._peeked, None
            return line
        try:
            return self._stream.readline(MAX_LINE_BYTES + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            detail = f"the compressed data ends or breaks after line {self._line}: {error}"
            raise UnreadableFile(detail) from None

    def _skip_rest(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._read()


@contextmanager
def open_rows(path: Path, shape: FileShape) -> Iterator[DataFile]:
    """The file's rows, closed at the end.

    Raises:
        UnreadableFile: it is empty where a header is due, has two columns of one name, or is not
            what its first bytes promise.
        OSError: it cannot be opened.
    """
    with path.open("rb") as raw:
        yield DataFile(raw, shape, lambda: _columns_beside(path, shape))


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
        return DataFile(raw, shape).columns
