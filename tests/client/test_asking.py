"""Appending and reading: nothing doubles, nothing is swallowed, and answers have types."""

from __future__ import annotations

import asyncio
import inspect
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from api.service.receipts.checking import check_receipt
from ledger.transparency.checkpoints import verify_checkpoint
from ledger.transparency.notes import Verifier
from rapport_client import (
    AsyncClient,
    Client,
    EventIdReused,
    InvalidRequest,
    NewEvent,
    NotFound,
    Refused,
    Unavailable,
    Unreachable,
    VersionMismatch,
)
from tests.client.network import Network, busy, lost, purchase
from tests.fixtures.registrations import registration_event

if TYPE_CHECKING:
    from tests.client.network import Address


def test_an_event_has_its_id_before_it_is_sent() -> None:
    made = [purchase(str(number)).id for number in range(1000)]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}


def test_an_append_whose_answer_is_lost_is_recorded_once(address: Address) -> None:
    network = Network()
    with address.client(lost, lost, busy, network=network) as client:
        done = client.append("pos:1", registration_event(), purchase("1"))
    assert done.replayed, "the first try was recorded, the fourth heard of"
    assert (done.version, [one.version for one in done.events]) == (2, [1, 2])
    assert len({request.content for request in network.requests}) == 1
    assert network.pauses == [0.05, 0.1, 7.2]
    with address.client() as client:
        assert [event.version for event in client.stream("pos:1")] == [1, 2]


def test_a_condition_does_not_turn_a_lost_answer_into_a_conflict(address: Address) -> None:
    """The version is not what it was: the first try made it so."""
    with address.client(lost) as client:
        assert client.append("pos:1", registration_event(), if_new=True).version == 1
        assert client.append("pos:1", purchase("1"), if_version=1).version == 2


def test_whoever_gave_up_may_send_the_same_event_another_day(address: Address) -> None:
    sale = purchase("1")
    with address.client(tries=2) as client:
        client.append("pos:1", registration_event())
    with address.client(lost, lost, tries=2) as client:
        with pytest.raises(Unreachable):
            client.append("pos:1", sale)
        again = client.append("pos:1", sale)
        assert again.replayed
        assert client.append_many([("pos:1", sale)]).position == again.position


def test_one_act_is_recorded_for_everybody_or_for_nobody(client: Client) -> None:
    for name in ("pos:1", "pos:2"):
        client.append(name, registration_event())
    visit = NewEvent("visit-made", {"guests": 1})
    done = client.append_for_all(["pos:1", "pos:2", "pos:1"], visit)
    assert (len(done.events), done.replayed) == (2, False)
    assert len({one.id for one in done.events} - {visit.id}) == 2
    again = client.append_for_all(["pos:2", "pos:1"], visit)
    assert (again.position, again.replayed) == (done.position, True)
    with pytest.raises(Refused):
        client.append_for_all(["pos:1", "pos:3"], NewEvent("visit-made", {"guests": 2}))
    assert [one.type for one in client.stream("pos:1")] == ["contact-registered", "visit-made"]


def test_problems_have_classes_and_fields(client: Client) -> None:
    sale = purchase("1")
    with pytest.raises(Refused) as refused:
        client.append("pos:1", sale)
    assert (refused.value.reason, refused.value.status) == ("contact-unregistered", 409)
    client.append("pos:1", registration_event(), sale)
    with pytest.raises(VersionMismatch) as mismatch:
        client.append("pos:1", purchase("2"), if_version=1)
    assert mismatch.value.current_version == 2
    with pytest.raises(EventIdReused) as reused:
        client.append("pos:1", NewEvent("visit-made", {"guests": 1}, id=sale.id))
    assert (reused.value.event_id, reused.value.position) == (sale.id, 3)
    with pytest.raises(InvalidRequest) as invalid:
        client.append("pos:1", NewEvent("visit-made", {"guests": -1}))
    assert [error["pointer"] for error in invalid.value.errors] == ["/0/data/guests"]
    with pytest.raises(NotFound, match="no such") as missing:
        client.status("pos:2")
    assert missing.value.code == "contact-not-found"
    assert (missing.value.instance or "").startswith("urn:uuid:")


def test_a_problem_is_told_at_once_and_not_tried_again(address: Address) -> None:
    network = Network()
    with address.client(network=network) as client, pytest.raises(Refused):
        client.append("pos:1", purchase("1"))
    assert len(network.requests) == 1


