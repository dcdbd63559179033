"""The records of all contacts in one run of bytes, and where each of their words begins."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

from api.service.finding.word_runs import WordRuns

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = b"\x00"
_GONE = b"\x01"
_NOWHERE = -1
_LEAST_WASTE = 65_536
_MOST_WAITING = 1_000
_WORDS = re.compile(rb"[ \x03](?=[^ \t\n])")


class Records:
    """A record for each number, kept one after the other in the order in which they were put.

    A record that is replaced or dropped is overwritten at once, so that nothing of it is left, and
    its place is given back once half of all is such.
    """

    def __init__(self) -> None:
        self._content = bytearray()
        self._words = WordRuns(self._content)
        self._waiting: list[int] = []
        """Words that are not in the runs yet: many are sorted faster together."""
        self._starts = array("Q")
        self._owners = array("I")
        self._start_of = array("q")
        self._length_of = array("I")
        self._wasted = 0

    def get(self, number: int) -> bytes:
        """The record of a number; empty where there is none."""
        if number >= len(self._start_of) or (start := self._start_of[number]) == _NOWHERE:
            return b""
        return bytes(self._content[start : start + self._length_of[number]])

    def put(self, number: int, record: bytes) -> None:
        """Keep this record of a number, in place of the one before; an empty one is none."""
        self._drop(number)
        if not record:
            return
        missing = number + 1 - len(self._start_of)
        if missing > 0:
            self._start_of.extend([_NOWHERE] * missing)
            self._length_of.extend([0] * missing)
        self._append(number, record)
        if self._wasted > max(_LEAST_WASTE, len(self._content) // 2):
            self._close_up()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Every number that has a record, with it."""
        for number, start in enumerate(self._start_of):
            if start != _NOWHERE:
                yield number, bytes(self._content[start : start + self._length_of[number]])

    def having(self, text: bytes) -> Iterator[int]:
        """The numbers of the records that hold this, in the order of the records."""
        at = self._content.find(text)
        while at >= 0:
            place = bisect_right(self._starts, at) - 1
            yield self._owners[place]
            if place + 1 == len(self._starts):
                return
            at = self._content.find(text, self._starts[place + 1])

    def count(self, prefix: bytes) -> int:
        """How many words begin so."""
        self._sort()
        return self._words.count(prefix)

    def with_word(self, prefix: bytes) -> Iterator[int]:
        """The numbers of the records with a word that begins so, once for each such word."""
        self._sort()
        return map(self._owner, self._words.beginning(prefix))

    def with_line(self, line: bytes) -> Iterator[int]:
        """The numbers of the records of which this is the whole of a line, or the end of one."""
        self._sort()
        return map(self._owner, self._words.whole(line))

    def _owner(self, offset: int) -> int:
        return self._owners[bisect_right(self._starts, offset) - 1]

    def _sort(self) -> None:
        if self._waiting:
            self._words.add(self._waiting)
            self._waiting = []

    def _append(self, number: int, record: bytes) -> None:
        self._content += _BEGIN
        start = len(self._content)
        self._starts.append(start)
        self._owners.append(number)
        self._start_of[number] = start
        self._length_of[number] = len(record)
        self._content += record
        self._waiting += _words_of(record, start)
        if len(self._waiting) > _MOST_WAITING:
            self._sort()

    def _drop(self, number: int) -> None:
        if number < len(self._start_of) and (start := self._start_of[number]) != _NOWHERE:
            length = self._length_of[number]
            self._sort()
            self._words.remove(_words_of(self.get(number), start))
            self._content[start : start + length] = _GONE * length
            self._start_of[number] = _NOWHERE
            self._wasted += length

    def _close_up(self) -> None:
        kept = [
            (owner, bytes(self._content[start : start + self._length_of[owner]]))
            for start, owner in zip(self._starts, self._owners, strict=True)
            if self._start_of[owner] == start
        ]
        self._content, self._waiting = bytearray(), []
        self._words = WordRuns(self._content)
        self._starts, self._owners, self._wasted = array("Q"), array("I"), 0
        for number, record in kept:
            self._append(number, record)


def _words_of(record: bytes, start: int) -> list[int]:
    """Where the words of a record begin that starts there."""
    return [start + found.end() for found in _WORDS.finditer(record)]
