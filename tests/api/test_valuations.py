"""Expected values over HTTP: fitted as an operation, kept, and asked about one contact."""

from __future__ import annotations

from datetime import date
from random import Random
from threading import Event
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.service.valuing.kept import KeptValuations
from domain.instants import DAY, format_instant
from tests.api.asking import ended
from tests.api.shop import START, Json, Shop, problem_of, registration
from tests.fixtures.patience import END_SECONDS
from tests.valuing.invented import invented

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.server import Server

DAYS = 600
BEGAN = START - DAYS * DAY


def bought(contact: str, day: int, minor: int, currency: str = "EUR") -> Json:
    return {
        "contact": contact,
        "type": "purchase-made",
        "data": {
            "purchase_id": f"{currency}-{day}",
            "amount_minor": minor,
            "currency": currency,
            "initiated_by": "contact",
        },
        "occurred_at": format_instant(BEGAN + day * DAY),
    }


def record(shop: Shop, events: list[Json]) -> int:
    position = 0
    for first in range(0, len(events), 500):
        answer = shop.post("/events", events[first : first + 500])
        assert answer.status_code == 201, answer.text
        position = answer.json()["position"]
    return position


def fill(shop: Shop, contacts: int = 320) -> int:
    """Contacts who buy at their own pace and leave; a few of them also in dollars, once."""
    events: list[Json] = []
    for number, one in enumerate(invented(Random(7), contacts, leaves=0.12, days=DAYS)):
        contact = f"pos:{number}"
        events.append({"contact": contact, **registration(f"Buyer {number}")})
        days = zip(one.days.days, one.days.net_minor, strict=True)
        events += [bought(contact, day, minor) for day, minor in days]
        if number < 3:
            events.append(bought(contact, 500, 1000, "USD"))
    return record(shop, events)


def fitted(shop: Shop, **body: object) -> Json:
    answer = shop.post("/valuations", body)
    assert answer.status_code == 202, answer.text
    found = ended(shop, answer)
    assert (found["kind"], found["state"], found["problem"]) == ("valuation", "succeeded", None)
    assert found["progress"]["done"] == found["progress"]["total"]
    result: Json = found["result"]
    return result


def without_time(result: Json) -> Json:
    return {name: value for name, value in result.items() if name not in {"seconds", "others"}}


