"""Long streams as they were last read: what was recorded never changes, so only more is read."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from domain.recorded import RecordedEvent

    Beyond = Callable[[UUID, int], list[RecordedEvent]]

LONG_EVENTS = 64
"""From how many events on a stream is kept: shorter ones are read in a tenth of a millisecond."""

_POSITION = attrgetter("position")


class StreamCache:
    """By contact, those read longest ago going first. Any thread may ask.

    Events stay encrypted, as they are stored: those of an erased person are unreadable here too.
    """

    def __init__(self, beyond: Beyond, most_events: Callable[[], int]) -> None:
        """``beyond`` reads a stream's events beyond a version, in order.

        ``most_events`` is how many events are kept at most.
        """
        self._beyond = beyond
        self._most_events = most_events
        self._lock = threading.Lock()
        self._kept: OrderedDict[UUID, list[RecordedEvent]] = OrderedDict()
        self._count = 0

    def read(self, contact_id: UUID, upto: int | None = None) -> list[RecordedEvent]:
        """The events of a stream up to and including a position, or all that are stored."""
        with self._lock:
            known = self._kept.get(contact_id, [])
        if upto is None or not known or known[-1].position < upto:
            # Versions count from 1 without gaps.
            known = known + self._beyond(contact_id, len(known))
        self._keep(contact_id, known)
        return known[:] if upto is None else known[: bisect_right(known, upto, key=_POSITION)]

    def has(self, contact_id: UUID) -> bool:
        """Whether the stream is kept, so that reading it takes next to nothing."""
        with self._lock:
            return contact_id in self._kept

    def _keep(self, contact_id: UUID, events: list[RecordedEvent]) -> None:
        """Keep a list that is not changed any more, unless a longer one is kept by now."""
        most_events = self._most_events()
        if not LONG_EVENTS <= len(events) <= most_events:
            return
        with self._lock:
            if len(events) > len(self._kept.get(contact_id, [])):
                self._drop(contact_id)
                self._kept[contact_id] = events
                self._count += len(events)
            self._kept.move_to_end(contact_id)
            while self._count > most_events:
                self._drop(next(iter(self._kept)))

    def _drop(self, contact_id: UUID) -> None:
        self._count -= len(self._kept.pop(contact_id, []))
