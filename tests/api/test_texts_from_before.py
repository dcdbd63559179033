"""What was stored before texts had a rule: it stays, answers, is known again and can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID, uuid4, uuid5

import pytest

from domain.events import CATALOGUE
from ledger.drafts import Append, Draft
from tests.api.lines import ledger_of
from tests.api.shop import START, problem_of, purchase, registration
from tests.api.test_texts import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.server import Server
    from ledger.ledger import Ledger
    from tests.api.shop import Json, Shop

OLD = (" ", "\u200b", "a\u202eb", "e\u0301", " x ", "a\nb", "a\r\nb", "a\rb", "\x85a", "plain")
"""Texts that were taken before there was a rule."""

APART, WHOLE = "pos:Rene\u0301", "pos:Ren\u00e9"


def stored_before(ledger: Ledger, contact: str, *events: Json) -> list[int]:
    """Record these byte for byte, as it was done before; where they stand."""
    drafts = tuple(
        Draft(
            contact_id=uuid5(ledger.namespace, contact),
            type=one["type"],
            id=UUID(one["id"]) if "id" in one else None,
            source=one.get("source"),
            actor=one.get("actor"),
            event=CATALOGUE[one["type"]].read_kept(one["data"]),
        )
        for one in events
    )
    return [one.position for one in ledger.append(Append(drafts)).result(30).events]


def path_of(shop: Shop, contact: str) -> str:
    return f"{shop.base}/contacts/{quote(contact, safe='')}"


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_resend_of_what_is_refused_today_is_known(
    shop: Shop, server: Server, field: tuple[Callable[[str], Json], str, Any]
) -> None:
    made, ledger = field[0], ledger_of(shop, server)
    for number, text in enumerate(OLD):
        contact = f"pos:{number}"
        event = {**made(text), "id": str(uuid4())}
        if event["type"] != "contact-registered":
            shop.register(contact)
        (position,) = stored_before(ledger, contact, event)
        again = shop.append(contact, event)
        # Sent again, a registration makes addresses of its refs, which it did not before.
        is_address = "refs" in event["data"] and text in ("e\u0301", "plain")
        outcome = (again.status_code, again.json()["replayed"])
        assert outcome == (201 if is_address else 200, True), (text, again.text)
        assert again.json()["events"][0]["position"] == position
        other = shop.append(contact, {**made(f"{text}y"), "id": event["id"]})
        assert problem_of(other, 409, "event-id-reused")["position"] == position


def test_the_same_in_another_spelling_is_known_as_well(shop: Shop, server: Server) -> None:
    event = {**registration("Rene\u0301"), "id": str(uuid4())}
    stored_before(ledger_of(shop, server), "pos:1", event)
    composed = {**event, **registration("Ren\u00e9")}
    assert shop.append("pos:1", composed).json()["replayed"]
    del composed["id"]
    already_so = shop.append("pos:1", composed)
    assert (already_so.status_code, already_so.json()["events"]) == (200, [])


@pytest.mark.parametrize("ref", ["7 ", " 7", "a\nb", "\u202ex", "\u200b", "e\u0301", "\u212b"])
def test_a_contact_under_the_bytes_as_they_were_sent_still_answers(
    shop: Shop, server: Server, ref: str
) -> None:
    name, ledger = f"pos:{ref}", ledger_of(shop, server)
    stored_before(ledger, name, registration())
    assert shop.client.get(path_of(shop, name)).json()["version"] == 1
    answer = shop.append(name, purchase("p1"))
    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    stream = str(uuid5(ledger.namespace, name))
    assert answer.json()["contact_id"] == stream
    line = shop.post("/events", [{"contact": name, **purchase("p2")}])
    assert line.json()["events"][0]["contact_id"] == stream
    assert problem_of(shop.append(f"pos:x{ref} ", registration()), 422, "invalid-text")


def test_no_second_stream_is_begun_beside_one_from_before(shop: Shop, server: Server) -> None:
    ledger = ledger_of(shop, server)
    stored_before(ledger, APART, registration())
    for name in (APART, WHOLE):
        answer = shop.append(name, registration("Somebody else"))
        assert problem_of(answer, 409, "refused")["reason"] == "contact-already-registered"
        assert shop.append(name, purchase(f"p{len(name)}")).status_code == 201
    assert shop.client.get(path_of(shop, WHOLE)).json()["version"] == 3
    assert not ledger.registered_contacts([uuid5(ledger.namespace, WHOLE)])


def test_two_contacts_from_before_keep_their_own_names(shop: Shop, server: Server) -> None:
    ledger = ledger_of(shop, server)
    for name in (APART, WHOLE):
        stored_before(ledger, name, registration())
    for name in (APART, WHOLE):
        found = shop.client.get(path_of(shop, name)).json()["contact_id"]
        assert found == str(uuid5(ledger.namespace, name))


def test_a_cloud_event_from_before_is_known_by_the_bytes_of_its_id(
    shop: Shop, server: Server
) -> None:
    ledger = ledger_of(shop, server)
    shop.register("pos:1")
    for number, (source, sent_id) in enumerate(
        (("cafe\u0301", "1"), ("till", "e\u0301"), ("till", "a\u202eb"), ("till ", " 2"))
    ):
        event = {**purchase(f"p{number}"), "source": source}
        stored = {**event, "id": str(uuid5(ledger.namespace, f"{source}\n{sent_id}"))}
        (position,) = stored_before(ledger, "pos:1", stored)
        answer = shop.client.post(
            f"{shop.base}/events",
            json={"specversion": "1.0", "subject": "pos:1", **event, "id": sent_id},
            headers={"Content-Type": "application/cloudevents+json"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["position"] == position


@pytest.mark.parametrize(("before", "today"), [("p1 ", "p1"), ("e\u0301", "\u00e9")])
def test_a_purchase_from_before_can_be_given_back(
    shop: Shop, server: Server, before: str, today: str
) -> None:
    stored_before(ledger_of(shop, server), "pos:1", registration(), purchase(before))
    data = {"purchase_id": today, "amount_minor": 1250, "currency": "EUR"}
    answer = shop.append("pos:1", {"type": "purchase-reversed", "data": data})
    assert answer.status_code == 201
    again = shop.append("pos:1", {"type": "purchase-reversed", "data": data})
    assert problem_of(again, 409, "refused")["reason"] == "beyond-what-is-left"
    status = shop.get("/contacts/pos:1/status", min_position=answer.json()["position"])
    assert status.json()["stage"] == "contact"


def test_an_id_from_before_is_in_use_in_every_spelling(shop: Shop, server: Server) -> None:
    stored_before(ledger_of(shop, server), "pos:1", registration(), purchase("e\u0301"))
    answer = shop.append("pos:1", purchase("\u00e9"))
    assert problem_of(answer, 409, "refused")["reason"] == "id-in-use"


def test_a_correction_keeps_the_id_from_before(shop: Shop, server: Server) -> None:
    sold = {**purchase("p1 "), "id": str(uuid4())}
    stored_before(ledger_of(shop, server), "pos:1", registration(), sold)
    data = {**purchase("p1")["data"], "amount_minor": 900}
    corrected = {"type": "event-corrected", "data": {"target": sold["id"], "data": data}}
    answer = shop.append("pos:1", corrected)
    assert answer.status_code == 201
    event = shop.get(f"/events/{answer.json()['position']}").json()
    assert event["data"]["data"]["purchase_id"] == "p1 "


def test_a_consent_from_before_can_be_taken_back(shop: Shop, server: Server) -> None:
    def said(purpose: str, granted: bool) -> Json:
        data = {"purpose": purpose, "channel": "mail", "granted": granted}
        return {"type": "consent-changed", "data": data}

    stored_before(ledger_of(shop, server), "pos:1", registration(), said("offers ", True))
    query = {"consent_purpose": "offers", "consent_channel": "mail", "min_position": 3}
    assert len(shop.get("/contacts", **query).json()["items"]) == 1
    shop.clock.instant = START + 1_000_000
    assert shop.append("pos:1", said("offers", False)).status_code == 201
    assert shop.get("/contacts", **query).json()["items"] == []
