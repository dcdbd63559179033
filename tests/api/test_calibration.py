"""``GET .../calibration``: how right the falls by silence were, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.service.limits import ServiceLimits
from domain.instants import DAY, format_instant
from tests.api.shop import START, Json, Shop, problem_of, purchase, set_limits

if TYPE_CHECKING:
    from api.service.server import Server

WEEKS = 8
"""Eight purchase days make a client under the policy for whoever has sales only."""

FIRST = START - 600 * DAY
LAST = FIRST + 7 * (WEEKS - 1) * DAY
FELL = LAST + (7 + 180) * DAY
"""Due after a week, and a client no more half a year later."""


@pytest.fixture
def shop_with_falls(shop: Shop) -> Shop:
    """Ada falls and comes back within 90 days, Ben falls and stays away, Cleo bought once."""
    assert shop.post("/policies", policy()).status_code == 201
    for contact in ("pos:ada", "pos:ben"):
        shop.register(contact)
        weekly = [purchase(f"{n}", FIRST + 7 * n * DAY) for n in range(WEEKS)]
        assert shop.append(contact, *weekly).status_code == 201
    shop.append("pos:ada", purchase("back", FELL + 89 * DAY))
    shop.register("pos:cleo")
    shop.append("pos:cleo", purchase("once", START - 400 * DAY), purchase("again", START - DAY))
    return shop


def policy() -> Json:
    return {"preset": "purchases-only", "effective_from": format_instant(DAY)}


def calibration(shop: Shop, **query: Any) -> Json:
    answer = shop.get("/calibration", min_position=23, **query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def days(at: int, later: int = 0) -> str:
    return format_instant(at + later * DAY)


def test_falls_are_told_with_what_became_of_them(shop_with_falls: Shop) -> None:
    """The year after Ben's fall ends tomorrow, so nobody knows yet whether he comes back in it."""
    found = calibration(shop_with_falls)
    assert found["falls"] == 2
    assert found["premature"] == {"bought": 1, "resolved": 2, "percent": 50}
    assert found["within_365_days"] == {"bought": 1, "resolved": 1, "percent": 100}
    assert found["delay_days"] == {"median": 187}
    assert found["written_off"] == {"purchases": 1, "of": 1, "percent": 100}
    assert (found["from"], found["to"], found["policy_version"]) == (None, None, 2)
    assert found["as_of"] == days(START)


def test_a_period_is_half_open_and_may_be_given_by_dates(shop_with_falls: Shop) -> None:
    ask = shop_with_falls
    assert calibration(ask, **{"from": days(FELL)})["falls"] == 2
    assert calibration(ask, to=days(FELL))["falls"] == 0
    found = calibration(ask, **{"from": "2020-01-01", "to": "2020-01-02"})
    assert (found["from"], found["to"]) == ("2019-12-31T23:00:00Z", "2020-01-01T23:00:00Z")


def test_what_was_not_known_yet_is_resolved_by_nobody(shop_with_falls: Shop) -> None:
    found = calibration(shop_with_falls, as_of=days(FELL, 88))
    assert found["premature"] == {"bought": 0, "resolved": 0, "percent": None}
    found = calibration(shop_with_falls, as_of=days(FELL, 89))
    assert found["premature"] == {"bought": 1, "resolved": 1, "percent": 100}


def test_values_compare_clients_of_a_year_ago_with_all_others(shop_with_falls: Shop) -> None:
    """In the spring of that year Ada and Ben were clients and Cleo had bought."""
    (value,) = calibration(shop_with_falls)["values"]
    assert value["currency"] == "EUR"
    assert value["clients"]["contacts"] == 2
    assert value["clients"]["net_minor"] == 1250
    assert value["clients"]["net_minor_per_head"] == 625
    assert value["others"]["net_minor"] == 1250
    assert value["ratio_percent"] == 50
    assert [value[side]["share_percent"] for side in ("clients", "others")] == [50, 50]
    assert [value[side]["repeat_percent"] for side in ("clients", "others")] == [50, 100]


@pytest.mark.parametrize("later", [0, 60, 200, 276, 400])
def test_the_tables_and_the_fold_say_the_same(shop_with_falls: Shop, later: int) -> None:
    at = {"as_of": days(FELL, later)} if later < 300 else {}
    held = calibration(shop_with_falls, **at)
    folded = calibration(shop_with_falls, as_known_at=held["position"], **at)
    assert folded == held


def test_a_gift_that_is_taken_back_is_forgotten_by_the_tables_too(shop_with_falls: Shop) -> None:
    """Its reversal moves no money, and yet the purchase counts no more."""
    gift = purchase("gift", FELL + DAY)
    gift["data"]["amount_minor"] = 0
    held = []
    taken_back = {"purchase_id": "gift", "amount_minor": 0, "currency": "EUR"}
    for event in (gift, {"type": "purchase-reversed", "data": taken_back}):
        answer = shop_with_falls.append("pos:ben", event)
        assert answer.status_code == 201, answer.text
        position = int(answer.headers["rapport-position"])
        held.append(shop_with_falls.get("/calibration", min_position=position).json())
        assert calibration(shop_with_falls, as_known_at=position) == held[-1]
    assert [one["premature"]["bought"] for one in held] == [2, 1]


def test_another_version_judges_all_of_the_past(shop_with_falls: Shop) -> None:
    found = calibration(shop_with_falls, policy_version=1)
    assert (found["falls"], found["policy_version"]) == (0, 1)


def test_what_takes_too_long_to_fold_is_refused_with_a_way_out(
    shop_with_falls: Shop, server: Server
) -> None:
    set_limits(server, shop_with_falls, ServiceLimits(calibrated_events=1))
    answer = shop_with_falls.get("/calibration", policy_version=1)
    problem = problem_of(answer, 422, "invalid-request")
    assert problem["errors"][0]["code"] == "takes-a-replay"
    assert "rapport calibration" in problem["detail"]
    assert calibration(shop_with_falls)["falls"] == 2


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ({"from": "2026-01-02", "to": "2026-01-01"}, "invalid-request", "/from"),
        ({"from": "yesterday"}, "invalid-time", "/from"),
        ({"to": "2026-02-30"}, "invalid-time", "/to"),
    ],
)
def test_a_period_that_is_none_is_refused(shop: Shop, query: Json, code: str, pointer: str) -> None:
    problem = problem_of(shop.get("/calibration", **query), 422, code)
    assert problem["errors"][0]["pointer"] == pointer
