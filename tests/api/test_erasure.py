"""Erasing a person over HTTP: what is answered, what reads say afterwards, and what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.api.log_reading import sealed
from tests.api.shop import problem_of, purchase, registration
from tests.trail_entries import done

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop

NAME = "Wilhelmina Marker"
WISH = {"requested_by": "the person", "reason": f"{NAME} asked by letter"}


@pytest.fixture
def filled(shop: Shop) -> Shop:
    """A shop with somebody who bought, was noted down, and is to be forgotten."""
    note = {"type": "preference-learned", "data": {"key": "seat", "value": f"{NAME}, window"}}
    sent = shop.append("pos:1", {**registration(NAME), "actor": NAME}, purchase("p1"), note)
    assert sent.status_code == 201
    last = shop.register("pos:2", "Somebody Else").json()["position"]
    assert shop.get("/contacts", min_position=last).status_code == 200
    return shop


def erased(shop: Shop, contact: str = "pos:1") -> httpx.Response:
    answer = shop.post(f"/contacts/{contact}/erasure", WISH)
    assert answer.status_code == 200, answer.text
    return answer


def test_the_answer_lists_what_was_done_and_what_it_cannot_reach(filled: Shop) -> None:
    answer = erased(filled)
    told = answer.json()
    assert [one["code"] for one in told["done"]] == ["recorded", "keys-destroyed", "memory-cleared"]
    assert "key-backups" in {one["code"] for one in told["remains"]}
    assert answer.headers["rapport-position"] == str(told["position"])
    event = filled.get(f"/events/{told['position']}").json()
    assert event["id"] == told["contacts"][0]["event"]
    assert event["data"] == {"requested_by": "the person", "reason": None}


def test_asked_again_it_answers_the_same(filled: Shop) -> None:
    first = erased(filled)
    again = filled.post("/contacts/pos:1/erasure", {"requested_by": "a court", "reason": "order"})
    assert again.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_every_read_shows_it(filled: Shop) -> None:
    before = filled.get("/contacts/pos:1/status", explain="text")
    assert NAME in filled.get("/contacts", name="marker").text
    assert before.json()["evidence_erased"] is False
    assert filled.get("/contacts/pos:1/status").json()["evidence_erased"] is False
    position = erased(filled).json()["position"]
    assert filled.get("/contacts/pos:1/status").json()["evidence_erased"] is True
    contact = filled.get("/contacts/pos:1", min_position=position).json()
    assert (contact["name"], contact["refs"], contact["version"]) == (None, [], 4)
    assert filled.get("/contacts", name="marker").json()["items"] == []
    status = filled.get("/contacts/pos:1/status", explain="text").json()
    assert status["evidence_erased"] is True
    assert "Personal data was erased" in status["explanation"]
    assert status["stage"] == before.json()["stage"]
    sealed(filled, position)
    receipt = filled.get("/contacts/pos:1/status/receipt", as_known_at=position).json()
    assert receipt["answer"]["evidence_erased"] is True
    events = filled.get("/contacts/pos:1/events").json()["items"]
    assert (events[0]["data"]["name"], events[0]["actor"]) == (None, None)
    assert events[1]["data"]["amount_minor"] == 1250
    for path in ("/events", "/contacts/pos:1/events", "/contacts", "/statuses"):
        assert NAME not in filled.get(path).text
    exported = filled.client.get(f"{filled.base}/events", headers={"Accept": "application/jsonl"})
    assert NAME not in exported.text
    assert exported.text.count("\n") == position


def test_whoever_was_merged_is_erased_too_and_answers_for_all(filled: Shop) -> None:
    into = filled.get("/contacts/pos:2").json()["contact_id"]
    filled.append("pos:1", {"type": "contact-merged", "data": {"into": into}})
    answer = erased(filled)
    assert answer.json()["contact_id"] == into
    assert len(answer.json()["contacts"]) == 2
    assert answer.headers["content-location"].endswith(f"/contacts/{into}/erasure")
    assert filled.get("/contacts/pos:1").json()["name"] is None
    assert filled.get("/contacts", name="somebody").json()["items"] == []


def test_personal_data_is_refused_from_then_on_and_the_rest_is_not(filled: Shop) -> None:
    erased(filled)
    refused = filled.append("pos:1", registration(NAME))
    assert problem_of(refused, 409, "refused")["reason"] == "contact-erased"
    assert NAME not in refused.text
    assert filled.append("pos:1", purchase("p2")).status_code == 201


def test_a_repeated_append_answers_as_before(filled: Shop) -> None:
    sent = {**registration(NAME), "id": str(uuid4())}
    first = filled.append("pos:3", sent)
    erased(filled, "pos:3")
    again = filled.append("pos:3", sent)
    assert again.status_code == 200
    assert again.json()["events"][0]["position"] == first.json()["events"][0]["position"]


def test_what_is_not_an_erasure_is_refused_and_nothing_is_done(filled: Shop) -> None:
    problem_of(filled.post("/contacts/pos:9/erasure", WISH), 404, "contact-not-found")
    wrong = problem_of(filled.post("/contacts/pos:1/erasure", {"why": 1}), 422, "invalid-request")
    assert {(e["pointer"], e["code"]) for e in wrong["errors"]} == {
        ("/requested_by", "missing"),
        ("/reason", "missing"),
        ("/why", "unknown-field"),
    }
    assert filled.get("/contacts/pos:1").json()["name"] == NAME


def test_it_stands_in_the_audit_trail_without_a_word_of_why(filled: Shop) -> None:
    contact = erased(filled).json()["contact_id"]
    trail = filled.get("/trail")
    assert done(trail.json()["items"]) == [("erasure", contact)]
    assert NAME not in trail.text
