"""What every store of events promises: ``ledger.stores.events.EventStore``, as tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import pytest
from eventsourcing.persistence import PersistenceError

from domain.errors import LedgerError

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.events import EventStore

ANN, BEN, CID = (UUID(int=number) for number in (1, 2, 3))
RARE = "contact-merged"


class Given(NamedTuple):
    """An event as the ledger hands it to a store."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    event_id: UUID | None = None


LOG = (
    Given(ANN, 1, "contact-registered", b"a", UUID(int=11)),
    Given(BEN, 1, "contact-registered", b"b", UUID(int=12)),
    Given(ANN, 2, "visit-made", b"c", UUID(int=13)),
    Given(ANN, 3, RARE, b"d", UUID(int=14)),
    Given(BEN, 2, "visit-made", b"e", UUID(int=15)),
)


class EventStoreContract(ABC):
    """Adopted by a store that says how an empty one is made, and opened again, at a path."""

    @abstractmethod
    def open_events(self, folder: Path) -> EventStore:
        """The store of that folder, empty at first."""

    @abstractmethod
    def close_events(self, store: EventStore) -> None:
        """Close it."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> EventStore:
        store = self.open_events(tmp_path)
        store.insert_events(LOG[:2], first_position=1)  # type: ignore[arg-type]  # shaped alike
        store.insert_events(LOG[2:], first_position=3)  # type: ignore[arg-type]  # shaped alike
        return store

    def test_positions_count_from_one_without_gaps(self, store: EventStore) -> None:
        rows = store.rows_after(0)
        assert [row.position for row in rows] == [1, 2, 3, 4, 5]
        assert [row[1:] for row in rows] == [one[:4] for one in LOG]
        assert store.max_notification_id() == 5

    def test_an_empty_store_has_no_newest_position(self, tmp_path: Path) -> None:
        assert not self.open_events(tmp_path).max_notification_id()

    def test_what_was_recorded_is_there_after_it_is_opened_again(
        self, store: EventStore, tmp_path: Path
    ) -> None:
        before = store.rows_after(0)
        self.close_events(store)
        assert self.open_events(tmp_path).rows_after(0) == before

    def test_ranges_topics_streams_and_limits_narrow_the_log(self, store: EventStore) -> None:
        assert [row.position for row in store.rows_after(1, 4)] == [2, 3, 4]
        assert [row.position for row in store.rows_after(0, None, ["visit-made"])] == [3, 5]
        assert [row.position for row in store.rows_after(0, None, [RARE])] == [4]
        assert [row.position for row in store.rows_after(1, 4, (), [ANN])] == [3, 4]
        assert [row.position for row in store.rows_after(0, None, (), [BEN, ANN], 3)] == [1, 2, 3]

    def test_streams_are_read_by_version(self, store: EventStore) -> None:
        assert [row.position for row in store.rows_of_stream(ANN)] == [1, 3, 4]
        assert [row.position for row in store.rows_of_stream(ANN, 1, limit=1)] == [3]
        assert [row.position for row in store.rows_of_stream(ANN, upto=3)] == [1, 3]
        assert store.rows_of_stream(CID) == []
        together = store.rows_of_streams([BEN, ANN])
        assert sorted(row.position for row in together) == [1, 2, 3, 4, 5]
        assert [row.version for row in together if row.stream == ANN] == [1, 2, 3]

    def test_a_walk_by_stream_goes_on_where_it_ended(self, store: EventStore) -> None:
        first = store.rows_in_stream_order(UUID(int=0), 0, 4, 2)
        assert [(row.stream, row.version) for row in first] == [(ANN, 1), (ANN, 2)]
        rest = store.rows_in_stream_order(ANN, 2, 4, 10)
        assert [(row.stream, row.version) for row in rest] == [(ANN, 3), (BEN, 1)]

    def test_the_newest_of_a_stream_is_known_at_any_position(self, store: EventStore) -> None:
        newest, then = store.newest(ANN), store.newest(ANN, 3)
        assert newest is not None
        assert then is not None
        assert (newest.version, then.version) == (3, 2)
        assert store.newest(CID) is None
        assert store.newest(BEN, 1) is None

    def test_events_are_found_by_id_and_position(self, store: EventStore) -> None:
        found = store.rows_by_id([UUID(int=12), UUID(int=99)])
        assert {key: row.position for key, row in found.items()} == {UUID(int=12): 2}
        assert {key: row.state for key, row in store.rows_at([5, 6]).items()} == {5: b"e"}

    def test_events_are_found_by_bytes_in_them(self, store: EventStore) -> None:
        found = store.find_mark(b"e", 0, 5)
        assert [position for position, _ in found] == [5]
        assert found == [(row.position, row.topic) for row in store.rows_after(4, 5)]
        assert store.find_mark(b"e", 5, 9) == store.find_mark(b"e", 0, 4) == []

    def test_streams_are_found_by_what_they_hold(self, store: EventStore) -> None:
        assert store.first_topics([ANN, CID]).keys() == {ANN}
        assert store.streams_with(RARE) == [ANN]

    @pytest.mark.parametrize(
        "wrong",
        [
            Given(BEN, 2, "visit-made", b"", UUID(int=21)),  # a version that is taken
            Given(CID, 1, "visit-made", b"", UUID(int=11)),  # an id that is taken
        ],
    )
    def test_what_is_taken_keeps_the_whole_batch_out(self, store: EventStore, wrong: Given) -> None:
        right = Given(CID, 2, "visit-made", b"", UUID(int=20))
        with pytest.raises(PersistenceError):
            store.insert_events([right, wrong])  # type: ignore[list-item]  # shaped alike
        assert store.max_notification_id() == 5
        assert not store.first_topics([CID])

    def test_another_writer_is_noticed_by_the_first_position(self, store: EventStore) -> None:
        late = Given(CID, 1, "visit-made", b"", UUID(int=20))
        with pytest.raises(PersistenceError):
            store.insert_events([late], first_position=5)  # type: ignore[list-item]  # shaped alike
        assert store.max_notification_id() == 5

    def test_a_trial_commit_changes_nothing(self, store: EventStore) -> None:
        before = store.rows_after(0)
        store.settle()
        store.try_commit()
        assert store.rows_after(0) == before

    def test_what_goes_wrong_is_an_error_of_ours(self, store: EventStore) -> None:
        self.close_events(store)
        with pytest.raises(LedgerError, match=r"nothing of it$"), store.errors(": nothing of it"):
            store.rows_after(0)
