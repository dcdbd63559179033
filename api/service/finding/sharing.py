"""What two contacts have in common, kept while they are put in and for these alone."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from api.service.finding.terms import ADDRESS, EMAIL_LINE, NAME, PHONE_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from api.service.finding.records import Records

COMPARED = (NAME, EMAIL_LINE, PHONE_LINE, ADDRESS)
"""The kinds of lines that make possible duplicates of those who share one."""

_PARTS = 64
_EMPTY = 0
_MASK = 2**32 - 1


class SeenKeys:
    """Which lines were ever seen, by 32 bits of their hash: 8 bytes each, and seldom wrong.

    In parts, so that the table of one is soon made again when it is full.
    """

    def __init__(self) -> None:
        self._parts = [array("I", [_EMPTY]) * 4 for _ in range(_PARTS)]
        self._counts = [0] * _PARTS

    def add(self, key: bytes) -> bool:
        """Whether it may have been seen before, which it is from now on."""
        print_ = hash(key) & _MASK or 1
        part = print_ % _PARTS
        if self._put(self._parts[part], print_):
            return True
        self._counts[part] += 1
        if 2 * self._counts[part] > len(self._parts[part]):
            larger = array("I", [_EMPTY]) * (2 * len(self._parts[part]))
            for one in self._parts[part]:
                if one != _EMPTY:
                    self._put(larger, one)
            self._parts[part] = larger
        return False

    @staticmethod
    def _put(slots: array[int], print_: int) -> bool:
        most = len(slots) - 1
        slot = (print_ // _PARTS) & most
        while (held := slots[slot]) != _EMPTY:
            if held == print_:
                return True
            slot = (slot + 1) & most
        slots[slot] = print_
        return False


class Sharing:
    """The lines that several contacts have, with their numbers."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._seen = SeenKeys()
        self._holders: dict[bytes, set[int]] = {}

    def __iter__(self) -> Iterator[tuple[bytes, frozenset[int]]]:
        """Every shared line, with its kind, and who has it."""
        for line, holders in self._holders.items():
            yield line, frozenset(holders)

    def remove(self, number: int, record: bytes) -> None:
        """Take in that the contact has this record no more."""
        for line in _compared_lines(record):
            holders = self._holders.get(line)
            if holders is not None:
                holders.discard(number)
                if len(holders) < 2:
                    del self._holders[line]

    def add(self, number: int, record: bytes) -> None:
        """Take in that the contact has this record, which is in the records already."""
        for line in _compared_lines(record):
            if line in self._holders:
                self._holders[line].add(number)
            elif self._seen.add(line):
                holders = {one for one in self._records.with_line(line[2:]) if self._has(one, line)}
                if len(holders | {number}) > 1:
                    self._holders[line] = holders | {number}

    def _has(self, number: int, line: bytes) -> bool:
        return line in self._records.get(number).split(b"\n")


def _compared_lines(record: bytes) -> Iterable[bytes]:
    return [line for line in record.split(b"\n") if line[:1] in COMPARED]
