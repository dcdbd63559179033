"""Where each word of the records begins, in alphabetical order: every prefix is one stretch of it.

A sparse suffix array in runs. What is put in makes a short run, and eight runs of about one length
become one, up to a length above which merging would keep others waiting. Source: Manber and Myers,
"Suffix arrays" (1993); O'Neil and others, "The log-structured merge-tree" (1996).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_BYTES = 48
"""How much of a word and of what follows it in its line is compared."""

_MERGED = 8
_LONGEST_RUN = 2**18
_AFTER_ALL = b"\xff"


class WordRuns:
    """Offsets into a text, each that of a word. What stands there stays until it is removed."""

    def __init__(self, content: bytearray) -> None:
        """For a text that only grows, and may be overwritten where words were removed."""
        self._content = content
        self._runs: list[array[int]] = []
        self._since: list[int] = []
        """Of each run, the offset from which on its words stand up to those of the next one."""

    def add(self, offsets: Iterable[int]) -> None:
        """Take in words, all of them behind those that are there."""
        since = sorted(offsets)
        if not since:
            return
        self._runs.append(array("Q", sorted(since, key=self._key)))
        self._since.append(since[0])
        while self._is_time_to_merge():
            # Of equal words the earlier stays first: sorting leaves them in their order.
            together = sorted(chain.from_iterable(self._runs[-_MERGED:]), key=self._key)
            self._runs[-_MERGED:] = [array("Q", together)]
            del self._since[1 - _MERGED :]

    def remove(self, offsets: Iterable[int]) -> None:
        """Take out words, before what stands there is overwritten."""
        for offset in offsets:
            run = self._runs[bisect_right(self._since, offset) - 1]
            sought = (self._key(offset), offset)
            del run[bisect_left(run, sought, key=lambda one: (self._key(one), one))]

    def count(self, prefix: bytes) -> int:
        """How many words begin so."""
        return sum(end - first for _, first, end in self._stretches(prefix))

    def beginning(self, prefix: bytes) -> Iterator[int]:
        """The offsets of the words that begin so."""
        for run, first, end in self._stretches(prefix):
            yield from run[first:end]

    def whole(self, line: bytes) -> Iterator[int]:
        """The offsets from which this stands up to the end of a line."""
        sought = bytearray(line[:MOST_BYTES])
        for run in self._runs:
            first = bisect_left(run, sought, key=self._key)
            yield from run[first : bisect_right(run, sought, first, key=self._key)]

    def _stretches(self, prefix: bytes) -> Iterator[tuple[array[int], int, int]]:
        sought = bytearray(prefix[:MOST_BYTES])
        for run in self._runs:
            first = bisect_left(run, sought, key=self._key)
            yield run, first, bisect_left(run, sought + _AFTER_ALL, first, key=self._key)

    def _is_time_to_merge(self) -> bool:
        last = [len(run) for run in self._runs[-_MERGED:]]
        alike = len(last) == _MERGED and last[0] < _MERGED * max(last[-1], 1)
        return alike and sum(last) <= _LONGEST_RUN

    def _key(self, offset: int) -> bytearray:
        return self._content[offset : offset + MOST_BYTES].partition(b"\n")[0]
