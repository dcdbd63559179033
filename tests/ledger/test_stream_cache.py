"""A stream that is kept reads as it would from the store, and misses nothing newer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from ledger.stream_cache import LONG_EVENTS, StreamCache
from tests.ledger.given import ANN, SALE, append, draft

if TYPE_CHECKING:
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

SOMEBODY, ELSE = uuid4(), uuid4()


def told(ledger: Ledger, contact_id: UUID, count: int) -> None:
    append(ledger, draft(contact_id, "contact-registered", ANN))
    more = [
        draft(contact_id, "purchase-made", {**SALE, "purchase_id": f"p{number}"})
        for number in range(count - 1)
    ]
    append(ledger, *more)


class Store:
    """A ledger's streams, counting what is read of them."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.read: list[int] = []

    def beyond(self, contact_id: UUID, version: int) -> list[RecordedEvent]:
        found = self.ledger.stream(contact_id, after_version=version, limit=1000)
        self.read.append(len(found))
        return found


@pytest.fixture
def store(ledger: Ledger) -> Store:
    return Store(ledger)


def test_only_what_is_newer_is_read_again(ledger: Ledger, store: Store) -> None:
    told(ledger, SOMEBODY, LONG_EVENTS)
    kept = StreamCache(store.beyond, lambda: 20_000)
    for _ in range(2):
        assert kept.read(SOMEBODY) == ledger.stream(SOMEBODY, limit=1000)
    append(ledger, draft(SOMEBODY, "visit-made", {"guests": 1}))
    assert [one.version for one in kept.read(SOMEBODY)] == list(range(1, LONG_EVENTS + 2))
    assert store.read == [LONG_EVENTS, 0, 1]


def test_every_position_has_what_was_known_then(ledger: Ledger, store: Store) -> None:
    told(ledger, SOMEBODY, LONG_EVENTS)
    told(ledger, ELSE, 2)
    append(ledger, draft(SOMEBODY, "visit-made", {"guests": 1}))
    kept = StreamCache(store.beyond, lambda: 20_000)
    kept.read(SOMEBODY, upto=5)
    for position in range(ledger.head() + 2):
        anew = ledger.stream(SOMEBODY, upto=position, limit=1000)
        assert kept.read(SOMEBODY, upto=position) == anew
        assert ledger.stream(SOMEBODY, upto=position) == anew


def test_what_is_given_may_be_changed(ledger: Ledger, store: Store) -> None:
    told(ledger, SOMEBODY, LONG_EVENTS)
    kept = StreamCache(store.beyond, lambda: 20_000)
    for upto in (None, ledger.head()):
        kept.read(SOMEBODY, upto).clear()
        assert len(kept.read(SOMEBODY, upto)) == LONG_EVENTS


def test_short_streams_and_all_too_long_ones_are_read_each_time(
    ledger: Ledger, store: Store
) -> None:
    told(ledger, SOMEBODY, LONG_EVENTS - 1)
    told(ledger, ELSE, LONG_EVENTS + 1)
    kept = StreamCache(store.beyond, most_events=lambda: LONG_EVENTS)
    for contact_id in (SOMEBODY, ELSE, SOMEBODY, ELSE):
        kept.read(contact_id)
    assert store.read == [LONG_EVENTS - 1, LONG_EVENTS + 1] * 2


def test_whom_nobody_asked_for_lately_makes_room(ledger: Ledger, store: Store) -> None:
    contacts = [uuid4() for _ in range(3)]
    for contact_id in contacts:
        told(ledger, contact_id, LONG_EVENTS)
    kept = StreamCache(store.beyond, most_events=lambda: 2 * LONG_EVENTS)
    first, second, third = contacts
    for contact_id in (first, second, first, third):
        kept.read(contact_id)
    store.read.clear()
    for contact_id in (first, third, second):
        kept.read(contact_id)
    assert store.read == [0, 0, LONG_EVENTS]


def test_what_is_kept_stays_sealed(ledger: Ledger) -> None:
    told(ledger, SOMEBODY, LONG_EVENTS)
    for _ in range(2):
        assert "Ann" not in str(ledger.stream(SOMEBODY))
        assert "Ann" in str(ledger.stream(SOMEBODY, decrypt=True))


@pytest.mark.parametrize("count", [3, LONG_EVENTS, LONG_EVENTS + 1])
def test_some_types_of_a_stream_are_decrypted(ledger: Ledger, count: int) -> None:
    """Whether it is short and read once, or long and kept as it was read, also up to a position."""
    told(ledger, SOMEBODY, count)
    for upto in (None, 3, None):
        whole = ledger.stream(SOMEBODY, upto=upto, limit=1000)
        (first, *others) = ledger.stream_with(SOMEBODY, ("contact-registered",), upto)
        assert "Ann" in str(first)
        assert others == whole[1:]
        assert "Ann" not in str(ledger.stream_with(SOMEBODY, ("visit-made",), upto))
