"""Whom contacts brought, over HTTP: trees, the graph, ways, exposures and the league."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.service.limits import LIMITS
from domain.instants import DAY, format_instant
from tests.api.asking import all_rows
from tests.api.shop import START, Json, Shop, problem_of, set_limits

if TYPE_CHECKING:
    from api.service.server import Server

NAMES = {"a": "Anna", "b": "Ben", "c": "Cleo", "d": "Dora", "e": "Eve", "f": "Finn"}


def event(type_name: str, day: int, **data: object) -> Json:
    return {"type": type_name, "data": data, "occurred_at": format_instant(START - day * DAY)}


def refers(day: int, other: str, name: str = "x", level: int = 3) -> Json:
    return event(
        "referral-made", day, referral_id=name, direction="inbound", other=f"t:{other}", level=level
    )


def buys(day: int, amount_minor: int, currency: str = "EUR") -> Json:
    return event(
        "purchase-made",
        day,
        purchase_id=f"{currency}-{day}",
        amount_minor=amount_minor,
        currency=currency,
        initiated_by="contact",
    )


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Anna brought Ben, who brought Cleo, who brought Finn; Dora claims Cleo too. Eve is alone.

    Ben is known under a second number, on which half of what he bought was told.
    """
    for contact, name in NAMES.items():
        shop.register(f"t:{contact}", name)
    shop.register("web:7", "Ben B")
    for contact, *events in (
        ("t:a", buys(500, 9_000), buys(10, 1_000), refers(200, "b")),
        ("t:b", buys(190, 20_000), refers(150, "c", level=5)),
        ("web:7", buys(100, 5_000, "USD")),
        ("t:c", buys(140, 8_000), refers(130, "f")),
        ("t:f", buys(400, 700)),
        ("t:d", refers(149, "c", level=5)),
    ):
        for one in events:
            assert shop.append(contact, one).status_code == 201
    into = {"type": "contact-merged", "data": {"into": "t:b"}}
    assert shop.append("web:7", into).status_code == 201
    refund = event(
        "purchase-reversed", 120, purchase_id="EUR-140", amount_minor=3_000, currency="EUR"
    )
    shop.append("t:c", refund)
    shop.append("t:a", event("complaint-raised", 5, complaint_id="cold", severity=2, public=False))
    shop.append("t:e", event("complaint-raised", 5, complaint_id="late", severity=1, public=False))
    shop.append("t:c", event("complaint-raised", 9, complaint_id="done", severity=1, public=False))
    shop.append("t:c", event("complaint-resolved", 8, complaint_id="done"))
    return shop


def net(currency: str, lately: int, ever: int) -> Json:
    return {"currency": currency, "days_365_minor": lately, "ever_minor": ever}


