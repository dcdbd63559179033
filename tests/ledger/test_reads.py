"""What a ledger answers about what it holds."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

import pytest

from domain.errors import Corrupt, EventNotFound, Invalid
from domain.events import EncryptedValue
from domain.instants import SECOND
from domain.recorded import POLICY_STREAM
from ledger.stores.events import INDEXED_TOPICS
from tests.ledger.given import (
    ANN,
    NAMESPACE,
    NOON,
    append,
    draft,
    folder_of,
    registered,
)
from tests.ledger.inside import recorder_of

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from tests.ledger.given import HandClock


def visits(ledger: Ledger, contact_id: UUID, count: int) -> None:
    append(ledger, *[draft(contact_id, "visit-made", {"guests": n}) for n in range(count)])


def test_an_event_is_read_unsealed_by_its_position(ledger: Ledger) -> None:
    registered(ledger)
    assert ledger.event(2).event.show() == ANN
    for position in (0, 3, -1):
        with pytest.raises(EventNotFound):
            ledger.event(position)


def test_the_log_is_read_in_pages_by_position_and_type(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    visits(ledger, contact_id, 4)
    assert [r.position for r in ledger.log(limit=2)] == [1, 2]
    assert [r.position for r in ledger.log(after=2, upto=4)] == [3, 4]
    assert [r.position for r in ledger.log(types=["visit-made", "contact-registered"])] == [
        *range(2, 7)
    ]
    assert [r.position for r in ledger.log(types=["contact-registered"], after=2)] == []


def test_a_stream_is_read_by_version_and_knows_its_positions(ledger: Ledger) -> None:
    first, second = registered(ledger), registered(ledger)
    visits(ledger, first, 3)
    visits(ledger, second, 1)
    assert [(r.version, r.position) for r in ledger.stream(first)] == [
        (1, 2),
        (2, 4),
        (3, 5),
        (4, 6),
    ]
    assert [r.version for r in ledger.stream(first, after_version=1, limit=2)] == [2, 3]
    assert [r.version for r in ledger.stream(first, upto=5)] == [1, 2, 3]
    assert [r.version for r in ledger.stream(first, types=["contact-registered"])] == [1]
    assert ledger.stream(uuid4()) == []
    assert (ledger.version(first), ledger.version(uuid4())) == (4, 0)


def test_folds_read_streams_sealed_and_people_read_them_in_clear(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    (sealed,) = ledger.stream(contact_id)
    (clear,) = ledger.stream(contact_id, decrypt=True)
    assert isinstance(sealed.event.__dict__["name"], EncryptedValue)
    assert clear.event.show() == ANN


@pytest.mark.parametrize("page", [1, 2, 3, 5, 1000])
def test_all_streams_are_walked_in_contact_order_whatever_the_page(
    ledger: Ledger, page: int
) -> None:
    contacts = sorted((registered(ledger) for _ in range(4)), key=lambda c: c.bytes)
    visits(ledger, contacts[1], 4)
    head, streams = ledger.head(), partial(ledger.streams, page_events=page)
    walked = list(streams(upto=head))
    assert [contact_id for contact_id, _ in walked] == contacts
    assert [[r.version for r in events] for _, events in walked] == [[1], [1, 2, 3, 4, 5], [1], [1]]
    assert [c for c, _ in streams(after=contacts[1], upto=head)] == contacts[2:]
    assert sum(len(events) for _, events in streams(upto=6)) == 5


def test_the_policy_stream_is_in_the_log_and_among_no_contacts(ledger: Ledger) -> None:
    assert ledger.log()[0].contact_id == POLICY_STREAM
    assert list(ledger.streams(upto=1)) == []


def test_an_instant_is_found_as_the_last_position_recorded_by_then(
    ledger: Ledger, clock: HandClock
) -> None:
    contact_id = registered(ledger)
    for _ in range(5):
        clock.move(10)
        visits(ledger, contact_id, 2)
    assert ledger.position_at(NOON - 1) == 0
    assert ledger.position_at(NOON) == 2
    assert ledger.position_at(NOON + 10 * SECOND - 1) == 2
    assert ledger.position_at(NOON + 10 * SECOND) == 4
    assert ledger.position_at(NOON + 999 * SECOND) == ledger.head() == 12
    assert ledger.recorded_at(12) == NOON + 50 * SECOND


def test_a_contact_is_named_by_uuid_or_by_source_and_ref(ledger: Ledger) -> None:
    contact_id = uuid4()
    assert ledger.contact_id(str(contact_id).upper()) == contact_id
    assert ledger.contact_id("pos:17850") == uuid5(NAMESPACE, "pos:17850")
    assert ledger.contact_id("pos:a:b/ü") == uuid5(NAMESPACE, "pos:a:b/ü")
    assert ledger.contact_id("pos:A") != ledger.contact_id("pos:a")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "pos",
        "pos:",
        ":ref",
        "POS:1",
        "p s:1",
        "x" * 33 + ":1",
        "pos:" + "ü" * 101,
        "00000000-0000-0000-0000-000000000000",
        "0198c1f05a527c3e9d7b3f0d6a1b2c4d",
    ],
)
def test_what_names_no_contact_is_a_value_error(ledger: Ledger, name: str) -> None:
    with pytest.raises(ValueError, match=r"must|valid|nil"):
        ledger.contact_id(name)


@pytest.mark.parametrize("ref", ["\ud800", "7 ", "a\x00b", "\u200b"])
def test_a_ref_that_is_no_such_text_is_invalid(ledger: Ledger, ref: str) -> None:
    with pytest.raises(Invalid) as refused:
        ledger.contact_id(f"pos:{ref}")
    assert refused.value.code == "invalid-text"


def test_rare_topics_are_read_from_an_index(ledger: Ledger) -> None:
    statements: list[str] = []
    datastore = recorder_of(ledger).datastore
    with datastore.get_connection(commit=False) as connection:
        connection._sqlite_conn.set_trace_callback(statements.append)
    ledger.log(types=["contact-merged", "merge-reversed"])
    (statement,) = [s for s in statements if s.startswith("SELECT")]
    with datastore.transaction(commit=False) as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + statement)
        plan = " ".join(row["detail"] for row in cursor.fetchall())
    assert "stored_events_topics" in plan
    assert {"contact-merged", "merge-reversed"} <= set(INDEXED_TOPICS)


def test_a_changed_byte_in_the_database_is_corrupt_and_names_the_position(
    ledger: Ledger,
) -> None:
    registered(ledger)
    other = sqlite3.connect(folder_of(ledger) / "events.sqlite")
    other.execute("UPDATE stored_events SET state = zeroblob(20) WHERE position = 2")
    other.commit()
    other.close()
    with pytest.raises(Corrupt, match="position 2"):
        ledger.log()
