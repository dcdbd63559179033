"""Whose birthday or anniversary is near: an index of days in memory, which stand in no file.

It is built in the background as the index of names is, and says of which contacts the fold has to
be asked; what was deleted or corrected is left to the fold.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from domain.events.contacts import OccasionLearned
from domain.events.governance import EventCorrected, PersonalDataErased
from domain.instants import day_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from api.service.finding.worker import IndexingWorker
    from domain.agenda.days import Day
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

WINDOW_POSITIONS = 5_000
"""How much of the log is taken in at a time; nobody asks for near days meanwhile."""

MOST_READING_SECONDS = 0.5
"""For how long a question takes in what is missing itself. The worker rests while others compute,
and takes its indexes in turn: after a start, questions alone would keep it from any end."""

_SLACK_DAYS = 3
"""How many days longer an occasion can last in a contact's time zone, and after its day."""

_TYPES = (OccasionLearned.TYPE, EventCorrected.TYPE, PersonalDataErased.TYPE)

YearDay = tuple[int, int]
"""A month and a day in it."""


class OccasionIndex:
    """The streams with an occasion on each day of the year. Any thread may ask."""

    def __init__(self, ledger: Ledger, worker: IndexingWorker) -> None:
        """For a ledger that nobody appends to yet; it is built by the worker."""
        self._ledger = ledger
        self._worker = worker
        self._lock = Lock()
        self._position = 0
        self._streams: dict[YearDay, set[UUID]] = defaultdict(set)
        self._days: dict[UUID, set[YearDay]] = {}
        self._is_closed = False
        ledger.on_record(self._on_record)
        worker.wake(self)

    def near(self, day: Day, days_ahead: int) -> set[UUID] | None:
        """The streams with an occasion around a day, or up to ``days_ahead`` days after it.

        None while the index is built, to which each question adds. Some have none then after all:
        see the fold.
        """
        with self._lock:
            head = self._ledger.head()
            until = monotonic() + MOST_READING_SECONDS
            while self._position < head and not self._is_closed:
                if monotonic() >= until:
                    self._worker.wake(self)  # no event of these types may have come to wake it
                    return None
                self._take_in_window()
            if self._is_closed:
                return None
            wanted = set(_year_days(day, days_ahead)) & self._streams.keys()
            return {stream for one in wanted for stream in self._streams[one]}

    def advance(self) -> bool:
        """Take in the next part of the log; whether there is more to take in.

        Raises:
            LedgerError: it cannot be read now.
        """
        with self._lock:
            if not self._is_closed and self._position < self._ledger.head():
                self._take_in_window()
            return not self._is_closed and self._position < self._ledger.head()

    def close(self) -> None:
        """Read the ledger no more, and forget everything."""
        with self._lock:
            self._is_closed = True
            self._streams.clear()
            self._days.clear()

    def _take_in_window(self) -> None:
        upto = min(self._position + WINDOW_POSITIONS, self._ledger.head())
        told = self._ledger.log(
            after=self._position, limit=WINDOW_POSITIONS, types=_TYPES, upto=upto
        )
        for recorded in told:
            self._take(recorded)
        self._position = upto

    def _take(self, recorded: RecordedEvent) -> None:
        event, stream = recorded.event, recorded.contact_id
        if isinstance(event, PersonalDataErased):
            for one in self._days.pop(stream, ()):
                self._streams[one].discard(stream)
            return
        learned = event.data if isinstance(event, EventCorrected) else event
        if isinstance(learned, OccasionLearned) and isinstance(learned.month, int):
            assert isinstance(learned.day, int), "both were decrypted"
            self._days.setdefault(stream, set()).add((learned.month, learned.day))
            self._streams[learned.month, learned.day].add(stream)

    def _on_record(self, events: Sequence[RecordedEvent]) -> None:
        """Have the events taken in, and an erasure at once. It waits for no reading of the log.

        Others are taken in once they are many, or an import without occasions leaves it far behind.
        """
        is_far = bool(events) and events[-1].position - self._position >= WINDOW_POSITIONS
        if not is_far and not any(one.type in _TYPES for one in events):
            return
        self._worker.wake(self)


def _year_days(day: Day, days_ahead: int) -> Iterator[YearDay]:
    """The days of the year around a day; where 28 February is one, so is 29 February."""
    first = day_of(day.begins_at, "UTC") - _SLACK_DAYS
    last = day_of(day.ends_at, "UTC") + days_ahead + _SLACK_DAYS
    for ordinal in range(max(first, 1), min(last, first + 366, date.max.toordinal()) + 1):
        one = date.fromordinal(ordinal)
        yield one.month, one.day
        if (one.month, one.day) == (2, 28):
            yield 2, 29