def test_a_server_that_stays_busy_is_told_as_such(address: Address) -> None:
    with address.client(*[busy] * 5) as client, pytest.raises(Unavailable) as caught:
        client.append("pos:1", registration_event())
    assert caught.value.retry_after_seconds == 7


def test_reading_has_types(client: Client) -> None:
    bought_at = datetime(2026, 2, 1, 12, tzinfo=UTC)
    sale = NewEvent("purchase-made", purchase("1").data, occurred_at=bought_at, source="till")
    done = client.append("a:Zoë/7%", registration_event("Zoë\u2028Li"), sale)
    contact = client.contact("a:Zoë/7%", min_position=done.position)
    assert (contact.contact_id, contact.name) == (done.contact_id, "Zoë\u2028Li")
    status = client.status(done.contact_id, min_position=done.position)
    assert (status.stage, status.policy_version) == ("customer", 1)
    assert status.since == bought_at
    assert [one.events for one in status.signals if one.name == "regularity"] == [(sale.id,)]
    before = datetime(2026, 1, 1, tzinfo=UTC)
    assert client.status(done.contact_id, as_of=before).stage == "contact"
    assert client.status(done.contact_id, as_known_at=done.position - 1).stage == "contact"
    *_, last = client.history(done.contact_id).intervals
    assert (last.stage, last.to, last.from_) == ("customer", None, bought_at)
    event = client.event(done.position)
    assert (event.id, event.source, event.occurred_at) == (sale.id, "till", bought_at)


def test_the_log_and_streams_are_read_page_by_page(address: Address) -> None:
    network = Network()
    with address.client(lost, busy, network=network) as client:
        client.append("pos:1", registration_event(), *(purchase(str(n)) for n in range(6)))
        assert [event.position for event in client.log(page=2)] == list(range(1, 9))
        positions = [e.position for e in client.log(after_position=4, types=["purchase-made"])]
        assert positions == [5, 6, 7, 8]
        assert [event.version for event in client.stream("pos:1", page=3)] == list(range(1, 8))
        assert [e.version for e in client.stream("pos:1", after_version=5)] == [6, 7]
        before = len(network.requests)
        assert next(client.log(page=1)).position == 1
        assert len(network.requests) == before + 1


def test_an_instant_without_a_time_zone_is_not_sent() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        NewEvent("visit-made", {"guests": 0}, occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001  # the point of it


def test_the_asynchronous_client_appends_and_reads_alike(address: Address) -> None:
    async def visit() -> None:
        async with address.async_client(lost, busy) as client:
            done = await client.append("pos:1", registration_event(), purchase("1"))
            assert done.replayed
            with pytest.raises(Refused):
                await client.append("pos:2", purchase("2"))
            assert [event.position async for event in client.log(page=1)] == [1, 2, 3]
            assert [event.version async for event in client.stream("pos:1")] == [1, 2]
            status = await client.status("pos:1", min_position=done.position)
            assert status.stage == (await client.history("pos:1")).intervals[-1].stage == "customer"
            assert (await client.contact("pos:1")).contact_id == done.contact_id
            assert (await client.event(2)).type == "contact-registered"
            again = await client.append_many([("pos:1", purchase("3"))])
            assert again.position == 4

    asyncio.run(visit())


def test_both_clients_offer_the_same() -> None:
    def offered(cls: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(cls, inspect.isfunction)
            if not name.startswith("_")
        }

    assert offered(Client) == offered(AsyncClient)


def test_a_receipt_and_a_checkpoint_are_given_byte_for_byte(address: Address) -> None:
    with address.client(lost) as client:
        done = client.append("pos:receipt", registration_event(), purchase("1"))
        receipt = client.receipt("pos:receipt", min_position=done.position)
        earlier = client.receipt("pos:receipt", as_known_at=done.position - 1, policy_version=1)
        note = client.checkpoint()
        keys = client.verifier_keys()

    async def asked() -> tuple[bytes, bytes]:
        async with address.async_client(lost) as client:
            assert await client.verifier_keys() == keys
            known = done.position
            found = await client.receipt("pos:receipt", as_known_at=known)
            return found, await client.checkpoint()

    verifiers = [Verifier.read(key) for key in keys]
    again, newer = asyncio.run(asked())
    assert verify_checkpoint(newer, verifiers).size >= done.position
    assert check_receipt(receipt, verifiers).position == done.position
    assert check_receipt(again, verifiers).position == done.position
    assert check_receipt(earlier, verifiers).answer["policy_version"] == 1
    assert verify_checkpoint(note, verifiers).size >= done.position
