"""``POST .../policies/fit``: a policy fitted to the ledger's own purchases, over HTTP."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from domain.instants import DAY
from domain.presets import PRESETS
from tests.api.asking import ended
from tests.api.shop import START, Json, Shop, problem_of, purchase, registration

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTACTS = 60
PAUSE_DAYS = 40
"""Six of ten who stop come back after it: a fitted wait is longer than it less their week."""


def visits(chance: Random) -> Iterator[int]:
    """Days before now on which somebody buys: weekly, with pauses, until they leave."""
    day = 500 - chance.randrange(60)
    while day > 2:
        yield day
        if chance.random() < 0.06:
            if chance.random() >= 0.6:
                return
            day -= PAUSE_DAYS
        else:
            day -= 7


@pytest.fixture
def busy(shop: Shop) -> Shop:
    chance = Random(5)
    for number in range(CONTACTS):
        bought = [purchase(f"{day}", START - day * DAY) for day in visits(chance)]
        answer = shop.append(f"pos:{number}", registration(), *bought)
        assert answer.status_code == 201, answer.text
    return shop


def fit(shop: Shop, **body: object) -> Json:
    answer = shop.post("/policies/fit", body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"].endswith(answer.json()["id"])
    found: Json = ended(shop, answer)
    assert (found["kind"], found["state"]) == ("fit", "succeeded")
    result: Json = found["result"]
    return result


def test_the_fitted_policy_waits_as_long_as_people_pause(busy: Shop) -> None:
    result = fit(busy, preset="retail", target={"stay": 2, "of": 3})
    assert result["demote_after_days"] in (35, 42, 49)
    assert (result["purchase_days"], result["abstained"]) == (2, [])
    retail = PRESETS["retail"].document()
    retail["rhythm"]["demote_after_days"] = result["demote_after_days"]
    retail["signals"]["regularity"]["purchase_days"] = 2
    assert result["policy"] == retail
    assert [one["at_percent"] for one in result["hold_out"]] == [50, 60, 70, 80]
    after = busy.append("pos:0", purchase("one more")).headers["rapport-position"]
    assert result["position"] == int(after) - 1


def test_a_fit_is_the_same_twice_and_ends_in_a_preview(busy: Shop) -> None:
    """The target of two of three is the one that is meant without one."""
    first = fit(busy, preset="retail")
    again = fit(busy, policy={"extends": "retail"}, target={"stay": 2, "of": 3})
    assert {**first, "seconds": 0} == {**again, "seconds": 0}
    preview = busy.post("/policies/preview", {"policy": first["policy"]})
    assert ended(busy, preview)["state"] == "succeeded"
    assert len(busy.get("/policies").json()["items"]) == 1, "nothing is published"


def test_too_little_history_changes_no_number_and_says_why(shop: Shop) -> None:
    shop.register("pos:1")
    result = fit(shop, preset="cafe", as_of="2026-01-01")
    assert (result["demote_after_days"], result["purchase_days"]) == (None, None)
    assert result["policy"] == PRESETS["cafe"].document()
    assert {one["field"] for one in result["abstained"]} == {"demote_after_days", "purchase_days"}
    assert result["hold_out"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"preset": "retail", "target": {"stay": 3, "of": 3}}, "/target/stay"),
        ({"preset": "retail", "target": {"stay": 0, "of": 3}}, "/target/stay"),
        ({"preset": "retail", "target": {"stay": 1}}, "/target/of"),
        ({"preset": "retail", "target": 2}, "/target"),
        ({"preset": "nobody"}, "/preset"),
        ({"target": {"stay": 2, "of": 3}}, ""),
    ],
)
def test_a_fit_that_cannot_be_is_refused(shop: Shop, body: Json, pointer: str) -> None:
    problem = problem_of(shop.post("/policies/fit", body), 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == pointer


def test_a_fit_has_no_lines(shop: Shop) -> None:
    answer = shop.post("/policies/fit", {"preset": "retail"})
    ended(shop, answer)
    problem_of(shop.get(f"/operations/{answer.json()['id']}/result"), 404, "not-found")
