"""What everything promises that puts events in order: ``ledger.stores.sorting``, as tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ledger.stores.reading import EventColumns
    from ledger.stores.sorting import Sorting

ANN, BEN = bytes(15) + b"\x01", bytes(15) + b"\x02"


def event(position: int, stream: bytes, version: int, key: int) -> EventColumns:
    """An event with that place and id."""
    return position, stream, version, "visit-made", b"", bytes([key]) * 16


class SortingContract(ABC):
    """Adopted by a class that says how one is made."""

    @abstractmethod
    def sorting(self) -> Sorting:
        """One, for as long as a test takes."""

    def test_events_in_their_places_are_no_fault(self) -> None:
        with self.sorting().event_places() as places:
            places.put([event(1, ANN, 1, 1), event(2, BEN, 1, 2)])
            places.put([event(3, ANN, 2, 3)])
            assert places.fault() is None

    @pytest.mark.parametrize(
        ("rows", "position"),
        [
            ([event(1, ANN, 1, 1), event(2, ANN, 3, 2), event(3, ANN, 2, 3)], 2),
            ([event(1, ANN, 1, 1), event(2, BEN, 1, 2), event(3, ANN, 2, 1)], 3),
            ([event(1, ANN, 2, 1), event(2, BEN, 1, 1)], 1),
        ],
        ids=["a version out of turn", "an id twice", "the first of two faults"],
    )
    def test_the_first_place_that_cannot_be_is_found(
        self, rows: list[EventColumns], position: int
    ) -> None:
        with self.sorting().event_places() as places:
            places.put(rows)
            fault = places.fault()
        assert fault is not None
        assert fault[0] == position

    def test_streams_come_in_order_by_version(self) -> None:
        with self.sorting().stream_order() as streams:
            streams.put(BEN, 1, 1)
            streams.put(ANN, 2, 3)
            streams.put(ANN, 1, 2)
            assert [*streams.in_order()] == [(ANN, 1, 2), (ANN, 2, 3), (BEN, 1, 1)]

    def test_each_begins_empty(self) -> None:
        sorting = self.sorting()
        with sorting.stream_order() as streams, sorting.stream_order() as others:
            streams.put(ANN, 1, 1)
            assert [*others.in_order()] == []
