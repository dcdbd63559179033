"""``python -m tests.guards.counting FOLDER``: do each kind of work between two marks of cachegrind.

``FOLDER`` holds a ledger of ``tests.guards.purchases``, which is added to.
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cachegrind import mark
from domain.history import effective_history
from domain.relationship import fold
from tests.fixtures.clock import START
from tests.guards.purchases import CONTACTS, PURCHASES_EACH, append, opened, purchase, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

SINGLE_APPENDS = 25
LINES_A_COMMIT = 100

Sent = tuple["UUID", bytes]


class Work:
    """Each method does one kind of work, and answers how many times it did it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._sent = _purchases()
        self._streams: list[tuple[UUID, list[RecordedEvent]]] = []

    def append_one_by_one(self) -> int:
        """Each append is a commit of its own."""
        for contact, body in islice(self._sent, SINGLE_APPENDS):
            self.ledger.append(read(self.ledger, contact, body)).result()
        return SINGLE_APPENDS

    def append_in_bulk(self) -> int:
        """Four commits of a hundred lines each."""
        for _ in range(4):
            append(self.ledger, list(islice(self._sent, LINES_A_COMMIT)))
        return 4 * LINES_A_COMMIT

    def decode(self) -> int:
        """The whole ledger is read."""
        self._streams = list(self.ledger.streams(upto=self.ledger.head()))
        return sum(len(recorded) for _, recorded in self._streams)

    def fold(self) -> int:
        """Every contact's history becomes its status."""
        policies = self.ledger.policies()
        for contact, recorded in self._streams:
            history = effective_history(recorded, contact)
            assert fold(history, policies, self.ledger.time_zone, START).stage == "customer"
        return sum(len(recorded) for _, recorded in self._streams)


KINDS: dict[str, Callable[[Work], int]] = {
    "a single append, from its bytes to its commit": Work.append_one_by_one,
    "a line of a bulk append, from its bytes to its commit": Work.append_in_bulk,
    "an event read from the store and decoded": Work.decode,
    "an event of a history folded to a status": Work.fold,
}


def main(folder: Path) -> None:
    """Do all of it, once without counting, so that what is made at first use is there."""
    with opened(folder) as ledger:
        work = Work(ledger)
        for do in KINDS.values():
            do(work)
        mark("0")
        for do in KINDS.values():
            mark(str(do(work)))


def _purchases() -> Iterator[Sent]:
    """Further purchases of all contacts in turn, which never end."""
    number = PURCHASES_EACH
    while True:
        yield from ((contact, purchase(contact, number)) for contact in CONTACTS)
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
