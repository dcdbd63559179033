from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import MapperDeserialisationError

from domain.errors import Corrupt
from domain.events import CATALOGUE, EncryptedValue
from domain.events.commerce import PurchaseMade
from domain.events.governance import EventCorrected
from domain.events.service import PromiseMade
from domain.uuids import uuid_of
from ledger import codec
from ledger.codec import pack, unpack
from ledger.mapper import EVERYTHING, LedgerMapper, StoredStateError
from tests.golden.stored_states import CONTACT, GoldenKeys, stored_states

if TYPE_CHECKING:
    from domain.recorded import RecordedEvent

MAPPER = LedgerMapper(GoldenKeys())
BY_TOPIC = {golden.topic: golden for golden in stored_states()}


def read_back(topic: str, state: bytes, version: int = 7, contact: UUID = CONTACT) -> RecordedEvent:
    return MAPPER.to_event(1, contact, version, topic, state, decrypt=EVERYTHING)


def rewritten(topic: str, **places: object) -> bytes:
    """A golden state with some places of its array exchanged."""
    values = unpack(BY_TOPIC[topic].state)
    for place, value in places.items():
        values[int(place.removeprefix("at_"))] = value
    return pack(values)


def test_a_personal_field_is_sealed_and_stays_so_unless_it_is_asked_for() -> None:
    golden = BY_TOPIC["contact-registered"]
    stored = MAPPER.to_stored_event(golden.recorded())
    assert "Zoë".encode() not in stored.state
    assert b"till 4" not in stored.state
    sealed = MAPPER.to_event(1, CONTACT, 7, stored.topic, stored.state)
    assert isinstance(sealed.event.__dict__["name"], EncryptedValue)
    assert isinstance(sealed.actor, EncryptedValue)
    assert not sealed.actor.is_erased


def test_the_data_of_a_correction_is_sealed_like_its_targets() -> None:
    stored = MAPPER.to_stored_event(BY_TOPIC["event-corrected"].recorded())
    assert b"summary 1" not in stored.state
    event = MAPPER.to_event(1, CONTACT, 7, stored.topic, stored.state).event
    assert isinstance(event, EventCorrected)
    assert isinstance(event.data, PromiseMade)
    assert isinstance(event.data.summary, EncryptedValue)


def test_two_events_with_the_same_content_have_different_bytes() -> None:
    recorded = BY_TOPIC["visit-made"].recorded()
    assert MAPPER.to_stored_event(recorded).state != MAPPER.to_stored_event(recorded).state


def test_a_ciphertext_opens_in_no_other_place_than_its_own() -> None:
    topic, state = "need-discovered", BY_TOPIC["need-discovered"].state
    *envelope, need_id, stated, real = unpack(state)
    exchanged = pack([*envelope, need_id, real, stated])
    assert read_back(topic, state).event.show()["stated"] == "stated 1"
    moved: list[tuple[str, bytes, int, UUID]] = [
        (topic, state, 8, CONTACT),
        (topic, state, 7, uuid4()),
        ("need-met", state, 7, CONTACT),
        (topic, exchanged, 7, CONTACT),
    ]
    for place in moved:
        with pytest.raises(Corrupt, match="does not open"):
            read_back(*place)


def test_any_flipped_bit_of_a_sealed_field_is_found() -> None:
    state = BY_TOPIC["recognition-given"].state
    sealed = unpack(state)[8]
    for place in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[place] ^= 1
        with pytest.raises(Corrupt):
            read_back("recognition-given", rewritten("recognition-given", at_8=bytes(flipped)))


@pytest.mark.parametrize("topic", ["os:system", "domain.events.commerce:PurchaseMade", "nothing"])
def test_a_topic_outside_the_catalogue_is_an_error_and_never_an_import(topic: str) -> None:
    with pytest.raises(StoredStateError) as raised:
        read_back(topic, BY_TOPIC["visit-made"].state)
    assert isinstance(raised.value, MapperDeserialisationError)


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("visit-made", b""),
        ("visit-made", b"\xc1"),
        ("visit-made", b"not msgpack at all"),
        ("visit-made", pack([])),
        ("visit-made", pack({"schema": 1})),
        ("visit-made", pack([1, b"", b"short", 0, 0, None, None, None, 1])),
        ("visit-made", rewritten("visit-made", at_0=2)),
        ("visit-made", rewritten("visit-made", at_0="1")),
        ("visit-made", pack([*unpack(BY_TOPIC["visit-made"].state), "one field too many"])),
        ("contact-registered", rewritten("contact-registered", at_9="in clear")),
        ("contact-merged", rewritten("contact-merged", at_8=7)),
        ("event-corrected", rewritten("event-corrected", at_10=["os:system", 1])),
        ("event-corrected", rewritten("event-corrected", at_10=7)),
    ],
)
def test_damaged_state_is_corrupt_whatever_the_damage(topic: str, state: bytes) -> None:
    with pytest.raises(Corrupt):
        read_back(topic, state)
    with pytest.raises(Corrupt):
        MAPPER.to_event(1, CONTACT, 7, topic, state)


def test_a_field_that_was_appended_later_reads_as_absent_in_older_states() -> None:
    older = pack(unpack(BY_TOPIC["purchase-made"].state)[:-1])
    event = read_back("purchase-made", older).event
    assert isinstance(event, PurchaseMade)
    assert event.initiated_by == "contact"
    assert event.items is None


def test_an_older_schema_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "SCHEMAS", {**codec.SCHEMAS, "visit-made": 3})
    steps = {
        ("visit-made", 1): lambda fields: [fields[0] + 1],
        ("visit-made", 2): lambda fields: [fields[0] * 10],
    }
    monkeypatch.setattr(codec, "UPCASTS", steps)
    assert read_back("visit-made", BY_TOPIC["visit-made"].state).event.show() == {"guests": 20}


def test_an_erased_contacts_fields_read_as_erased() -> None:
    class NoKeys(GoldenKeys):
        def key(self, contact_id: UUID) -> None:
            return None

    mapper = LedgerMapper(NoKeys())
    golden = BY_TOPIC["contact-registered"]
    read = mapper.to_event(1, CONTACT, 7, golden.topic, golden.state, decrypt=EVERYTHING)
    assert read.actor == EncryptedValue(b"")
    assert read.event.show()["name"] is None
    assert read.event.show()["kind"] == "person"


def test_what_msgpack_would_bring_back_as_something_else_is_not_written() -> None:
    for value in [(1, 2), 1.5j, object()]:
        with pytest.raises(TypeError):
            pack(value)


def test_a_correction_of_every_topic_survives_storage() -> None:
    for golden in BY_TOPIC.values():
        if golden.topic == "event-corrected":
            continue
        event = EventCorrected(target=uuid4(), data=golden.event())
        recorded = BY_TOPIC["event-corrected"].recorded()
        object.__setattr__(recorded, "event", event)
        stored = MAPPER.to_stored_event(recorded)
        assert read_back(stored.topic, stored.state).event == event


def test_the_catalogue_and_the_schemas_agree() -> None:
    assert set(codec.SCHEMAS) == set(CATALOGUE)


def test_a_uuid_of_bytes_is_the_one_that_the_library_makes() -> None:
    made, known = uuid_of(bytes(range(16))), UUID(bytes=bytes(range(16)))
    assert (made, hash(made), str(made)) == (known, hash(known), str(known))
    assert made.is_safe == known.is_safe
    for wrong in (b"", bytes(15), bytes(17), "sixteen letters.", [0] * 16, None):
        with pytest.raises(ValueError, match="16 bytes"):
            uuid_of(wrong)
