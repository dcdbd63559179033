"""Answers a line at a time, in bytes that are the same for the same answer."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from api.service.answers.previews import SortedDocument

FIRST = 10
"""How many rows are kept to be shown."""


class Sink(Protocol):
    """Where bytes go: a file that is open for writing, say."""

    def write(self, content: bytes, /) -> object:
        """Take these."""


class Lines:
    """Writes rows one a line: JSON in UTF-8 with sorted names and no white space, then a LF.

    ``digest`` is SHA-256 in hex over all bytes written so far; ``count`` says how many lines, and
    ``first`` holds the first few rows, for people.
    """

    def __init__(self, sink: Sink | None = None) -> None:
        """Without a sink the lines are only counted and digested."""
        self._sink = sink
        self._sha = hashlib.sha256()
        self.count = 0
        self.first: list[SortedDocument] = []

    def write(self, row: SortedDocument) -> None:
        """Write one row."""
        line = row.json_bytes() + b"\n"
        self._sha.update(line)
        self.count += 1
        if self.count <= FIRST:
            self.first.append(row)
        if self._sink is not None:
            self._sink.write(line)

    @property
    def digest(self) -> str:
        """What was written so far, in one figure."""
        return self._sha.hexdigest()
