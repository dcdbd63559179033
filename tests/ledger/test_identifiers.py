from __future__ import annotations

from uuid import UUID, uuid4

from ledger.identifiers import EventIds, companion_id
from tests.ledger.given import NOON, HandClock


def test_ids_are_of_version_7_and_carry_the_millisecond() -> None:
    given = EventIds(HandClock()).next()
    assert (given.version, given.variant) == (7, "specified in RFC 4122")
    assert given.int >> 80 == NOON // 1000


def test_ids_grow_within_a_millisecond_and_when_the_clock_goes_back() -> None:
    clock = HandClock()
    ids = EventIds(clock)
    given = [ids.next() for _ in range(10_000)]
    clock.move(-3600)
    given += [ids.next() for _ in range(10)]
    assert given == sorted(given)
    assert len(set(given)) == len(given)
    assert {one.version for one in given} == {7}


def test_a_companions_id_is_always_the_same_and_differs_by_ledger() -> None:
    namespace, event_id = uuid4(), uuid4()
    assert companion_id(namespace, event_id) == companion_id(namespace, UUID(str(event_id)))
    assert companion_id(namespace, event_id) != companion_id(uuid4(), event_id)
