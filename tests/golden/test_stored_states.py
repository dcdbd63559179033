from __future__ import annotations

from dataclasses import replace

import msgpack
import pytest

from domain.events import CATALOGUE
from ledger.mapper import EVERYTHING, LedgerMapper
from ledger.verification.strictness import Loose, strict
from tests.golden.stored_states import (
    CONTACT,
    GoldenKeys,
    StoredState,
    golden_entropy,
    stored_states,
)

STATES = stored_states()
MAPPER = LedgerMapper(GoldenKeys(), entropy=golden_entropy)


def test_every_topic_has_golden_bytes() -> None:
    assert {state.topic for state in STATES} == set(CATALOGUE)


def test_every_field_of_every_topic_is_in_some_golden_state() -> None:
    for topic, cls in CATALOGUE.items():
        filled = {name for state in STATES if state.topic == topic for name in state.data}
        assert filled == {field.name for field in cls.FIELDS}, topic


@pytest.mark.parametrize("golden", STATES, ids=lambda golden: golden.topic)
def test_an_event_is_stored_as_it_always_was(golden: StoredState) -> None:
    assert MAPPER.to_stored_event(golden.recorded()).state.hex() == golden.state.hex()


@pytest.mark.parametrize("golden", STATES, ids=lambda golden: golden.topic)
def test_what_was_stored_reads_as_the_event_it_was(golden: StoredState) -> None:
    read = MAPPER.to_event(0, CONTACT, 7, golden.topic, golden.state, decrypt=EVERYTHING)
    assert read == golden.recorded()


RECORDED_AT, OCCURRED_AT = 3, 4


def test_an_instant_that_a_clock_behind_gave_stands_alone_in_an_array() -> None:
    golden = next(state for state in STATES if state.topic == "purchase-made")
    values = msgpack.unpackb(golden.state)
    values[OCCURRED_AT] = [values[OCCURRED_AT]]
    state = msgpack.packb(values)
    read = MAPPER.to_event(0, CONTACT, 7, golden.topic, state, decrypt=EVERYTHING)
    assert read == replace(golden.recorded(), is_dated_behind=True)
    assert MAPPER.to_stored_event(read).state == state
    assert strict(CONTACT.bytes, 7, golden.topic, state) == values


@pytest.mark.parametrize("wrong", [[], [1, 2], ["1"], [[1]], [-(2**62)], "recorded_at"])
def test_no_other_array_stands_for_an_instant(wrong: object) -> None:
    golden = next(state for state in STATES if state.topic == "purchase-made")
    values = msgpack.unpackb(golden.state)
    values[OCCURRED_AT] = [values[RECORDED_AT]] if wrong == "recorded_at" else wrong
    with pytest.raises(Loose):
        strict(CONTACT.bytes, 7, golden.topic, msgpack.packb(values))
