"""A file that lies encrypted on disk: written once from its beginning, then read from anywhere.

It is cut into pieces, each encrypted with AES-256-GCM under the file's own key, with the number of
the piece as its nonce; the last is marked, so that a file that was cut short does not open. Source:
NIST SP 800-38D; the construction is that of STREAM (Hoang et al. 2015).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Corrupt

if TYPE_CHECKING:
    from pathlib import Path

PIECE_BYTES = 64 * 1024
_TAG_BYTES = 16
_WHOLE = PIECE_BYTES + _TAG_BYTES
_MIDDLE, _LAST = b"\0", b"\1"


class EncryptedWriter:
    """Writes such a file, for its owner alone, a piece in memory at a time."""

    def __init__(self, path: Path, key: bytes) -> None:
        """``key`` has 32 bytes and encrypts nothing else.

        Raises:
            OSError: the file cannot be made.
        """
        self._cipher = AESGCM(key)
        self._file = path.open("wb")
        path.chmod(0o600)
        self._rest = bytearray()
        self._number = 0

    def write(self, some: bytes) -> None:
        """Add these bytes."""
        self._rest += some
        while len(self._rest) > PIECE_BYTES:
            self._put(bytes(self._rest[:PIECE_BYTES]), _MIDDLE)
            del self._rest[:PIECE_BYTES]

    def close(self, *, whole: bool = True) -> None:
        """End the file; one that is not ``whole`` does not open."""
        if self._file.closed:
            return
        if whole:
            self._put(bytes(self._rest), _LAST)
        self._file.close()

    def _put(self, piece: bytes, kind: bytes) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number), piece, kind))
        self._number += 1


class EncryptedReader(io.RawIOBase):
    """Reads such a file."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open the file.

        Raises:
            FileNotFoundError: there is none.
            Corrupt: it was cut short.
        """
        self._cipher = AESGCM(key)
        self._file = path.open("rb")
        size = self._file.seek(0, io.SEEK_END)
        self._pieces = -(-size // _WHOLE)
        if not size or size - (self._pieces - 1) * _WHOLE < _TAG_BYTES:
            self._file.close()
            raise Corrupt("an encrypted file was cut short")
        self._size = size - self._pieces * _TAG_BYTES
        self._place = 0
        self._opened: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in what was written."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any buffer will do
        """Read on, at most to the end of a piece.

        Raises:
            Corrupt: a piece does not open with the key.
        """
        if self._place >= self._size:
            return 0
        number, start = divmod(self._place, PIECE_BYTES)
        some = self._piece(number)[start : start + len(buffer)]
        buffer[: len(some)] = some
        self._place += len(some)
        return len(some)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        """The piece of that number.

        Raises:
            Corrupt: it does not open with the key.
        """
        if self._opened[0] != number:
            self._file.seek(number * _WHOLE)
            kind = _LAST if number == self._pieces - 1 else _MIDDLE
            try:
                plain = self._cipher.decrypt(_nonce(number), self._file.read(_WHOLE), kind)
            except InvalidTag:
                raise Corrupt("an encrypted file does not open with its key") from None
            self._opened = (number, plain)
        return self._opened[1]


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
