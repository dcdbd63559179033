"""How much memory the caches of a server may take together, whatever the number of its ledgers."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 1024 * 1024

DEFAULT_MEBIBYTES = 160
"""What the caches of a server take at most where no setting says otherwise."""


@dataclass(frozen=True)
class Part:
    """A kind of cache that each ledger has: its percentage of the budget, and the bytes of a unit.

    The bytes were measured on contacts with ten purchases.
    """

    percent: int
    unit_bytes: int


STATES = Part(26, 1400)
"""The states that decisions are made on; a unit is an event."""

KEYS = Part(5, 200)
"""The data keys of contacts; a unit is a key."""

STREAMS = Part(5, 1600)
"""Long streams as they were read, in the server and in the process beside; a unit is an event."""

STATUSES = Part(10, 1)
"""Statuses as they were answered; a unit is a byte."""

CARDS = Part(4, 1)
"""Welcome cards as they were answered, of some two thousand contacts; a unit is a byte."""

HISTORIES = Part(11, 1600)
"""The histories that are extended, for each of three projections; a unit is a fact."""

BELIEFS = Part(12, 1600)
"""What is believed of contacts, for restatements; a unit is a fact."""


class MemoryBudget:
    """Shares out a number of bytes over the ledgers that are open. Any thread may call.

    Each ledger has the same share. One more ledger makes the shares of the others smaller: each of
    their caches removes what is too much when it keeps something next.
    """

    def __init__(self, total_bytes: int = DEFAULT_MEBIBYTES * MEBIBYTE) -> None:
        self._total_bytes = total_bytes
        self._lock = Lock()
        self._ledger_count = 0

    def add_ledger(self) -> None:
        """Count one more ledger."""
        with self._lock:
            self._ledger_count += 1

    def remove_ledger(self) -> None:
        """Count one ledger less."""
        with self._lock:
            self._ledger_count -= 1

    def share(self, part: Part) -> Callable[[], int]:
        """How many units of a part one ledger may keep at most, at each time that it is called."""

        def most() -> int:
            ledgers = max(self._ledger_count, 1)
            return self._total_bytes * part.percent // (100 * ledgers * part.unit_bytes)

        return most
