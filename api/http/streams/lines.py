"""Bytes as they arrive, split into lines without keeping more than one line too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_BYTES = 64 * 1024
"""How long a line may be, without its newline."""

Line = tuple[int, bytes | None]
"""The line's number from 1, and its bytes: None where it is too long."""


class LineSplitter:
    """Lines end with a newline, but for the last. Blank ones are counted and left out."""

    def __init__(self, most_bytes: int = LINE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._number = 0
        self._begun = b""
        self._too_long = False

    def feed(self, arrived: bytes) -> Iterator[Line]:
        """The lines that end in what arrived."""
        first, *others = arrived.split(b"\n")
        self._begin(first)
        for other in others:
            yield from self._end_line()
            self._begin(other)

    def end(self) -> Iterator[Line]:
        """The last line, if it lacks its newline."""
        if self._begun or self._too_long:
            yield from self._end_line()

    def _begin(self, part: bytes) -> None:
        if self._too_long:
            return
        if len(self._begun) + len(part) > self._most_bytes:
            self._begun, self._too_long = b"", True
        else:
            self._begun = self._begun + part if self._begun else part

    def _end_line(self) -> Iterator[Line]:
        self._number += 1
        if self._too_long:
            yield self._number, None
        elif self._begun and not self._begun.isspace():
            yield self._number, self._begun
        self._begun, self._too_long = b"", False