def value(shop: Shop, contact: str, **query: object) -> Json:
    answer = shop.get(f"/contacts/{contact}/value", **query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def say_what_contacts_bring(shop: Shop, result: Json, dollars: Json) -> None:
    # Who bought lately is more probably active than who stayed away, and nothing is negative.
    found = {number: value(shop, f"pos:{number}") for number in range(30)}
    for one in found.values():
        assert (one["valuation"], one["abstained"], one["because"]) == (result["id"], False, None)
        assert 0 <= one["active_percent"] <= 100
        assert one["purchases"] >= 0
        assert one["net_minor"] >= 0
    assert len({one["active_percent"] for one in found.values()}) > 3
    dollar = value(shop, "pos:1", currency="USD")
    assert (dollar["valuation"], dollar["reason"]) == (dollars["id"], "too-few-repeats")
    assert "second day" in dollar["because"]
    assert value(shop, "pos:9", currency="JPY")["reason"] == "no-valuation"

    # The stage takes no notice.
    before = shop.get("/contacts/pos:1/status").json()
    assert "value" not in before
    assert "active_percent" not in before


def say_what_was_known_when(shop: Shop, result: Json, position: int) -> None:
    # A purchase after it counts at once, and not before it was known.
    before = value(shop, "pos:1")
    answer = shop.get("/contacts/pos:1/value", as_known_at=position)
    assert answer.headers["rapport-position"] == str(position)
    record(shop, [bought("pos:1", DAYS - 1, 90_000)])
    later = value(shop, "pos:1")
    assert later["net_minor"] > before["net_minor"]
    assert later["valuation"] == result["id"]
    assert value(shop, "pos:1", as_known_at=position) == answer.json()
    assert value(shop, "pos:1", as_known_at=position - 1)["reason"] == "no-valuation"
    assert value(shop, "pos:1", as_of="2025-12-01")["reason"] == "no-valuation"


def leave_out_those_who_cannot_be_valued(shop: Shop, result: Json) -> None:
    # The survivor of a merge is asked about all of their purchases, under any of their names.
    merge = {"type": "contact-merged", "data": {"into": "pos:1"}}
    assert shop.append("pos:2", merge).status_code == 201
    merged = shop.get("/contacts/pos:2/value")
    assert merged.json() == value(shop, "pos:1")
    assert merged.headers["content-location"].endswith(f"{merged.json()['contact_id']}/value")

    # Nothing personal is kept, so nothing goes at an erasure; but no value is given of them.
    wish = {"requested_by": "them", "reason": "asked"}
    assert shop.post("/contacts/pos:5/erasure", wish).status_code == 200
    assert value(shop, "pos:5")["reason"] == "contact-erased"
    assert shop.get(f"/valuations/{result['id']}").json() == without_time(result)

    # Who pays by agreement does not leave in silence.
    subscribed = {
        "type": "subscription-started",
        "data": {
            "subscription_id": "s",
            "plan": "coffee",
            "amount_minor": 1000,
            "currency": "EUR",
            "term_days": 30,
        },
    }
    answer = shop.append("pos:6", subscribed)
    assert answer.status_code == 201, answer.text
    assert value(shop, "pos:6")["reason"] == "by-agreement"
    shop.register("pos:new")
    assert value(shop, "pos:new")["reason"] == "never-bought"
    problem_of(shop.get("/contacts/pos:nobody/value"), 404, "contact-not-found")


def test_a_value_is_fitted_kept_and_asked_for(shop: Shop) -> None:
    """One history for all that is said of it, since a fit takes many contacts."""
    position = fill(shop)
    assert value(shop, "pos:1")["reason"] == "no-valuation"
    assert shop.get("/valuations").json() == {"items": [], "next_cursor": None}

    result = fitted(shop)
    assert (result["abstained"], result["reason"], result["currency"]) == (False, None, "EUR")
    assert (result["position"], result["contacts"]) == (position, 320)
    assert result["repeaters"] >= 200
    assert result["model"].keys() == {"r", "alpha", "a", "b", "log_likelihood", "gain"}
    assert all(float(f"{one:.6g}") == one for one in result["spend"].values())
    held = result["hold_out"]
    assert abs(held["error_percent"]) <= 25
    assert date.fromisoformat(held["from"]) > date(2025, 10, 1)
    (dollars,) = result["others"]
    assert (dollars["currency"], dollars["reason"]) == ("USD", "too-few-repeats")
    assert dollars["model"] is None

    # The same data give the same digits, and so the same id: nothing is kept twice.
    again = fitted(shop)
    assert without_time(again) == without_time(result)
    assert [one["id"] for one in shop.get("/valuations").json()["items"]] == [
        result["id"],
        dollars["id"],
    ]
    kept = shop.get(f"/valuations/{result['id']}").json()
    assert kept == without_time(result)
    assert "pos:" not in shop.get("/valuations").text
    for unknown in ("latest", str(UUID(int=1))):
        problem_of(shop.get(f"/valuations/{unknown}"), 404, "not-found")

    say_what_contacts_bring(shop, result, dollars)
    say_what_was_known_when(shop, result, position)
    leave_out_those_who_cannot_be_valued(shop, result)

    # Merged, erased and subscribed contacts make other data, and a fit of the past is what it was.
    assert fitted(shop)["contacts"] == 318
    past = fitted(shop, as_known_at=position, as_of=result["as_of"])
    assert without_time(past) == without_time(result)
    assert past["digest"] == result["digest"]


def test_an_empty_ledger_has_a_valuation_that_abstains(shop: Shop) -> None:
    result = fitted(shop)
    assert (result["currency"], result["reason"], result["others"]) == (None, "nothing-bought", [])
    shop.register("pos:1")
    found = value(shop, "pos:1")
    assert (found["valuation"], found["because"]) == (result["id"], "nobody has bought anything")


def test_a_valuation_that_is_cancelled_leaves_none(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, pause = Event(), Event()

    def endless(_buyers: object, _currency: str, _percent: int, check: Callable[[], None]) -> None:
        begun.set()
        while not pause.wait(0.005):
            check()

    monkeypatch.setattr("api.service.valuing.making.fit_currency", endless)
    record(shop, [{"contact": "pos:1", **registration("Buyer")}, bought("pos:1", 1, 1000)])
    started = shop.post("/valuations", {})
    assert begun.wait(END_SECONDS)
    path = started.headers["location"]
    assert shop.client.get(path).json()["state"] == "running"
    assert shop.client.delete(path).status_code in (200, 202)
    assert ended(shop, started)["state"] == "cancelled"
    assert shop.get("/valuations").json()["items"] == []
    acts = [(one["act"], one["outcome"]) for one in shop.get("/trail").json()["items"]]
    assert ("operation-cancelled", "done") in acts


def test_how_far_off_a_hold_out_may_be_is_policy(shop: Shop) -> None:
    fill(shop)
    assert fitted(shop)["hold_out"]["error_percent"] != 0
    strict = {"policy": {"extends": "retail", "book": {"hold_out_percent": 0}}}
    version = shop.post("/policies", strict).json()["policy_version"]
    judged = fitted(shop, policy_version=version)
    assert (judged["abstained"], judged["reason"]) == (True, "hold-out-missed")
    assert judged["model"] is not None, "what was found is shown all the same"
    assert judged["policy_version"] == version


def test_without_the_extra_the_answer_says_how_to_install_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.service.valuing.extra.LIBRARIES", ("numpy", "not-there-at-all"))
    problem = problem_of(shop.post("/valuations", {}), 409, "refused")
    assert problem["reason"] == "value-not-installed"
    assert "pip install 'rapport-ledger[value]'" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"as_of": "yesterday"}, "/as_of"), ({"currency": "EUR"}, "/currency"), ([], "")],
)
def test_a_valuation_that_cannot_be_is_refused(shop: Shop, body: object, pointer: str) -> None:
    answer = shop.post("/valuations", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_valuations_outlive_the_server(shop: Shop, server: Server) -> None:
    """They are read from files, in the order in which they were made."""
    first = fitted(shop, as_of="2026-01-01")
    second = fitted(shop, as_of="2026-02-01")
    name = shop.base.rpartition("/")[2]
    ledger = server.ledgers[name].ledger
    kept = KeptValuations(ledger)
    assert [str(one.id) for one in kept.all()] == [second["id"], first["id"]]
    kept.put([kept.all()[1]])
    assert [str(one.id) for one in KeptValuations(ledger).all()] == [first["id"], second["id"]]
