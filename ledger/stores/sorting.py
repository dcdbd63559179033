"""Events put in order with little memory, on the disk of this machine: protocols.

A check of events that are read once, from an archive or a server, compares every stream and every
id with all others. What is sorted is gone once it is closed, or once the process ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from ledger.stores.reading import EventColumns


class EventPlaces(Protocol):
    """Remembers where events stand, and finds what cannot stand there."""

    def put(self, rows: Sequence[EventColumns]) -> None:
        """Remember these."""

    def fault(self) -> tuple[int, str] | None:
        """The first position that cannot stand, and why, once all are there."""


class StreamOrder(Protocol):
    """Puts events in the order of their streams."""

    def put(self, stream: bytes, version: int, position: int) -> None:
        """Remember where an event stands."""

    def in_order(self) -> Iterator[tuple[bytes, int, int]]:
        """What was put, by stream, version and position."""


class Sorting(Protocol):
    """Makes what sorts, each time a new one that is empty."""

    def event_places(self) -> AbstractContextManager[EventPlaces]:
        """For the events of one archive."""

    def stream_order(self) -> AbstractContextManager[StreamOrder]:
        """For the entries of one log."""
