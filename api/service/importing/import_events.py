"""What a ledger holds of an import: the events that it appended, and those that took them back.

The ledger is all that is asked, so the answer is the same after a restart and in a restored ledger.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.governance import EventRetracted
from domain.imports import UNDO, source_of_import

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from ledger.ledger import Ledger

WINDOW_POSITIONS = 100_000
"""How many events are searched at a time."""

MOST_TALLIES = 1000
"""Of how many imports it is kept what was found."""


@dataclass(frozen=True)
class Tally:
    """What was found up to ``position``: how many events, and how many retractions of them.

    ``newest_event`` and ``newest_undo`` are positions, 0 where there is none.
    """

    position: int = 0
    events: int = 0
    retracted: int = 0
    newest_event: int = 0
    newest_undo: int = 0

    @property
    def is_undone(self) -> bool:
        """It was taken back, and appended nothing since."""
        return self.newest_undo > self.newest_event


class ImportEvents:
    """The imports of one ledger, as its events tell of them. Any thread may ask."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._tallies: dict[UUID, Tally] = {}

    def tally(self, import_id: UUID) -> Tally:
        """What there is of an import now. Only what was recorded since the last time is read."""
        with self._lock:
            found = self._tallies.pop(import_id, Tally())
            for upto, events, undone in windows(self._ledger, import_id, found.position):
                found = Tally(
                    upto,
                    found.events + len(events),
                    found.retracted + len(undone),
                    events[-1] if events else found.newest_event,
                    undone[-1] if undone else found.newest_undo,
                )
            self._tallies[import_id] = found
            while len(self._tallies) > MOST_TALLIES:
                del self._tallies[next(iter(self._tallies))]
        return found

    def undone_at(self, tally: Tally) -> int | None:
        """When an import was taken back, in microseconds of UTC; None where it was not."""
        if not tally.is_undone:
            return None
        return self._ledger.event(tally.newest_undo, decrypt=False).recorded_at


def windows(
    ledger: Ledger, import_id: UUID, after: int = 0, advance: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, list[int], list[int]]]:
    """Up to which position was searched, with those of the import's events and of their undoing.

    ``advance`` is called after each part of the log, up to what is recorded now.
    """
    head = ledger.head()
    mark, undo_mark = source_of_import("", import_id), source_of_import(UNDO, import_id)
    while after < head:
        upto = min(after + WINDOW_POSITIONS, head)
        found = ledger.find_mark(mark, after, upto)
        undone: list[int] = []
        if any(topic == EventRetracted.TYPE for _, topic in found):
            told = ledger.find_mark(undo_mark, after, upto)
            undone = [position for position, topic in told if topic == EventRetracted.TYPE]
        taken = set(undone)
        yield upto, [position for position, _ in found if position not in taken], undone
        after = upto
        advance()
