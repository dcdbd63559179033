"""Stored bytes are taken only if this program would have written them so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgpack
import pytest

from domain.events import CATALOGUE
from domain.events.care import ThanksGiven
from domain.presets import PRESETS
from domain.recorded import POLICY_STREAM
from ledger.verification.strictness import Loose, check_decrypted, strict
from tests.ledger.given import ANN, SALE, append, draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.ledger import Ledger
    from ledger.stores.events import Row

STREAM = uuid4()


@pytest.fixture
def stored(ledger: Ledger) -> dict[str, Row]:
    """One event of a few types, by type."""
    told = append(ledger, draft(STREAM, "contact-registered", ANN, actor="Bea"))
    append(ledger, draft(STREAM, "purchase-made", SALE, source="till"))
    sale = ledger.event(2 + told.events[0].version).id
    corrected = {"target": str(sale), "data": {**SALE, "amount_minor": 5}}
    append(ledger, draft(STREAM, "event-corrected", corrected))
    survey = {"metric": "csat", "score": 5}
    append(ledger, draft(STREAM, "survey-answered", survey))
    ledger.publish_policy(PRESETS["cafe"], None).result()
    return {row.topic: row for row in ledger.rows(0, ledger.head())}


def check(row: Row, state: bytes, **other: Any) -> list[Any]:
    stream = other.get("stream", row.stream.bytes if not isinstance(row.stream, str) else b"")
    version, topic = other.get("version", row.version), other.get("topic", row.topic)
    return strict(stream, version, topic, state)


def changed(place: int, value: object) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [*values[:place], value, *values[place + 1 :]]


def test_what_the_ledger_stores_is_taken(stored: dict[str, Row]) -> None:
    assert len(stored) == 5
    for row in stored.values():
        assert check(row, row.state) == msgpack.unpackb(row.state)


WRONG = {
    "no schema": changed(0, None),
    "a flag for a schema": changed(0, True),
    "a newer schema": changed(0, 2),
    "a short salt": changed(1, b"salt"),
    "no id": changed(2, None),
    "the nil id": changed(2, bytes(16)),
    "a text for an instant": changed(3, "2026"),
    "an instant beyond the year 9999": changed(4, 2**60),
    "a number for a source": changed(5, 7),
    "a source of control characters": changed(5, "\x00"),
    "an actor in clear": changed(6, "Bea"),
    "an actor too short to be sealed": changed(6, b"x" * 28),
    "a short causation": changed(7, b"x"),
    "a field of another kind": changed(8, 1.5),
    "a required field missing": changed(9, None),
    "fields cut off": lambda values: values[:9],
    "one field more": lambda values: [*values, *[None] * 3],
    "an envelope cut off": lambda values: values[:5],
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("topic", ["purchase-made", "contact-registered"])
def test_a_value_that_cannot_be_stored_is_refused(
    stored: dict[str, Row], topic: str, change: Callable[[list[Any]], list[Any]]
) -> None:
    row = stored[topic]
    state = msgpack.packb(change(msgpack.unpackb(row.state)))
    with pytest.raises(Loose):
        check(row, state)


def test_the_same_values_packed_otherwise_are_refused(stored: dict[str, Row]) -> None:
    row = stored["purchase-made"]
    values = msgpack.unpackb(row.state)
    wider = b"\xdc" + len(values).to_bytes(2, "big") + row.state[1:]
    assert msgpack.unpackb(wider) == values
    with pytest.raises(Loose, match="packs it"):
        check(row, wider)


def test_fields_that_contradict_each_other_are_refused(stored: dict[str, Row]) -> None:
    row = stored["survey-answered"]
    values = msgpack.unpackb(row.state)
    state = msgpack.packb([9 if value == 5 else value for value in values])
    with pytest.raises(Loose, match="contradict"):
        check(row, state)


@pytest.mark.parametrize(
    "data",
    [None, [], ["nothing"], ["no-topic", 1], ["purchase-made", "1"], ["purchase-made", 1, 7]],
)
def test_corrected_data_is_looked_at_like_its_target(
    stored: dict[str, Row], data: list[object] | None
) -> None:
    row = stored["event-corrected"]
    values = msgpack.unpackb(row.state)
    assert values[10][0] == "purchase-made"
    with pytest.raises(Loose):
        check(row, msgpack.packb(changed(10, data)(values)))


@pytest.mark.parametrize("topic", ["", "purchase-unmade", "policy-published"])
def test_a_topic_that_does_not_belong_there_is_refused(stored: dict[str, Row], topic: str) -> None:
    row = stored["purchase-made"]
    with pytest.raises(Loose):
        check(row, row.state, topic=topic)


def test_a_stream_begins_with_a_registration(stored: dict[str, Row]) -> None:
    row = stored["purchase-made"]
    with pytest.raises(Loose, match="does not begin"):
        check(row, row.state, version=1)


def test_only_policies_stand_on_the_stream_of_policies(stored: dict[str, Row]) -> None:
    sale = stored["purchase-made"]
    with pytest.raises(Loose, match="belong"):
        check(sale, sale.state, stream=POLICY_STREAM.bytes)


def test_a_policy_is_the_one_of_its_digest_and_version(stored: dict[str, Row]) -> None:
    row = stored["policy-published"]
    values = msgpack.unpackb(row.state)
    document = values[10]
    assert isinstance(document, dict)
    other = {**document, "name": "another"}
    with pytest.raises(Loose, match="sha256"):
        check(row, msgpack.packb(changed(10, other)(values)))
    with pytest.raises(Loose, match="version"):
        check(row, row.state, version=row.version + 1)


def test_what_was_sealed_is_of_its_kind(ledger: Ledger) -> None:
    append(ledger, draft(STREAM, "contact-registered", ANN))
    event = ledger.event(2).event
    check_decrypted(event)
    event.__dict__["name"] = "x" * 201
    with pytest.raises(Loose, match="name"):
        check_decrypted(event)


def test_no_refusal_quotes_what_was_stored(stored: dict[str, Row]) -> None:
    """What is stored may be of a person, and what is refused is shown."""
    row = stored["purchase-made"]
    values = msgpack.unpackb(row.state)
    for place in range(5):
        with pytest.raises(Loose, match=r"^(?!.*Erika)"):
            check(row, msgpack.packb(changed(place, "Erika Mustermann")(values)))


def test_every_event_class_has_its_checks() -> None:
    assert ThanksGiven.TYPE in CATALOGUE
    for topic in CATALOGUE:
        with pytest.raises(Loose):
            strict(STREAM.bytes, 2, topic, msgpack.packb([1] * 8))
