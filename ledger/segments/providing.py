"""Segments for processes that read a ledger elsewhere: written once, and used again."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from ledger.segments.reading import segment_events
from ledger.segments.writing import write_segments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from ledger.events_at_rest import EventsAtRest
    from ledger.stores.store import LedgerStore


class Cancellable(Protocol):
    """Work whose end somebody can ask for."""

    def check(self) -> None:
        """Go on, unless cancelled."""


class SegmentProvider:
    """The events of a ledger in segments, in a folder of their own for each head."""

    def __init__(self, store: LedgerStore, folder: str, time_zone: str | None) -> None:
        self._store = store
        self._folder = folder.rstrip("/")
        self._time_zone = time_zone

    def __call__(
        self, head: int, bounds: Sequence[UUID], work: Cancellable
    ) -> Callable[[int], AbstractContextManager[EventsAtRest]]:
        """How another process reads the events up to a head, which are written if they are not yet.

        They are cut after each contact of ``bounds``.

        Raises:
            Unavailable: the folder cannot be written to.
        """
        with self._store.events_beside() as events:
            with events.errors():
                newest = events.rows_at([head])
            # The salt in its bytes tells it from the newest event of any other ledger.
            tip = sha256(newest[head].state).hexdigest()[:16] if head in newest else "empty"
            folder = f"{self._folder}/{self._store.names.place}-{head}-{tip}"
            write_segments(events, folder, head, bounds, lambda _events: work.check())
        return partial(segment_events, folder, self._time_zone)
