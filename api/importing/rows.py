"""The rows of a delimited file, gzipped or not, with the line each starts on."""

from __future__ import annotations

import csv
import gzip
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_LINE_BYTES = 64 * 1024
"""The longest line that is read as one; the wire's limit for a line of bulk."""


class UnreadableFile(Unavailable):
    """The data file is not what it should be, from some line on or altogether."""


@dataclass(frozen=True)
class FileShape:
    """How the file is laid out. ``delimiter`` None: runs of white space."""

    delimiter: str | None = ","
    header: bool = True
    columns: tuple[str, ...] | None = None
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Row:
    """One row: its line, counted from 1, as it stands in the file, and its columns by name.

    ``problem`` says why the columns could not be read; they are empty then.
    """

    line: int
    text: str
    columns: Mapping[str, str]
    problem: Invalid | None = None


class DataFile:
    """An open data file. Iterating reads it once, a row at a time."""

    def __init__(self, raw: BinaryIO, shape: FileShape) -> None:
        self._raw = raw
        self._shape = shape
        compressed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        self._lines = _Lines(gzip.GzipFile(fileobj=raw) if compressed else raw, shape.encoding)
        self._records = self._read_records()
        first = next(self._records, None) if shape.header else None
        if shape.header and (first is None or isinstance(first.fields, Invalid)):
            detail = "is empty" if first is None else f"has an unreadable header: {first.fields}"
            raise UnreadableFile(f"the data file {detail}")
        named = first.fields if first and not isinstance(first.fields, Invalid) else ()
        self.columns: tuple[str, ...] = shape.columns or tuple(named)
        if twice := sorted(
            {name for name in self.columns if name and self.columns.count(name) > 1}
        ):
            raise UnreadableFile(
                f"the data file has more than one column {', '.join(twice)}: "
                "give each a name with columns in [file] of the mapping"
            )

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

    def _parse_csv(self, delimiter: str) -> Iterator[_Record]:
        reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        while True:
            fields: list[str] | Invalid
            try:
                fields = [field.strip() for field in next(reader)]
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
class _Taken:
    line: int
    text: str
    problem: Invalid | None


class _Lines:
    """Decoded lines, and what was read since the last record was taken."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._line = 0
        self._start = 1
        self._texts: list[str] = []
        self._problem: Invalid | None = None

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
            text = line.decode(self._encoding)
        except UnicodeDecodeError:
            detail = f"is not {self._encoding} text"
            self._problem = self._problem or Invalid.at("", "unreadable-text", detail)
            text = line.decode(self._encoding, errors="replace")
        if self._line == 1:
            text = text.removeprefix("\ufeff")
        self._texts.append(text)
        # a line cut in the middle may open a quote that would swallow the rows below it
        return "\n" if cut else text

    def take(self) -> _Taken:
        """What was read since the last take, as one record."""
        taken = _Taken(self._start, "".join(self._texts).rstrip("\r\n"), self._problem)
        self._start, self._texts, self._problem = self._line + 1, [], None
        return taken

    def _read(self) -> bytes:
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
        yield DataFile(raw, shape)
