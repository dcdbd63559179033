"""``GET .../contacts/{c}/card``: one call for whoever opens the door, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.instants import DAY, HOUR, format_instant
from tests.api.shop import START, Json, Shop, problem_of, registration

if TYPE_CHECKING:
    from collections.abc import Iterator

ANN, BEN, CEM = (f"{number}0000000-0000-4000-8000-000000000001" for number in range(1, 4))
SECRETS = ("Anna de Wit", "Mrs de Wit", "the window", "Kim", "a goose", "a garden", "in January",
           "Ben Bakker")  # fmt: skip
"""What is personal in the story."""


def event(name: str, days_ago: float, actor: str | None = None, **data: Any) -> Json:
    at = format_instant(START - round(days_ago * 24) * HOUR)
    return {"type": name, "occurred_at": at, "data": data, "actor": actor}


def story() -> Iterator[tuple[str, Json]]:
    """Anna buys flat whites, was sent by Cem and sent Ben; much is known and open."""
    for contact, name in ((ANN, "Anna de Wit"), (BEN, "Ben Bakker"), (CEM, "Cem")):
        yield contact, {**registration(name), "occurred_at": format_instant(START - 90 * DAY)}
    sent: Json = {"direction": "inbound", "level": 3}
    yield CEM, event("referral-made", 80, referral_id="c", other=ANN, **sent)
    for number in range(6):
        bought: Json = {"amount_minor": 420, "currency": "EUR", "initiated_by": "contact"}
        bought["category"] = "flat white"
        yield ANN, event("purchase-made", 2 + 7 * number, purchase_id=f"p{number}", **bought)
    yield ANN, event("preference-learned", 40, key="greet_as", value="Mrs de Wit")
    yield ANN, event("preference-learned", 39, key="table", value="the window")
    yield ANN, event("steward-assigned", 38, steward="Kim")
    yield ANN, event("promise-made", 3, promise_id="w", summary="a goose")
    yield ANN, event("need-discovered", 3, need_id="n", stated="a garden")
    yield ANN, event("complaint-raised", 1, complaint_id="c", severity=1, public=False)
    yield ANN, event("recognition-given", 2, actor="Kim", how="in January")
    gesture: Json = {"gesture": "free coffee", "cost_minor": 300, "currency": "EUR"}
    yield ANN, event("gesture-made", 1, actor="Kim", reason="in January", **gesture)
    yield ANN, event("survey-answered", 1, metric="nps", score=9)
    yield ANN, event("consent-changed", 5, purpose="offers", channel="email", granted=True)
    yield ANN, event("referral-made", 1, referral_id="b", other=BEN, **sent)


@pytest.fixture
def told(shop: Shop) -> Shop:
    for contact, one in story():
        answer = shop.append(contact, one)
        assert answer.status_code == 201, answer.text
    return shop


def card(shop: Shop, contact: str = ANN, **query: Any) -> Json:
    answer = shop.get(f"/contacts/{contact}/card", **query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_everything_that_whoever_opens_the_door_needs(told: Shop) -> None:
    found = card(told)
    assert (found["name"], found["greet_as"], found["steward"]) == (
        "Anna de Wit", "Mrs de Wit", "Kim"
    )  # fmt: skip
    assert (found["stage"], found["rests_on"], found["standing"]) == (
        "customer", "allegiance", "introducer"
    )  # fmt: skip
    assert found["usual"] == {
        "category": "flat white", "times": 6, "of": 6, "amount_minor": 420, "currency": "EUR"
    }  # fmt: skip
    assert found["last_visit_at"] == found["last_purchase"]["at"]
    assert (found["rhythm_days"], found["last_purchase"]["category"]) == (7, "flat white")
    assert [one["key"] for one in found["preferences"]] == ["table", "greet_as"]
    assert found["referred_by"] == {"contact_id": CEM, "name": "Cem", "level": 3}
    assert found["referred"] == {"count": 1, "won": 0}
    assert [(one["type"], one["what"], one["by"]) for one in found["done_for_them"]] == [
        ("gesture-made", "free coffee", "Kim"),
        ("recognition-given", "in January", "Kim"),
    ]
    assert [(one["type"], one["what"]) for one in found["said"]] == [
        ("survey-answered", "nps 9"),
        ("complaint-raised", "severity 1"),
    ]
    (consent,) = found["consents"]
    assert sorted(consent) == ["at", "channel", "granted", "purpose"]
    assert found["sentence"].startswith("Anna de Wit, customer since ")
    assert ", usually flat white, here every 7 days; " in found["sentence"]
    assert found["evidence_erased"] is False


def test_what_is_open_has_its_ids_and_deadlines(told: Shop) -> None:
    found = card(told)["open"]
    (complaint,) = found["complaints"]
    raised_at = format_instant(START - DAY)
    assert complaint == {
        "complaint_id": "c", "severity": 1, "raised_at": raised_at,
        "due_at": format_instant(START + DAY),
    }  # fmt: skip
    assert found["promises"] == [{"promise_id": "w", "due_on": None, "summary": "a goose"}]
    assert found["needs"] == [{"need_id": "n", "stated": "a garden"}]


def test_its_agenda_is_the_beginning_of_the_contacts(told: Shop) -> None:
    """With the names of those whom it is about."""
    found = card(told)
    listed = told.get(f"/contacts/{ANN}/agenda", names=True, as_of=found["as_of"]).json()["items"]
    assert found["agenda"] == listed[:5]
    assert len(found["agenda"]) > 2
    assert any("Ben Bakker" in one["reason"] for one in listed)


def test_a_card_that_says_the_same_is_not_sent_again(told: Shop) -> None:
    path = f"{told.base}/contacts/{ANN}/card"
    first = told.client.get(path)
    told.clock.move(1)
    told.append("pos:9", {"type": "contact-registered", "data": {"kind": "person", "name": "New"}})
    later = told.client.get(path)
    assert later.json()["as_of"] != first.json()["as_of"]
    assert later.headers["etag"] == first.headers["etag"]
    known = told.client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    told.append(ANN, event("visit-made", 0, guests=0))
    assert told.client.get(path).headers["etag"] != first.headers["etag"]


def test_occasions_within_thirty_days(told: Shop) -> None:
    """The clock of the shop stands on 1 March 2026; the year of one of them is known."""
    today = format_instant(START)[:10]
    month, day = int(today[5:7]), int(today[8:])
    near: Json = {"occasion_id": "b", "kind": "birthday", "month": month, "day": day, "year": 1976}
    told.append(ANN, event("occasion-learned", 1, **near))
    far: Json = {"occasion_id": "w", "kind": "wedding day", "month": (month + 5) % 12 + 1, "day": 1}
    told.append(ANN, event("occasion-learned", 1, **far))
    assert card(told)["occasions"] == [
        {"occasion_id": "b", "kind": "birthday", "on": today, "in_days": 0,
         "years": int(today[:4]) - 1976}
    ]  # fmt: skip


def test_what_was_known_at_a_position_is_a_ledger_stopped_there(shop: Shop) -> None:
    """Cards of two ledgers: one that has all of it, and one that is just so far."""
    stopped = Shop(shop.client, f"{shop.base.rpartition('/')[2][:30]}-stopped", shop.clock)
    ids = [f"0198c1f0-5a52-7c3e-9d7b-{number:012x}" for number in range(1000)]
    events = list(story())
    for (contact, one), event_id in zip(events, ids, strict=False):
        assert shop.append(contact, {**one, "id": event_id}).status_code == 201
    as_of = format_instant(START)
    for place, (contact, one) in enumerate(events):
        answer = stopped.append(contact, {**one, "id": ids[place]})
        assert answer.status_code == 201
        if place % 5 == 4:
            position = answer.json()["position"]
            known = card(shop, as_of=as_of, as_known_at=position)
            now = card(stopped, as_of=as_of)
            assert {**known, "as_known_at": None} == {**now, "as_known_at": None}


def test_after_an_erasure_nothing_personal_is_on_any_card(told: Shop) -> None:
    """Neither on her own, of now and of before, nor on those of the people around her."""
    before = told.get("/events", limit=1000).json()["items"][-1]["position"]
    for contact in (ANN, BEN):
        body = {"requested_by": "the person", "reason": "asked"}
        assert told.post(f"/contacts/{contact}/erasure", body).status_code == 200
    for contact in (ANN, BEN, CEM):
        for query in ({}, {"as_known_at": before}):
            text = told.get(f"/contacts/{contact}/card", **query).text
            assert [secret for secret in SECRETS if secret in text] == []
    found = card(told)
    assert found["evidence_erased"] is True
    assert (found["name"], found["greet_as"], found["steward"]) == (None, None, None)
    assert [one["value"] for one in found["preferences"]] == [None, None]
    assert [one["by"] for one in found["done_for_them"]] == [None, None]
    assert found["sentence"].startswith("Somebody whose personal data was erased, customer since ")


def test_a_merged_contact_has_the_survivors_card(told: Shop) -> None:
    told.append(BEN, {"type": "contact-merged", "data": {"into": ANN}})
    answer = told.get(f"/contacts/{BEN}/card")
    assert answer.headers["Content-Location"].endswith(f"/contacts/{ANN}/card")
    assert answer.json()["name"] == "Anna de Wit"
    problem_of(told.get("/contacts/pos:nobody/card"), 404, "contact-not-found")
