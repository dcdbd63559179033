"""A name that nobody registered is an address of a contact while it is merged into that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

from api.service.receipts.checking import check_receipt
from domain.instants import DAY, format_instant
from ledger.transparency.notes import Verifier
from tests.api.asking import answered
from tests.api.lines import lines, of, outcomes, send
from tests.api.shop import START, problem_of, purchase, registration

if TYPE_CHECKING:
    from api.service.server import Server
    from tests.api.shop import Json, Shop

MERGE: Json = {"type": "contact-merged", "data": {"into": "till:1001"}}
UNMERGE: Json = {"type": "merge-reversed", "data": {"into": "till:1001"}}
LIKING: Json = {"type": "preference-learned", "data": {"key": "seat", "value": "window"}}


def appended(shop: Shop, contact: str, *events: Json, **headers: str) -> Json:
    answer = shop.append(contact, *events, **headers)
    assert answer.status_code in (200, 201), answer.text
    body: Json = answer.json()
    return body


def reason(shop: Shop, contact: str, event: Json) -> str:
    return str(problem_of(shop.append(contact, event), 409, "refused")["reason"])


def sold(number: str, days: int) -> Json:
    return purchase(number, START + days * DAY)


def ada(shop: Shop) -> Json:
    """Ada is registered by the till, and web:1001 is an address of hers, where she bought."""
    first = {**registration("Ada"), "occurred_at": format_instant(START - 100 * DAY)}
    till = appended(shop, "till:1001", first, sold("1001", -9))["contact_id"]
    web = appended(shop, "web:1001", MERGE)
    return {"till": till, "web": web["contact_id"], "merged": web["position"]}


def test_an_address_takes_events_that_count_for_the_contact(shop: Shop) -> None:
    known = ada(shop)
    told = appended(shop, "web:1001", sold("1001", -5), If_Match='"1"')
    assert (told["contact_id"], told["counts_for"]) == (known["web"], known["till"])
    assert told["version"] == 2
    (line,) = outcomes(send(shop, lines(of("web:1001", LIKING))))
    assert (line["status"], line["counts_for"]) == (201, known["till"])
    (one,) = shop.post("/events", [{"contact": "web:1001", **LIKING}]).json()["events"]
    assert (one["contact_id"], one["counts_for"]) == (known["web"], known["till"])

    answer = shop.get("/contacts/web:1001")
    assert answer.headers["content-location"].endswith(f"/contacts/{known['till']}")
    assert [(one["contact_id"], one["version"]) for one in answer.json()["streams"]] == [
        (known["till"], 2),
        (known["web"], 4),
    ]
    found = shop.get("/contacts/web:1001/status").json()
    assert (found["contact_id"], found["stage"]) == (known["till"], "customer")
    assert len(shop.get("/contacts/web:1001/events", group=True).json()["items"]) == 6
    asked = {"min_position": line["position"] + 1}
    assert shop.get("/contacts/web:1001/referrals", **asked).json()["contact_id"] == known["till"]
    assert shop.get("/events", contact="web:1001", types="purchase-made").json()["items"]
    assert reason(shop, "till:1001", {**sold("1001", -5)}) == "id-in-use"


def test_an_address_is_nobody_before_the_merge_and_after_its_undoing(shop: Shop) -> None:
    assert reason(shop, "web:1001", LIKING) == "contact-unregistered"
    assert reason(shop, "web:1001", UNMERGE) == "contact-unregistered"
    known = ada(shop)
    told = appended(shop, "web:1001", sold("2", -3), LIKING)
    during = told["position"]
    past = {"as_known_at": during, "as_of": format_instant(START)}
    believed = shop.get("/contacts/web:1001/status", **past).json()

    undone = appended(shop, "web:1001", UNMERGE)
    assert undone["counts_for"] is None
    assert appended(shop, "web:1001", UNMERGE)["events"] == []
    for path in ("", "/status", "/status/history", "/standing", "/events", "/referrals", "/export"):
        problem_of(shop.get(f"/contacts/web:1001{path}"), 404, "contact-not-found")
    for event in (LIKING, sold("3", -2)):
        assert reason(shop, "web:1001", event) == "contact-unregistered"
    before = shop.get("/contacts/web:1001/status", as_known_at=known["merged"] - 1)
    problem_of(before, 404, "contact-not-found")
    assert shop.get("/contacts/web:1001/status", **past).json() == believed
    streams = shop.get("/events", contact="web:1001").json()["items"]
    assert [one["type"] for one in streams] == [
        "contact-merged", "purchase-made", "preference-learned", "merge-reversed",
    ]  # fmt: skip
    listed = shop.get("/statuses", min_position=undone["position"]).json()["items"]
    assert [one["contact_id"] for one in listed] == [known["till"]]
    restated = shop.get("/restatements", min_position=undone["position"]).json()["items"]
    assert known["web"] not in [one["contact_id"] for one in restated]

    again = appended(shop, "web:1001", MERGE)
    assert again["counts_for"] == known["till"]
    assert shop.get("/contacts/web:1001/status", **past).json() == believed


def test_receipts_and_replays_of_every_past_moment_stay_true(shop: Shop) -> None:
    known = ada(shop)
    keys = [Verifier.read(line) for line in shop.get("/log/key").text.splitlines()]
    during = appended(shop, "web:1001", sold("2", -3), LIKING)["position"]
    moments = (known["merged"] - 1, during)
    asked = [{"as_of": format_instant(START), "as_known_at": one} for one in moments]
    before = [answered(shop, "/replays", one) for one in asked]
    receipts = [shop.get("/contacts/till:1001/status/receipt", **one).content for one in asked]
    by_address = shop.get("/contacts/web:1001/status/receipt", **asked[1]).content

    appended(shop, "web:1001", UNMERGE)
    appended(shop, "web:1001", registration("Bo"), sold("3", -1))
    appended(shop, "web:1001", MERGE)
    shop.post("/contacts/web:1001/erasure", {"requested_by": "them", "reason": "asked"})
    appended(shop, "web:1001", UNMERGE)

    for one, receipt, (account, rows) in zip(asked, receipts, before, strict=True):
        again = answered(shop, "/replays", one)
        assert again[1] == rows
        assert again[0]["digest"] == account["digest"]
        found = check_receipt(receipt, keys)
        told = shop.get("/contacts/till:1001/status", **one).json()
        assert told == found.answer
    group = check_receipt(by_address, keys)
    assert (str(group.contact_id), group.answer["stage"]) == (known["till"], "customer")
    streams = json.loads(by_address)["completeness"]["streams"]
    shown = [(one["stream"], one["role"], one["newest_version"]) for one in streams]
    assert shown[:2] == [(known["till"], "contact", 2), (known["web"], "merged", 3)]


def test_merging_names_the_survivor_and_refuses_what_would_close_a_circle(shop: Shop) -> None:
    known = ada(shop)
    into = {"type": "contact-merged", "data": {"into": "web:1001"}}
    problem = problem_of(shop.append("list:a", into), 409, "refused")
    assert (problem["reason"], problem["into"]) == ("contact-merged", known["till"])
    assert reason(shop, "till:1001", into) == "contact-merged"
    unknown = {"type": "contact-merged", "data": {"into": "list:b"}}
    assert reason(shop, "list:a", unknown) == "contact-unregistered"
    sent = {"referral_id": "r", "other": "web:1001", "direction": "inbound", "level": 3}
    assert reason(shop, "till:1001", {"type": "referral-made", "data": sent}) == "self-referral"
    shop.register("till:2")
    appended(shop, "till:2", {"type": "referral-made", "data": sent})
    (received,) = shop.get("/events", types="referral-received").json()["items"]
    assert received["contact_id"] == known["web"]
    (made,) = shop.get("/contacts/till:1001/referrals", min_position=received["position"]).json()[
        "received"
    ]
    assert (made["stream"], made["other"]) == (made["by"], known["till"])


def test_a_status_of_a_group_is_kept_until_any_of_its_streams_goes_on(
    shop: Shop, server: Server
) -> None:
    known = ada(shop)
    kept = server.ledger(shop.base.rpartition("/")[2]).statuses
    first = shop.get("/contacts/web:1001/status")
    survivor = UUID(known["till"])
    assert kept.get(survivor, shop.clock()) is not None
    again = shop.get("/contacts/web:1001/status")
    assert again.content == first.content == shop.get("/contacts/till:1001/status").content
    assert again.headers["content-location"] == first.headers["content-location"]
    appended(shop, "web:1001", sold("9", -1))
    assert kept.get(survivor, shop.clock()) is None