def test_a_tree_its_sums_and_what_a_complaint_puts_at_risk(town: Shop) -> None:
    found = town.get("/contacts/t:a/downstream").json()
    shown = [
        (one["name"], one["depth"], one["level"], one["outcome"], one["stage"], one["standing"])
        for one in found["nodes"]
    ]
    assert shown == [
        ("Ben", 1, 3, "won", "customer", "introducer"),
        ("Cleo", 2, 5, "won", "customer", "introducer"),
        ("Finn", 3, 3, "open", "lapsed_customer", "none"),
    ]
    ben, cleo, finn = found["nodes"]
    assert (ben["by"], cleo["by"]) == (found["contact_id"], ben["contact_id"])
    assert ben["net"] == [net("EUR", 20_000, 20_000), net("USD", 5_000, 5_000)]
    assert cleo["net"] == [net("EUR", 5_000, 5_000)]
    assert finn["net"] == [net("EUR", 0, 700)]
    assert found["sums"] == [
        {**net("EUR", 25_000, 25_700), "contacts": 3},
        {**net("USD", 5_000, 5_000), "contacts": 1},
    ]
    at_risk = [{"currency": "EUR", "minor": 26_000}, {"currency": "USD", "minor": 5_000}]
    assert (found["contacts"], found["exposure"]) == (3, at_risk)
    one_down = town.get("/contacts/t:a/downstream", depth=1).json()
    assert (one_down["nodes"], one_down["contacts"]) == ([ben], 3)
    assert one_down["exposure"] == at_risk

    # Who is merged is answered for by the survivor, and knowledge and time go back.
    merged = town.get("/contacts/web:7/downstream")
    assert merged.headers["content-location"].endswith(f"{ben['contact_id']}/downstream")
    assert [one["name"] for one in merged.json()["nodes"]] == ["Cleo", "Finn"]
    early = town.get("/contacts/t:a/downstream", as_of=format_instant(START - 160 * DAY)).json()
    assert [one["name"] for one in early["nodes"]] == ["Ben"]
    assert town.get("/contacts/t:e/downstream").json()["nodes"] == []
    problem_of(town.get("/contacts/t:nobody/downstream"), 404, "contact-not-found")
    problem_of(town.get("/contacts/t:a/downstream", depth=0), 422, "invalid-request")

    assert town.get("/contacts/t:a/card").json()["exposure"] == at_risk
    assert town.get("/contacts/t:b/card").json()["exposure"] == []
    exposures = town.get("/exposures", names="true").json()["items"]
    assert [(one["name"], one["complaint_ids"]) for one in exposures] == [
        ("Anna", ["cold"]),
        ("Eve", ["late"]),
    ]
    assert [one["exposure"] for one in exposures] == [at_risk, []]
    before = format_instant(START - 8 * DAY - DAY // 2)
    (cleos,) = town.get("/exposures", as_of=before, names="true").json()["items"]
    assert (cleos["name"], cleos["complaint_ids"]) == ("Cleo", ["done"])
    assert [one["contact_id"] for one in all_rows(town, "/exposures", limit=1)] == [
        one["contact_id"] for one in exposures
    ]


def test_the_graph_and_the_ways_in_it(town: Shop, server: Server) -> None:
    rows = town.get("/referrals/graph", names="true").json()["items"]
    told = {
        row["name"]: [(one["outcome"], one["credited"]) for one in row["referrals"]] for row in rows
    }
    assert told == {
        "Anna": [("won", True)],
        "Ben": [("won", True)],
        "Cleo": [("open", True)],
        "Dora": [("won", False)],
    }
    assert [row["contact_id"] for row in rows] == sorted(row["contact_id"] for row in rows)
    paged = all_rows(town, "/referrals/graph", limit=1, names="true")
    assert paged == rows

    def way(start: str, end: str) -> list[tuple[str, str | None]]:
        answer = town.get("/referrals/path", **{"from": start, "to": end, "names": "true"})
        assert answer.status_code == 200, answer.text
        return [(one["name"], one["referral_id"]) for one in answer.json()["path"]]

    assert way("t:a", "t:d") == [("Anna", None), ("Ben", "x"), ("Cleo", "x"), ("Dora", "x")]
    assert way("t:d", "web:7") == [("Dora", None), ("Cleo", "x"), ("Ben", "x")]
    assert way("t:a", "t:e") == []
    unknown = town.get("/referrals/path", **{"from": "t:a", "to": "t:nobody"})
    problem_of(unknown, 404, "contact-not-found")
    missing = problem_of(town.get("/referrals/path", to="t:a"), 422, "invalid-request")
    assert missing["errors"][0]["pointer"] == "/from"
    set_limits(server, town, replace(LIMITS, calibrated_events=3))
    for path in ("/referrals/graph", "/exposures", "/contacts/t:a/downstream"):
        refused = problem_of(town.get(path), 422, "invalid-request")
        assert refused["errors"][0]["code"] == "takes-a-replay"


def test_the_league_has_value_debts_and_reciprocity(town: Shop) -> None:
    """The list of the present, from the projection, and the one that is folded say the same."""
    position = town.get("/events", limit=1000).json()["items"][-1]["position"]
    rows = town.get("/standings", names="true", min_position=position).json()["items"]
    by_name = {row["name"]: row for row in rows}
    assert [row["influence"] for row in rows] == [30, 30, 18, 6]
    assert list(by_name)[2:] == ["Anna", "Cleo"]
    anna, dora = by_name["Anna"], by_name["Dora"]
    assert anna["won_value"] == [{"currency": "EUR", "minor": 20_000}]
    assert anna["owed"] == [{"currency": "EUR", "minor": 1_000}]
    assert anna["reciprocity"]["received"] == anna["influence"] == 18
    assert by_name["Ben"]["won_value"] == [{"currency": "EUR", "minor": 5_000}]
    assert by_name["Ben"]["owed"] == [{"currency": "EUR", "minor": 500}]
    assert (dora["won_value"], dora["owed"]) == ([{"currency": "EUR", "minor": 5_000}], [])
    folded = town.get("/standings", names="true", as_known_at=position, sort="influence").json()
    assert folded["items"] == rows
