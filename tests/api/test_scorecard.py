"""``GET .../contacts/{c}/scorecard`` and ``GET .../scorecard``, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.service.limits import ServiceLimits
from domain.instants import DAY, HOUR, format_instant
from tests.api.shop import START, Json, Shop, problem_of, purchase, registration, set_limits

if TYPE_CHECKING:
    from api.service.server import Server

ANN, BEN, CEM = (f"{number}0000000-0000-4000-8000-000000000001" for number in range(1, 4))
WEEKS = 8


def event(name: str, days_ago: float, **data: Any) -> Json:
    at = format_instant(START - round(days_ago * 24) * HOUR)
    return {"type": name, "occurred_at": at, "data": data}


def kept(promise: str, days_ago: float) -> tuple[Json, Json]:
    made = event("promise-made", days_ago + 5, promise_id=promise, summary="a secret")
    return made, event("promise-kept", days_ago, promise_id=promise)


def told(shop: Shop) -> None:
    """Ann and Ben buy weekly and are clients, Cem is none; Ann's fourth promise comes late."""
    policy = {"preset": "purchases-only", "effective_from": format_instant(DAY)}
    assert shop.post("/policies", policy).status_code == 201
    weekly = [purchase(f"{n}", START - (1 + 7 * n) * DAY) for n in range(WEEKS)]
    for contact in (ANN, BEN, CEM):
        shop.append(contact, registration())
    shop.append(ANN, *weekly, *kept("1", 9), *kept("2", 8))
    shop.append(BEN, *weekly, *kept("1", 9))
    broken = event("promise-made", 9, promise_id="2"), event("promise-broken", 0.5, promise_id="2")
    shop.append(BEN, *broken)
    shop.append(CEM, purchase("1", START - DAY), event("touch-made", 1, **TOUCH))
    thanks = event("thanks-given", 10, channel="card", personal=True)
    answer = shop.append(ANN, thanks, event("preference-learned", 3, key="tea", value="green"))
    assert answer.status_code == 201, answer.text
    shop.get("/statuses", min_position=answer.json()["position"])


TOUCH: Json = {"direction": "inbound", "purpose": "ask", "planned": False, "channel": "phone"}


@pytest.fixture
def cared(shop: Shop) -> Shop:
    told(shop)
    return shop


def scorecard(shop: Shop, contact: str | None = None, **query: Any) -> Json:
    path = "/scorecard" if contact is None else f"/contacts/{contact}/scorecard"
    answer = shop.get(path, **query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def parts(found: Json) -> Json:
    return {one["letter"]: (one["numerator"], one["denominator"]) for one in found["letters"]}


def test_a_contacts_letters_come_with_their_events(cared: Shop) -> None:
    """Of eight days with a purchase thanks followed the four of the thirty days before them."""
    found = scorecard(cared, ANN)
    assert parts(found) == {
        "C": (4, 8), "L": (1, 66), "I": (2, 2), "E": (0, 0), "N": (0, 0), "T": (0, 0), "S": (0, 0)
    }  # fmt: skip
    assert [one["percent"] for one in found["letters"]] == [50, 1, 100, None, None, None, None]
    assert (found["overall"], found["policy_version"], found["contact_id"]) == (50, 2, ANN)
    integrity = found["letters"][2]
    assert (integrity["name"], len(integrity["events"])) == ("integrity", 2)
    assert integrity["beside"] == {"sales_declined": 0, "advice_given": 0}


def test_the_ledgers_letter_is_the_mean_of_its_clients(cared: Shop) -> None:
    """Whether the projection knows the clients or they are folded; Cem is none of them."""
    found = scorecard(cared)
    assert (found["clients"], found["overall"]) == (2, 33)
    assert parts(found) == {
        "C": (50, 200), "L": (1, 200), "I": (150, 200), "E": (0, 0), "N": (0, 0), "T": (0, 0),
        "S": (0, 0),
    }  # fmt: skip
    position = found["as_known_at"]["position"]
    folded = scorecard(cared, as_known_at=position, as_of=found["as_of"])
    assert folded == found
    then = format_instant(START - 30 * DAY)
    assert scorecard(cared, as_of=then) == scorecard(cared, as_of=then, as_known_at=position)


def test_what_was_known_at_a_position_is_a_ledger_stopped_there(cared: Shop) -> None:
    """Another ledger with the first events alone, under the same ids, has the same answers."""
    events = [one for one in cared.get("/events", limit=1000).json()["items"] if one["contact_id"]]
    stopped = Shop(cared.client, f"{cared.base.rpartition('/')[2][:30]}-stopped", cared.clock)
    policy = {"preset": "purchases-only", "effective_from": format_instant(DAY)}
    assert stopped.post("/policies", policy).status_code == 201
    for one in events:
        sent = {name: one[name] for name in ("id", "type", "occurred_at", "data")}
        assert stopped.append(one["contact_id"], sent).status_code == 201
        if one["position"] % 6:
            continue
        query = {"as_of": format_instant(START), "as_known_at": one["position"]}
        for contact in (None, one["contact_id"]):
            then = scorecard(cared, contact, **query)
            now = scorecard(stopped, contact, as_of=query["as_of"], min_position=one["position"])
            assert then["letters"] == now["letters"]


def test_a_merged_contact_has_the_survivors(cared: Shop) -> None:
    cared.append(BEN, {"type": "contact-merged", "data": {"into": ANN}})
    answer = cared.get(f"/contacts/{BEN}/scorecard")
    assert answer.headers["Content-Location"].endswith(f"/contacts/{ANN}/scorecard")
    assert parts(answer.json())["I"] == (3, 4)


def test_nobody_has_none_and_a_large_ledger_says_what_to_do(server: Server, cared: Shop) -> None:
    problem_of(cared.get("/contacts/pos:nobody/scorecard"), 404, "contact-not-found")
    set_limits(server, cared, ServiceLimits(scored_events=12))
    problem = problem_of(cared.get("/scorecard"), 422, "invalid-request")
    assert problem["errors"][0]["code"] == "takes-a-replay"
    set_limits(server, cared, ServiceLimits(calibrated_events=12))
    assert cared.get("/scorecard").status_code == 200
    problem_of(cared.get("/scorecard", as_known_at=20), 422, "invalid-request")
