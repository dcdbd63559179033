"""One tar file, written and read member by member.

What is written has one form only: regular files in the ``ustar`` format without owner or time, two
blocks of zeros, the end. The reader takes exactly that, so that paths, links, devices, padding and
whatever else a tar file can hold need no opinion: they are refused. Source: POSIX.1-2017, pax,
"ustar Interchange Format".
"""

from __future__ import annotations

import re
import tarfile
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ledger.archive.refusals import ArchiveRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 512
END = bytes(2 * BLOCK_BYTES)

MOST_INFLATION = 50
"""How many times its compressed size an archive may have. Salts, ids and hashes are a tenth of any
that was exported, and do not compress."""

FREE_BYTES = 16 * 2**20
"""How much may come out before that is looked at."""

_PORTION_BYTES = 64 * 1024
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
_GZIP = b"\x1f\x8b"


def header(name: str, size: int) -> bytes:
    """The block that stands before a member's content."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)


def padding(size: int) -> bytes:
    """The zeros that stand behind a member's content."""
    return bytes(-size % BLOCK_BYTES)


class Sink(Protocol):
    """Where an archive goes."""

    def write(self, content: bytes, /) -> object:
        """Take more of it."""


class TarWriter:
    """Writes members one after the other; nothing is held back."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def add(self, name: str, content: bytes) -> None:
        """Write a whole member."""
        self._sink.write(header(name, len(content)))
        self._sink.write(content)
        self._sink.write(padding(len(content)))

    def add_stream(self, name: str, size: int, content: BinaryIO) -> None:
        """Write a member of that size from where ``content`` stands."""
        self._sink.write(header(name, size))
        left = size
        while left:
            portion = content.read(min(left, _PORTION_BYTES))
            assert portion, "a member has the size that was said of it"
            self._sink.write(portion)
            left -= len(portion)
        self._sink.write(padding(size))

    def end(self) -> None:
        """Write the end."""
        self._sink.write(END)


class TarReader:
    """Reads the members in order; each is to be read to its end before the next."""

    def __init__(self, file: BinaryIO) -> None:
        """``file`` is an open archive, gzipped or not, that can be sought in."""
        start = file.read(len(_GZIP))
        file.seek(0)
        self._bytes: _Plain | _Inflating = _Inflating(file) if start == _GZIP else _Plain(file)
        self._next: tuple[str, int] | None = None
        self._over = False
        self._name: str | None = None
        self._left = 0
        self._padding = 0

    def is_tar(self) -> bool:
        """Whether it begins as a tar file does; nothing can be read from it after that."""
        try:
            return self._bytes.read(BLOCK_BYTES)[257:262] == b"ustar"
        except ArchiveRefused:
            return False

    def peek(self) -> str | None:
        """The name of the next member, None at the end.

        Raises:
            ArchiveRefused: what follows is neither a member nor the end.
        """
        if self._next is None and not self._over:
            self._next = self._read_header()
        return None if self._next is None else self._next[0]

    def _read_header(self) -> tuple[str, int] | None:
        assert not self._left, "a member is read to its end"
        if any(self._exactly(self._padding)):
            raise ArchiveRefused("what pads it is not zero", self._name)
        self._padding = 0
        block = self._exactly(BLOCK_BYTES)
        if not any(block):
            if any(self._exactly(BLOCK_BYTES)) or self._bytes.read(1):
                raise ArchiveRefused("something stands behind the end")
            self._over = True
            return None
        name, size = block[:100].rstrip(b"\0"), block[124:135]
        if not _NAME.fullmatch(name) or not re.fullmatch(rb"[0-7]{11}", size):
            raise ArchiveRefused(self._behind("no member of an archive follows"))
        found = name.decode(), int(size, 8)
        if block != header(*found):
            why = "is not a plain file, or not written by an export"
            raise ArchiveRefused(why, found[0])
        return found

    def open(self, name: str, most_bytes: int) -> int:
        """Go on to the member of that name, which must be the next; its size.

        Raises:
            ArchiveRefused: another one is next, or it is larger than it may be.
        """
        found = self.peek()
        if found is None or self._next is None:
            raise ArchiveRefused("is missing: the archive ends before it", name)
        if found != name:
            raise ArchiveRefused(f"stands where {name} belongs", found)
        (_, size), self._next = self._next, None
        if size > most_bytes:
            raise ArchiveRefused(f"has {size:,} bytes, and {most_bytes:,} are allowed", name)
        self._name, self._left, self._padding = name, size, len(padding(size))
        return size

    def portions(self) -> Iterator[bytes]:
        """The content of the member that was opened, in portions."""
        while self._left:
            yield self._take(min(self._left, _PORTION_BYTES))

    def read(self, name: str, most_bytes: int) -> bytes:
        """The whole content of the member of that name, which must be the next.

        Raises:
            ArchiveRefused: as ``open``, or the archive breaks off.
        """
        self.open(name, most_bytes)
        return b"".join(self.portions())

    def end(self) -> None:
        """Make sure that nothing follows.

        Raises:
            ArchiveRefused: something does.
        """
        if (name := self.peek()) is not None:
            raise ArchiveRefused("belongs to no archive", name)

    def bytes_read(self) -> int:
        """How far the file has been read, in its bytes on disk."""
        return self._bytes.taken

    def _take(self, size: int) -> bytes:
        content = self._exactly(size)
        self._left -= size
        return content

    def _exactly(self, size: int) -> bytes:
        content = self._bytes.read(size)
        if len(content) < size:
            raise ArchiveRefused(self._behind("the archive breaks off"))
        return content

    def _behind(self, why: str) -> str:
        return f"{why} after {self._name}" if self._name else why


class _Plain:
    """The file as it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.taken = 0

    def read(self, size: int) -> bytes:
        content = self._file.read(size)
        self.taken += len(content)
        return content


class _Inflating:
    """What a gzipped file holds, never more of it than was asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream = zlib.decompressobj(wbits=31)
        self._waiting = b""
        self.taken = 0
        self._given = 0

    def read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size and not self._stream.eof:
            if not self._waiting:
                self._waiting = self._file.read(_PORTION_BYTES)
                self.taken += len(self._waiting)
            try:
                part = self._stream.decompress(self._waiting, size)
            except zlib.error as error:
                raise ArchiveRefused(f"is not soundly compressed: {error}") from None
            if not part and not self._waiting:
                raise ArchiveRefused("the compressed archive breaks off")
            self._waiting = self._stream.unconsumed_tail
            parts.append(part)
            size -= len(part)
            self._given += len(part)
            if self._given > FREE_BYTES + MOST_INFLATION * self.taken:
                raise ArchiveRefused(
                    f"inflates to more than {MOST_INFLATION} times its size, as no export does"
                )
        if size and self._stream.eof and (self._stream.unused_data or self._file.read(1)):
            raise ArchiveRefused("something stands behind the compressed archive")
        return b"".join(parts)
