"""The book and the watch lists over HTTP; their figures are held in tests/money."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from api.service.limits import LIMITS
from domain.instants import DAY, format_instant
from tests.api.asking import all_rows
from tests.api.shop import START, Json, Shop, problem_of, set_limits

if TYPE_CHECKING:
    from api.service.server import Server


def event(type_name: str, day: int, **data: object) -> Json:
    return {"type": type_name, "data": data, "occurred_at": format_instant(START - day * DAY)}


def buys(day: int, amount_minor: int, category: str | None = None) -> Json:
    named = {} if category is None else {"category": category}
    return event(
        "purchase-made",
        day,
        purchase_id=str(day),
        amount_minor=amount_minor,
        currency="EUR",
        initiated_by="contact",
        **named,
    )


def figures(row: Json) -> tuple[object, ...]:
    names = ("gross", "refunds", "net", "gestures_cost", "rewards_paid", "contribution")
    return (row["key"], *(row[f"{name}_minor"] for name in names))


def tell(shop: Shop) -> None:
    """Ann, whom Kim and then Lee looks after, buys in January and gives back in February."""
    shop.register("t:ann", "Ann")
    shop.register("t:bob", "Bob")
    shop.append(
        "t:ann",
        event("steward-assigned", 90, steward="Kim"),
        buys(50, 10_000, "coffee"),
        event("steward-assigned", 40, steward="Lee"),
        event("purchase-reversed", 20, purchase_id="50", amount_minor=4_000, currency="EUR"),
        buys(10, 6_000, "tea"),
        event("gesture-made", 9, gesture="cake", cost_minor=300, currency="EUR", reason="kind"),
    )
    refer = event("referral-made", 60, referral_id="r", direction="inbound", other="t:bob", level=1)
    shop.append("t:ann", refer)
    shop.append("t:bob", buys(45, 5_000))
    pay = event("reward-paid", 5, referral_id="r", amount_minor=100, currency="EUR")
    answer = shop.append("t:ann", pay)
    assert answer.status_code == 201, answer.text


def test_a_book_is_divided_in_five_ways(server: Server, shop: Shop) -> None:
    """START is the first of March 2026: 50 days before is January, 20 days before February."""
    tell(shop)

    def rows(**query: object) -> list[tuple[object, ...]]:
        answer = shop.get("/book", **query)
        assert answer.status_code == 200, answer.text
        return [figures(row) for row in answer.json()["rows"]]

    assert rows() == [
        ("2026-01", 15_000, 0, 15_000, 0, 0, 15_000),
        ("2026-02", 6_000, 4_000, 2_000, 300, 100, 1_600),
    ]
    assert rows(by="category") == [
        ("coffee", 10_000, 4_000, 6_000, None, None, None),
        ("tea", 6_000, 0, 6_000, None, None, None),
        (None, 5_000, 0, 5_000, None, None, None),
    ]
    # The refund stands under Kim, who looked after Ann when she bought.
    assert rows(by="steward") == [
        ("Kim", 10_000, 4_000, 6_000, 0, None, None),
        ("Lee", 6_000, 0, 6_000, 300, None, None),
        (None, 5_000, 0, 5_000, 0, None, None),
    ]
    assert rows(by="stage")[0][:2] == ("contact", 10_000)
    february = shop.get("/book", **{"from": "2026-02", "to": "2026-02", "by": "contact"})
    (ann,) = february.json()["rows"]
    assert figures(ann)[1:] == (6_000, 4_000, 2_000, 300, 100, 1_600)
    assert "name" not in ann
    named = shop.get("/book", by="contact", names="true").json()
    assert [one["name"] for one in named["rows"]] == ["Ann", "Bob"]
    (total,) = named["totals"]
    assert (total["net_minor"], total["contribution_minor"], total["contacts"]) == (
        17_000,
        16_600,
        2,
    )
    for by in ("month", "stage", "category", "steward"):
        assert shop.get("/book", by=by).json()["totals"] == [total]
    (beside,) = named["beside"]
    assert (beside["repeat_percent"], beside["referred_percent"]) == (50, 100 * 5_000 // 17_000)
    assert (beside["top_ten_percent"], beside["client_year_minor"]) == (100, None)
    assert named["stages"] == {"new_clients": 0, "falls": 0, "regained": 0}
    early = shop.get("/book", as_of=format_instant(START - 30 * DAY)).json()
    assert [one["net_minor"] for one in early["totals"]] == [15_000]
    assert shop.get("/book", as_known_at=1).json()["totals"] == []

    refused = problem_of(
        shop.get("/book", **{"from": "2026-03", "to": "2026-02"}), 422, "invalid-request"
    )
    assert refused["errors"][0]["code"] == "contradiction"
    problem_of(shop.get("/book", by="weather"), 422, "invalid-request")
    set_limits(server, shop, replace(LIMITS, calibrated_events=3))
    for path in ("/book", "/watch/lost"):
        refused = problem_of(shop.get(path), 422, "invalid-request")
        assert refused["errors"][0]["code"] == "takes-a-replay"


def test_what_is_given_back_later_was_a_purchase_day_until_then(shop: Shop) -> None:
    """Who bought on two days of January came back in it, though one was given back in February."""
    shop.register("t:ann", "Ann")
    refund = event("purchase-reversed", 20, purchase_id="45", amount_minor=500, currency="EUR")
    assert shop.append("t:ann", buys(50, 500), buys(45, 500), refund).status_code == 201

    def repeat_percent(first: str, last: str) -> int:
        found = shop.get("/book", **{"from": first, "to": last}).json()["beside"]
        percent: int = found[0]["repeat_percent"]
        return percent

    assert repeat_percent("2026-01", "2026-01") == 100
    assert repeat_percent("2026-01", "2026-02") == 0


def client(shop: Shop, name: str, last_day: int, amount_minor: int) -> None:
    """A contact who bought every week for a year and said so, up to a day before now."""
    shop.register(f"w:{name}", name)
    days = range(last_day + 350, last_day - 1, -7)
    share = event(
        "wallet-share-reported", last_day + 100, category="x", share_percent=95, method="stated"
    )
    answer = shop.append(f"w:{name}", *(buys(day, amount_minor) for day in days), share)
    assert answer.status_code == 201, answer.text


def test_watch_lists_name_whom_to_look_at_most_net_first(shop: Shop) -> None:
    client(shop, "small", 3, 100)
    client(shop, "great", 3, 900)
    client(shop, "asked", 3, 500)
    client(shop, "gone", 800, 700)
    client(shop, "ended", 800, 700)
    shop.append("w:asked", event("referral-asked", 20, channel="phone"))
    shop.append("w:ended", event("relationship-ended", 100, by="contact", reason="moved"))

    def names(name: str, **query: object) -> list[str]:
        answer = shop.get(f"/watch/{name}", names="true", **query)
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json()["items"]]

    assert names("never-asked") == ["great", "small"]
    assert names("under-served") == ["great", "asked", "small"]
    assert names("lost") == ["gone"]
    (gone,) = shop.get("/watch/lost").json()["items"]
    assert gone["client_year"][0]["minor"] > 0
    assert gone["net"][0]["days_365_minor"] == 0
    assert gone["why"]
    assert gone["do"]
    assert len(all_rows(shop, "/watch/under-served", limit=1)) == 3
    before = shop.get("/events", limit=1000).json()["items"][-1]["position"]
    shop.append(
        "w:great",
        event("touch-made", 200, direction="outbound", purpose="x", planned=True, channel="phone"),
    )
    assert "great" in names("under-served")
    shop.append("w:great", event("thanks-given", 100, channel="phone", personal=True))
    assert names("under-served") == ["asked", "small"]
    assert "great" in names("under-served", as_known_at=before)
    problem_of(shop.get("/watch/nobody"), 404, "not-found")
