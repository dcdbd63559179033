"""Events as they are read: what few readers ask for is made when it is first asked for."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.errors import Corrupt
from domain.recorded import RecordedEvent
from ledger.codec import pack, unpack
from ledger.mapper import EVERYTHING, NOTHING, LedgerMapper
from tests.golden.stored_states import CONTACT, GoldenKeys, stored_states

if TYPE_CHECKING:
    from collections.abc import Container

MAPPER = LedgerMapper(GoldenKeys())
STATES = stored_states()
LATER = {"id", "actor", "causation_id"}


def read(topic: str, state: bytes, decrypt: Container[str] = NOTHING) -> RecordedEvent:
    return MAPPER.to_event(1, CONTACT, 7, topic, state, decrypt=decrypt)


def made(recorded: RecordedEvent) -> RecordedEvent:
    """The same event with every field given."""
    return replace(recorded)


@pytest.mark.parametrize("topic", [golden.topic for golden in STATES])
def test_an_event_that_was_read_is_the_one_with_every_field_given(topic: str) -> None:
    state = next(golden.state for golden in STATES if golden.topic == topic)
    whole = made(read(topic, state))
    assert whole.__dict__.keys() >= LATER
    assert read(topic, state) == whole
    assert whole == read(topic, state)
    assert repr(read(topic, state)) == repr(whole)
    assert pickle.loads(pickle.dumps(read(topic, state))) == whole  # made right here
    assert copy.copy(read(topic, state)) == whole


def test_ids_and_actors_are_made_when_they_are_read_and_kept() -> None:
    golden = next(one for one in STATES if one.topic == "visit-made")
    recorded = read(golden.topic, golden.state)
    assert not recorded.__dict__.keys() & LATER
    assert recorded.id == UUID(bytes=unpack(golden.state)[2])
    assert recorded.id is recorded.id
    assert recorded.actor is recorded.actor
    assert recorded.causation_id is recorded.causation_id
    assert recorded.__dict__.keys() >= LATER


def test_a_copy_and_a_pickle_of_an_event_hold_nothing_packed() -> None:
    golden = next(one for one in STATES if one.topic == "visit-made")
    recorded = read(golden.topic, golden.state)
    for one in (copy.copy(recorded), pickle.loads(pickle.dumps(recorded))):  # as above
        assert vars(one).keys() == vars(made(recorded)).keys()


def test_an_event_lacks_what_was_neither_given_nor_packed() -> None:
    with pytest.raises(AttributeError, match="causation_id"):
        _ = RecordedEvent.create(contact_id=CONTACT).causation_id


@pytest.mark.parametrize("decrypt", [NOTHING, EVERYTHING])
@pytest.mark.parametrize("damaged", [b"short", 7, None, "sixteen letters.", bytes(17)])
@pytest.mark.parametrize("place", [2, 7])
def test_damaged_ids_are_found_when_an_event_is_read_not_when_it_is_used(
    place: int, damaged: object, decrypt: Container[str]
) -> None:
    state = next(golden.state for golden in STATES if golden.topic == "visit-made")
    values = unpack(state)
    if (place, damaged) == (7, None):
        pytest.skip("an event need have no cause")
    values[place] = damaged
    with pytest.raises(Corrupt, match="16 bytes"):
        read("visit-made", pack(values), decrypt)
