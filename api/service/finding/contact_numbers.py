"""Contacts by small numbers of their own, which take a fraction of what a dictionary does."""

from __future__ import annotations

from array import array
from uuid import UUID

_BYTES = 16
_EMPTY = 0


class ContactNumbers:
    """Numbers from 0 in the order in which contacts were added: 16 bytes each, and 8 to find one.

    A hash table with open addressing over one array. The hash is that of Python, with its secret,
    so that nobody can choose ids that meet.
    """

    def __init__(self) -> None:
        self._ids = bytearray()
        self._slots = array("I", [_EMPTY]) * 8

    def __len__(self) -> int:
        return len(self._ids) // _BYTES

    def contact(self, number: int) -> UUID:
        """The contact of that number."""
        return UUID(bytes=bytes(self._ids[number * _BYTES : (number + 1) * _BYTES]))

    def find(self, contact: UUID) -> int | None:
        """The number of a contact, if it has one."""
        held = self._slots[self._slot(contact.bytes)]
        return None if held == _EMPTY else held - 1

    def add(self, contact: UUID) -> int:
        """The number of a contact, which it has from now on."""
        slot = self._slot(contact.bytes)
        if self._slots[slot] != _EMPTY:
            return self._slots[slot] - 1
        self._ids += contact.bytes
        self._slots[slot] = len(self)
        if 2 * len(self) > len(self._slots):
            self._grow()
        return len(self) - 1

    def _slot(self, packed: bytes) -> int:
        """Where a contact stands, or is to stand."""
        ids, slots = self._ids, self._slots
        most = len(slots) - 1
        slot = hash(packed) & most
        while (held := slots[slot]) != _EMPTY:
            end = held * _BYTES
            if ids[end - _BYTES : end] == packed:
                break
            slot = (slot + 1) & most
        return slot

    def _grow(self) -> None:
        self._slots = array("I", [_EMPTY]) * (2 * len(self._slots))
        for number in range(len(self)):
            packed = bytes(self._ids[number * _BYTES : (number + 1) * _BYTES])
            self._slots[self._slot(packed)] = number + 1
