"""Restatements over HTTP: what a late event changed of what had been answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instants import DAY, format_instant
from tests.api.shop import START, problem_of, purchase

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop


def reflected(shop: Shop, position: int, **query: object) -> httpx.Response:
    """The restatements once they reflect a position."""
    answer = shop.get("/restatements", min_position=position, **query)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["Rapport-Position"]) >= position
    return answer


def bought_late(shop: Shop, contact: str, *days: int) -> dict[str, Any]:
    """What the append of late purchases answered."""
    events = [purchase(f"{contact} {day}", START - day * DAY) for day in days]
    body: dict[str, Any] = shop.append(contact, *events).json()
    return body


def test_a_late_event_is_listed_with_the_stage_before_and_after_it(
    shop: Shop,
) -> None:
    """The same stretch is where the two histories differ, as known just before and with it."""
    registered = shop.register("pos:1").json()
    shop.clock.pass_days(30)
    appended = bought_late(shop, "pos:1", -10)
    position = appended["position"]
    (row,) = reflected(shop, position).json()["items"]
    assert row == {
        "contact_id": registered["contact_id"],
        "from": format_instant(START + 10 * DAY),
        "to": format_instant(START + 30 * DAY),
        "believed": "contact",
        "known": "customer",
        "event": appended["events"][0]["id"],
        "position": position,
    }
    for known_at, stage in ((position - 1, row["believed"]), (position, row["known"])):
        found = shop.get("/contacts/pos:1/status", as_of=row["from"], as_known_at=known_at)
        assert found.json()["stage"] == stage


def test_the_list_goes_on_from_a_position_by_pages_and_for_one_contact(shop: Shop) -> None:
    first = shop.register("pos:1").json()["contact_id"]
    shop.register("pos:2")
    shop.clock.pass_days(400)
    bought_late(shop, "pos:1", 0, -100)
    seen = bought_late(shop, "pos:2", 0, -100)["position"]
    shop.clock.pass_days(1)
    position = bought_late(shop, "pos:1", -200)["position"]
    rows = reflected(shop, position).json()["items"]
    assert [one["position"] for one in rows] == sorted(one["position"] for one in rows)
    assert len({one["position"] for one in rows}) == 3
    since = reflected(shop, position, since_position=seen).json()["items"]
    assert since == [one for one in rows if one["position"] > seen] != []
    of_one = reflected(shop, position, contact="pos:1").json()["items"]
    assert of_one == [one for one in rows if one["contact_id"] == first]
    paged, answer = [], reflected(shop, position, limit=2)
    while True:
        paged += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            break
        answer = shop.client.get(answer.headers["Link"].split(";")[0][1:-1])
    assert paged == rows


def test_late_events_of_one_minute_are_one_restatement_at_the_last_of_them(shop: Shop) -> None:
    shop.register("pos:1")
    shop.clock.pass_days(30)
    bought_late(shop, "pos:1", -10)
    (before,) = reflected(shop, 3).json()["items"]
    appended = bought_late(shop, "pos:1", -5)
    (row,) = reflected(shop, appended["position"]).json()["items"]
    assert before["from"] == format_instant(START + 10 * DAY)
    assert row == {
        **before,
        "from": format_instant(START + 5 * DAY),
        "event": appended["events"][0]["id"],
        "position": appended["position"],
    }


def test_what_cannot_be_asked_for_is_refused(shop: Shop) -> None:
    problem_of(shop.get("/restatements", contact="nobody"), 422, "invalid-request")
    problem_of(shop.get("/restatements", since_position="-1"), 422, "invalid-request")
    problem_of(shop.get("/restatements", cursor="made-up"), 422, "invalid-request")


def test_restatements_are_a_projection_with_lag_digest_and_rebuild(shop: Shop) -> None:
    shop.register("pos:1")
    shop.clock.pass_days(30)
    position = bought_late(shop, "pos:1", 0)["position"]
    reflected(shop, position)
    states = {one["name"]: one for one in shop.get("/projections").json()["items"]}
    assert (states["restatements"]["lag"], states["restatements"]["state"]) == (0, "live")
    digest = shop.get("/projections/restatements/digest").json()
    assert digest["position"] == position
    begun = shop.post("/projections/restatements/rebuilds", {})
    assert begun.status_code == 202
    operation = shop.client.get(begun.headers["Location"])
    while operation.json()["state"] == "running":
        operation = shop.client.get(begun.headers["Location"])
    result = operation.json()["result"]
    assert result["drift"] == []
    assert result["digest"] == result["live_digest"] == digest["digest"]
