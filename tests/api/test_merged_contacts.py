"""A merged contact goes on taking events on its own stream, and they count for its survivor."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from api.service.receipts.checking import check_receipt
from domain.instants import DAY, format_instant
from ledger.transparency.notes import Verifier
from tests.api.lines import lines, of, outcomes, send
from tests.api.shop import START, problem_of, purchase, registration

if TYPE_CHECKING:
    from tests.api.shop import Json, Shop

MERGE: Json = {"type": "contact-merged", "data": {"into": "pos:new"}}
UNMERGE: Json = {"type": "merge-reversed", "data": {"into": "pos:new"}}

OPENINGS: dict[str, Json] = {
    "complaint-raised": {"complaint_id": "c1", "severity": 3, "public": False},
    "promise-made": {"promise_id": "p1"},
    "engagement-opened": {"engagement_id": "e1", "role": "buyer", "capacity": "client"},
    "subscription-started": {
        "subscription_id": "s1", "plan": "bread", "amount_minor": 900, "currency": "EUR",
        "term_days": 30,
    },
    "purchase-made": purchase("b1")["data"],
    "need-discovered": {"need_id": "n1"},
    "advice-given": {"advice_id": "a1"},
}  # fmt: skip
SETTLINGS: list[tuple[str, Json]] = [
    ("complaint-acknowledged", {"complaint_id": "c1"}),
    ("complaint-resolved", {"complaint_id": "c1", "satisfied": True}),
    ("promise-kept", {"promise_id": "p1"}),
    ("disclosure-acknowledged", {"engagement_id": "e1", "form": "f", "form_version": "1"}),
    ("engagement-closed", {"engagement_id": "e1"}),
    ("subscription-renewed", {"subscription_id": "s1", "automatic": True, "reminded": True}),
    ("subscription-cancelled", {"subscription_id": "s1"}),
    ("purchase-reversed", {"purchase_id": "b1", "amount_minor": 1250, "currency": "EUR"}),
    ("need-met", {"need_id": "n1"}),
    ("advice-accepted", {"advice_id": "a1"}),
]


def said(type_name: str, data: Json, days: int = 0) -> Json:
    at = format_instant(START + days * DAY)
    return {"type": type_name, "occurred_at": at, "data": data}


def appended(shop: Shop, contact: str, *events: Json, **headers: str) -> Json:
    answer = shop.append(contact, *events, **headers)
    assert answer.status_code in (200, 201), answer.text
    body: Json = answer.json()
    return body


def reason(shop: Shop, contact: str, event: Json) -> str:
    problem = problem_of(shop.append(contact, event), 409, "refused")
    return str(problem["reason"])


@pytest.fixture
def merged(shop: Shop) -> tuple[str, str]:
    """Old, which is merged into new: both are registered, and have their ids."""
    first = {**registration("Old"), "occurred_at": format_instant(START - 100 * DAY)}
    new = appended(shop, "pos:new", {**first, **registration("New")})["contact_id"]
    old = appended(shop, "pos:old", first, MERGE)["contact_id"]
    return old, new


def test_what_was_open_at_a_merge_is_settled_on_the_stream_where_it_stands(shop: Shop) -> None:
    shop.register("pos:new")
    shop.register("pos:old")
    opened = [said(name, data, -20) for name, data in OPENINGS.items()]
    appended(shop, "pos:old", *opened, MERGE)
    before = shop.get("/contacts/pos:new/status").json()
    assert "complaint_hold" in before["flags"]
    assert len(before["legal_capacity"]) == 1
    for type_name, data in SETTLINGS:
        assert reason(shop, "pos:new", said(type_name, data)).endswith("-unknown")
        assert appended(shop, "pos:old", said(type_name, data))["counts_for"] is not None
    after = shop.get("/contacts/pos:new/status").json()
    assert "complaint_hold" not in after["flags"]
    assert after["legal_capacity"] == []


def test_an_answer_names_the_stream_its_version_and_for_whom_it_counts(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    answer = shop.append("pos:old", purchase("a"), If_Match='"2"')
    body = answer.json()
    assert (body["contact_id"], body["counts_for"], body["version"]) == (old, new, 3)
    assert answer.headers["etag"] == '"3"'
    own = appended(shop, "pos:new", purchase("a"), If_Match='"1"')
    assert (own["contact_id"], own["counts_for"], own["version"]) == (new, None, 2)
    stale = shop.append("pos:old", purchase("b"), If_Match='"2"')
    problem_of(stale, 412, "version-mismatch")
    assert stale.headers["etag"] == '"3"'


def test_a_merge_and_an_unmerge_answer_whom_the_stream_counts_for(shop: Shop) -> None:
    new = shop.register("pos:new").json()["contact_id"]
    shop.register("pos:old")
    assert appended(shop, "pos:old", purchase("a"), MERGE)["counts_for"] == new
    assert appended(shop, "pos:old", UNMERGE)["counts_for"] is None
    assert appended(shop, "pos:old", UNMERGE)["events"] == []


def test_every_way_to_append_says_for_whom_it_counts(shop: Shop, merged: tuple[str, str]) -> None:
    old, new = merged
    sales = [{"contact": name, **purchase(name)} for name in ("pos:old", "pos:new")]
    many = shop.post("/events", sales).json()
    found = [(one["contact_id"], one["counts_for"], one["version"]) for one in many["events"]]
    assert found == [(old, new, 3), (new, None, 2)]
    body = lines(of("pos:old", purchase("l")), of("pos:new", purchase("l")), of("pos:9", {}))
    told = outcomes(send(shop, body))
    assert [one.get("counts_for") for one in told] == [new, None, None]
    assert ["counts_for" in one for one in told] == [True, True, False]
    cloud = {
        "specversion": "1.0", "id": "1", "source": "urn:till", "type": "purchase-made",
        "subject": "pos:old", "data": purchase("c")["data"],
    }  # fmt: skip
    headers = {"Content-Type": "application/cloudevents+json"}
    answer = shop.client.post(f"{shop.base}/events", json=cloud, headers=headers)
    assert answer.json()["events"][0]["counts_for"] == new
    packed = shop.client.post(
        f"{shop.base}/contacts/pos%3Aold/events",
        json=said("visit-made", {"guests": 0}),
        headers={"Accept": "application/msgpack"},
    )
    assert new.encode() in packed.content


def test_what_is_known_or_already_so_is_answered_as_things_are_now(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    sale = purchase("a", id=str(uuid4()))
    appended(shop, "pos:old", UNMERGE, sale, said("promise-made", {"promise_id": "p"}))
    kept = said("promise-kept", {"promise_id": "p"})
    appended(shop, "pos:old", kept, MERGE)
    again = appended(shop, "pos:old", sale)
    assert (again["replayed"], again["counts_for"]) == (True, new)
    so = appended(shop, "pos:old", kept)
    assert (so["events"], so["contact_id"], so["counts_for"], so["version"]) == ([], old, new, 7)
    (line,) = outcomes(send(shop, lines(of("pos:old", kept))))
    assert (line["status"], line["counts_for"]) == (200, new)
    other = {**sale, "source": "elsewhere"}
    problem_of(shop.append("pos:old", other), 409, "event-id-reused")
    problem_of(shop.append("pos:new", sale), 409, "event-id-reused")


@pytest.mark.usefixtures("merged")
def test_the_numbers_of_two_shops_do_not_meet(shop: Shop) -> None:
    """Ids in data are of the stream that was named, though both streams are one contact."""
    sale = said("purchase-made", purchase("1001")["data"], -5)
    appended(shop, "pos:old", sale)
    appended(shop, "pos:new", sale)
    assert reason(shop, "pos:old", sale) == "id-in-use"
    money = {"amount_minor": 1250, "currency": "EUR"}
    refund = said("purchase-reversed", {"purchase_id": "1001", **money})
    appended(shop, "pos:old", refund)
    assert reason(shop, "pos:old", refund) == "beyond-what-is-left"
    status = shop.get("/contacts/pos:new/status").json()
    assert (status["stage"], len(status["excluded"])) == ("customer", 1)
    appended(shop, "pos:new", refund)
    assert shop.get("/contacts/pos:new/status").json()["stage"] == "contact"


@pytest.mark.usefixtures("merged")
def test_an_event_is_retracted_and_corrected_on_the_stream_where_it_stands(
    shop: Shop,
) -> None:
    (sold,) = appended(shop, "pos:old", purchase("a"))["events"]
    retraction = said("event-retracted", {"target": sold["id"], "reason": "another till"})
    assert reason(shop, "pos:new", retraction) == "event-unknown"
    earlier = {"target": sold["id"], "occurred_at": format_instant(START - DAY)}
    appended(shop, "pos:old", said("event-corrected", earlier))
    assert shop.get("/contacts/pos:new/status").json()["since"] == format_instant(START - DAY)
    appended(shop, "pos:old", retraction)
    assert shop.get("/contacts/pos:new/status").json()["stage"] == "contact"


def test_a_contact_that_is_separated_has_what_was_sent_to_it(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    bought = appended(shop, "pos:old", purchase("a"))["position"]
    status = shop.get("/contacts/pos:old/status")
    assert (status.json()["contact_id"], status.json()["stage"]) == (new, "customer")
    assert status.headers["content-location"].endswith(f"/contacts/{new}/status")
    appended(shop, "pos:old", UNMERGE)
    for name, contact, stage in (("pos:old", old, "customer"), ("pos:new", new, "contact")):
        now = shop.get(f"/contacts/{name}/status").json()
        assert (now["contact_id"], now["stage"]) == (contact, stage)
    then = shop.get("/contacts/pos:old/status", as_known_at=bought).json()
    assert (then["contact_id"], then["stage"]) == (new, "customer")


def test_merges_count_by_position_whenever_they_are_said_to_have_happened(shop: Shop) -> None:
    new = shop.register("pos:new").json()["contact_id"]
    shop.register("pos:old")
    appended(shop, "pos:old", {**MERGE, "occurred_at": format_instant(START + DAY // 2)})
    assert shop.get("/contacts/pos:old/status").json()["contact_id"] == new
    long_ago = format_instant(START - 1000 * DAY)
    old = appended(shop, "pos:old", {**UNMERGE, "occurred_at": long_ago})["contact_id"]
    assert shop.get("/contacts/pos:old/status").json()["contact_id"] == old


def test_a_contact_shows_the_streams_that_it_is_made_of(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    appended(shop, "pos:old", purchase("a"))
    for name in ("pos:old", "pos:new"):
        found = shop.get(f"/contacts/{name}").json()
        assert found["streams"] == [
            {"contact_id": new, "version": 1},
            {"contact_id": old, "version": 3},
        ]
        assert (found["contact_id"], found["version"]) == (new, 1)
    appended(shop, "pos:old", UNMERGE)
    found = shop.get("/contacts/pos:old").json()
    assert found["streams"] == [{"contact_id": old, "version": 4}]


def test_a_group_moves_along_when_its_survivor_is_merged(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    last = shop.register("pos:last").json()["contact_id"]
    into = {"type": "contact-merged", "data": {"into": "pos:last"}}
    assert appended(shop, "pos:new", into)["counts_for"] == last
    for name, contact in (("pos:old", old), ("pos:new", new)):
        told = appended(shop, name, purchase(name))
        assert (told["contact_id"], told["counts_for"]) == (contact, last)
    problem = problem_of(shop.append("pos:old", into), 409, "refused")
    assert (problem["reason"], problem["into"]) == ("contact-merged", new)
    found = shop.get("/contacts/pos:old", min_position=told["position"]).json()
    assert {one["contact_id"] for one in found["streams"]} == {old, new, last}
    shop.register("pos:other")
    problem = problem_of(shop.append("pos:other", MERGE), 409, "refused")
    assert (problem["reason"], problem["into"]) == ("contact-merged", last)


def test_lists_count_what_was_sent_to_a_merged_contact(shop: Shop, merged: tuple[str, str]) -> None:
    _, new = merged
    position = appended(shop, "pos:old", purchase("a"))["position"]
    listed = shop.get("/statuses", min_position=position, stage="customer").json()["items"]
    assert [one["contact_id"] for one in listed] == [new]
    then = shop.get("/statuses", as_known_at=position).json()["items"]
    assert [(one["contact_id"], one["stage"]) for one in then] == [(new, "customer")]
    history = shop.get("/contacts/pos:old/status/history").json()["intervals"]
    assert [one["stage"] for one in history] == ["contact", "customer"]


@pytest.mark.usefixtures("merged")
def test_a_status_that_is_kept_lets_go_of_what_a_merged_contact_changes(shop: Shop) -> None:
    for number in range(3):
        assert shop.get("/contacts/pos:new/status").json()["stage"] == "contact"
        (sold,) = appended(shop, "pos:old", purchase(str(number)))["events"]
        assert shop.get("/contacts/pos:new/status").json()["stage"] == "customer"
        retraction = {"target": sold["id"], "reason": "never happened"}
        appended(shop, "pos:old", said("event-retracted", retraction))


def test_a_referral_of_and_by_a_merged_contact_counts_for_the_survivor(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    friend = shop.register("pos:friend").json()["contact_id"]
    sender = shop.register("pos:sender").json()["contact_id"]
    sent = {"referral_id": "r", "direction": "inbound", "level": 3}
    appended(shop, "pos:old", said("referral-made", {**sent, "other": friend}, -9))
    appended(shop, "pos:sender", said("referral-made", {**sent, "other": "pos:old"}, -8))
    received = shop.get("/events", contact="pos:old", types="referral-received").json()["items"]
    assert [one["contact_id"] for one in received] == [old]
    itself = said("referral-made", {**sent, "referral_id": "s", "other": "pos:new"})
    assert reason(shop, "pos:old", itself) == "self-referral"
    raised = said("referral-level-raised", {"referral_id": "r", "level": 5})
    assert reason(shop, "pos:new", raised) == "referral-unknown"
    position = appended(shop, "pos:old", raised, purchase("a"))["position"]
    found = shop.get("/contacts/pos:new/referrals", min_position=position).json()
    (made,), (got,) = found["made"], found["received"]
    assert (made["by"], made["stream"], made["level"]) == (new, old, 5)
    assert (got["by"], got["stream"], got["other"]) == (sender, sender, new)
    (reward,) = shop.get("/contacts/pos:sender/referrals").json()["rewards"]
    assert (reward["stream"], reward["other"]) == (sender, new)
    assert shop.get("/contacts/pos:new/standing").json()["referrals"]["inbound"] == 1


def test_a_receipt_of_a_group_proves_every_stream_and_stays_true(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    keys = [Verifier.read(line) for line in shop.get("/log/key").text.splitlines()]
    appended(shop, "pos:old", purchase("a"))
    before = shop.get("/contacts/pos:old/status/receipt")
    appended(shop, "pos:new", purchase("b"))
    appended(shop, "pos:old", UNMERGE)
    after = shop.get("/contacts/pos:old/status/receipt")
    group, alone = (check_receipt(one.content, keys) for one in (before, after))
    assert (str(group.contact_id), str(alone.contact_id)) == (new, old)
    streams = before.json()["completeness"]["streams"]
    shown = [(one["stream"], one["role"], one["newest_version"], one["gapless"]) for one in streams]
    assert shown[:2] == [(new, "contact", 1, True), (old, "merged", 3, True)]
    asked = {"as_of": group.as_of, "as_known_at": group.position}
    assert shop.get("/contacts/pos:old/status", **asked).json() == group.answer


def test_an_erasure_covers_every_stream_and_outlasts_the_merge(
    shop: Shop, merged: tuple[str, str]
) -> None:
    liking = said("preference-learned", {"key": "seat", "value": "window"})
    appended(shop, "pos:old", liking)
    erased = shop.post("/contacts/pos:old/erasure", {"requested_by": "them", "reason": "asked"})
    assert {one["contact_id"] for one in erased.json()["contacts"]} == set(merged)
    for name in ("pos:old", "pos:new"):
        assert reason(shop, name, liking) == "contact-erased"
        appended(shop, name, purchase("a"))
    shop.register("pos:other")
    into = {"type": "contact-merged", "data": {"into": "pos:other"}}
    assert reason(shop, "pos:new", into) == "contact-erased"
    appended(shop, "pos:old", UNMERGE)
    assert reason(shop, "pos:old", into) == "contact-erased"
    assert reason(shop, "pos:old", MERGE) == "contact-erased"
    assert reason(shop, "pos:other", MERGE) == "contact-erased"
    assert reason(shop, "pos:old", registration()) == "contact-erased"
    assert shop.get("/contacts/pos:old").json()["name"] is None
    events = shop.get("/events", contact="pos:old", types="preference-learned").json()["items"]
    assert [one["data"]["value"] for one in events] == [None]


def test_a_person_is_shown_what_was_sent_to_every_contact_of_theirs(
    shop: Shop, merged: tuple[str, str]
) -> None:
    old, new = merged
    (sold,) = appended(shop, "pos:old", purchase("a"))["events"]
    held = shop.get("/contacts/pos:new/export").json()
    assert held["contacts"] == [new, old]
    assert sold["id"] in [one["id"] for one in held["events"]]
    assert held["status"]["stage"] == "customer"
