"""The lines of a data file, whatever its encoding, and what was read since the last row."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LINE_BYTES = 64 * 1024
"""The longest line that is read as one; the wire's limit for a line of bulk."""

UTF_8, WINDOWS = "utf-8", "cp1252"

_CHUNK_BYTES = 16 * 1024
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableFile(Unavailable):
    """The data file is not what it should be, from some line on or altogether."""


@dataclass(frozen=True)
class TakenRow:
    """What was read as one record: on which line it begins, its text, and what is wrong with it."""

    line: int
    text: str
    problem: Invalid | None


def open_text(raw: BinaryIO, encoding: str | None) -> Lines:
    """The lines of a file, gzipped or not.

    A byte-order mark wins over ``encoding``. Where there is neither, the file is read once to tell
    UTF-8 and Windows-1252 apart.

    Raises:
        UnreadableFile: it is a workbook or no text, or the compressed data is damaged.
    """
    mark = _stream(raw).read(4)
    if mark.startswith(_UTF_16):
        recoded: io.RawIOBase = _Utf16AsUtf8(_stream(raw))
        return Lines(cast("BinaryIO", io.BufferedReader(recoded)), UTF_8)
    if mark.startswith(codecs.BOM_UTF8):
        encoding = UTF_8
    elif mark.startswith(b"PK\3\4"):
        raise UnreadableFile("the data file is a workbook: save it as CSV")
    encoding = encoding or detect_encoding(_stream(raw))
    return Lines(_stream(raw), encoding)


def _stream(raw: BinaryIO) -> BinaryIO:
    """The file from its beginning, unpacked."""
    raw.seek(0)
    compressed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if compressed else raw


def detect_encoding(lines: Iterable[bytes]) -> str:
    r"""``utf-8``, or ``cp1252`` where some lines are no UTF-8 and none beyond ASCII is.

    A file in UTF-8 of which one line is damaged stays UTF-8: that line is rejected, and no letter
    of the others is misread.

    >>> detect_encoding([b"caf\xe9"]), detect_encoding([b"caf\xc3\xa9", b"\xe9"])
    ('cp1252', 'utf-8')
    """
    damaged = False
    try:
        for line in lines:
            if line.isascii():
                continue
            try:
                line.decode(UTF_8)
            except UnicodeDecodeError:
                damaged = True
            else:
                return UTF_8
    except (EOFError, gzip.BadGzipFile, zlib.error):
        pass  # reading the lines says where they end
    return WINDOWS if damaged else UTF_8


class _Utf16AsUtf8(io.RawIOBase):
    """A stream of UTF-16 as UTF-8, so that it can be cut into lines before it is decoded."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-16")()
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any buffer will do
        while not self._rest:
            chunk = self._stream.read(_CHUNK_BYTES)
            try:
                self._rest = self._decoder.decode(chunk, final=not chunk).encode()
            except UnicodeError as error:
                raise UnreadableFile(f"the data file is damaged UTF-16: {error}") from None
            if not chunk:
                break
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


class Lines:
    """Decoded lines, and what was read since the last record was taken."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        """Begin at the first line; the encoding can be set before it is read."""
        self._stream = stream
        self.encoding = encoding
        self._line = 0
        self._start = 1
        self._texts: list[str] = []
        self._problem: Invalid | None = None
        self._peeked: bytes | None = None

    def peek(self) -> str:
        """The first line, which is still to be read.

        Raises:
            UnreadableFile: it is no text, or the compressed data is damaged.
        """
        first = self._read()
        if b"\0" in first:
            raise UnreadableFile(
                "the data file is no text, or UTF-16 without a byte-order mark: save it as CSV in"
                " UTF-8"
            )
        self._peeked = first
        return first.decode(self.encoding, errors="replace").removeprefix("\ufeff")

    def __iter__(self) -> Lines:
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

    def take(self) -> TakenRow:
        """What was read since the last take, as one record."""
        taken = TakenRow(self._start, "".join(self._texts).rstrip("\r\n"), self._problem)
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
