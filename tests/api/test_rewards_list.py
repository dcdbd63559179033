"""The list of all rewards over HTTP: each state, totals, pages, and earlier knowledge."""

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
    """An event some days before now."""
    return {"type": type_name, "data": data, "occurred_at": format_instant(START - day * DAY)}


def bought(day: int, amount_minor: int = 20_000) -> Json:
    return event(
        "purchase-made",
        day,
        purchase_id="p",
        amount_minor=amount_minor,
        currency="EUR",
        initiated_by="contact",
    )


def act(type_name: str, **data: object) -> Json:
    return event(type_name, 1, referral_id="x", **data)


STORIES: dict[str, tuple[list[Json], list[Json]]] = {
    "held": ([bought(10)], []),
    "due": ([bought(60)], []),
    "approved": ([bought(60)], [act("reward-approved")]),
    "paid": ([bought(60)], [act("reward-paid")]),
    "declined": ([bought(60)], [act("reward-declined")]),
    "overpaid": ([bought(60)], [act("reward-paid", amount_minor=2_500, currency="EUR")]),
    "clawed_back": (
        [
            bought(60),
            event("purchase-reversed", 5, purchase_id="p", amount_minor=20_000, currency="EUR"),
        ],
        [],
    ),
    "none": (
        [],
        [act("reward-paid", amount_minor=500, currency="EUR"), act("reward-reversed")],
    ),
}
"""What whom they sent did, and what we did, by the state to which that leads."""

OWED = {"held": 2_000, "due": 2_000, "approved": 2_000, "overpaid": -500}
"""A level of 5 earns 10 percent of 200.00."""


def tell(shop: Shop) -> int:
    """A referrer for each state, who is called like it; the position of the newest event."""
    position = 0
    for state, (theirs, ours) in STORIES.items():
        shop.register(f"from:{state}", state)
        shop.register(f"to:{state}")
        made = event(
            "referral-made", 90, referral_id="x", direction="inbound", other=f"to:{state}", level=5
        )
        for contact, events in (("from", [made]), ("to", theirs), ("from", ours)):
            for one in events:
                answer = shop.append(f"{contact}:{state}", one)
                assert answer.status_code == 201, answer.text
                position = answer.json()["position"]
    return position


def test_each_state_has_its_story_and_totals_are_sums(server: Server, shop: Shop) -> None:
    """One ledger for all claims about the list."""
    position = tell(shop)
    found = shop.get("/rewards", names="true").json()
    assert {one["name"]: one["state"] for one in found["items"]} == {name: name for name in STORIES}
    for one in found["items"]:
        assert one["owed_minor"] == sum(entry["amount_minor"] for entry in one["entries"])
        assert one["owed_minor"] == OWED.get(one["state"], 0)
    assert [(one["currency"], one["state"]) for one in found["totals"]] == [
        ("EUR", state) for state in STORIES
    ]
    assert all(
        (one["owed_minor"], one["count"]) == (OWED.get(one["state"], 0), 1)
        for one in found["totals"]
    )
    (kinds,) = [
        [entry["kind"] for entry in one["entries"]]
        for one in found["items"]
        if one["state"] == "clawed_back"
    ]
    assert kinds == ["earned", "clawed-back"]
    # What is due first comes first, and what was never won comes last.
    due = [one["due_at"] for one in found["items"]]
    assert due[-1] is None
    assert due[:-1] == sorted(due[:-1])

    (of_state,) = shop.get("/rewards", state="due").json()["items"]
    assert of_state["state"] == "due"
    of_contact = shop.get("/rewards", contact="from:paid").json()
    assert [one["state"] for one in of_contact["items"]] == ["paid"]
    assert [one["state"] for one in of_contact["totals"]] == ["paid"]
    assert shop.get("/rewards", contact="from:nobody").json()["items"] == []
    same = shop.get("/contacts/from:due/referrals", min_position=position).json()["rewards"]
    assert same == [{name: of_state[name] for name in same[0]}]

    pages = all_rows(shop, "/rewards", limit=3)
    assert pages == [{k: v for k, v in one.items() if k != "name"} for one in found["items"]]
    shop.append("from:due", act("reward-paid"))
    before = shop.get("/rewards", as_known_at=position, state="due").json()
    assert [one["contact_id"] for one in before["items"]] == [of_state["contact_id"]]
    assert shop.get("/rewards", state="due").json()["items"] == []
    early = shop.get("/rewards", as_of=format_instant(START - 70 * DAY)).json()
    assert (early["items"], early["totals"]) == ([], [])
    assert shop.get("/rewards", as_known_at=0).json()["items"] == []

    problem_of(shop.get("/rewards", state="owed"), 422, "invalid-request")
    problem_of(shop.get("/rewards", contact="nobody"), 422, "invalid-request")
    set_limits(server, shop, replace(LIMITS, calibrated_events=10))
    refused = problem_of(shop.get("/rewards"), 422, "invalid-request")
    assert refused["errors"][0]["code"] == "takes-a-replay"
