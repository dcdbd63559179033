from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.http.routers import status_in_depth
from api.service.receipts.checking import check_receipt
from ledger.transparency.log import TransparencyLog
from ledger.transparency.notes import Verifier
from tests.api.shop import problem_of, purchase

if TYPE_CHECKING:
    from tests.api.shop import Shop


pytestmark = pytest.mark.both_stores


def keys(shop: Shop) -> list[Verifier]:
    return [Verifier.read(line) for line in shop.get("/log/key").text.splitlines()]


def test_a_receipt_asked_for_at_once_waits_for_its_seal_and_checks(shop: Shop) -> None:
    shop.register("pos:1")
    position = shop.append("pos:1", purchase("a")).json()["position"]
    receipt = shop.get("/contacts/pos:1/status/receipt", min_position=position)
    assert receipt.status_code == 200, receipt.text
    assert receipt.headers["rapport-position"] == str(position)
    assert receipt.headers["content-type"] == "application/json"
    checked = check_receipt(receipt.content, keys(shop))
    query = {"as_of": checked.as_of, "as_known_at": checked.position}
    assert shop.get("/contacts/pos:1/status", **query).json() == checked.answer


def test_a_receipt_takes_the_parameters_of_the_status(shop: Shop) -> None:
    shop.register("pos:1")
    shop.append("pos:1", purchase("a"))
    shop.post("/policies", {"preset": "cafe"})
    shop.append("pos:1", purchase("b"))
    for query in (
        {"as_known_at": 2},
        {"as_of": "2026-02-28T12:00:00Z"},
        {"policy_version": 2},
        {"as_known_at": 3, "policy_version": 2},
        {"as_known_at": "2026-03-01T12:00:00Z"},
    ):
        receipt = shop.get("/contacts/pos:1/status/receipt", **query)
        checked = check_receipt(receipt.content, keys(shop))
        again = {"as_of": checked.as_of, **query}
        assert checked.answer == shop.get("/contacts/pos:1/status", **again).json()
    problem = shop.get("/contacts/pos:1/status/receipt", policy_version=9)
    problem_of(problem, 404, "policy-not-found")
    problem_of(shop.get("/contacts/pos:9/status/receipt"), 404, "contact-not-found")
    before = shop.get("/contacts/pos:1/status/receipt", as_known_at="2000-01-01T00:00:00Z")
    problem_of(before, 404, "contact-not-found")


def test_the_receipt_of_a_merged_contact_is_that_of_its_survivor(shop: Shop) -> None:
    shop.register("pos:1")
    survivor = shop.register("pos:2").json()["contact_id"]
    shop.append("pos:1", purchase("a"), {"type": "contact-merged", "data": {"into": "pos:2"}})
    receipt = shop.get("/contacts/pos:1/status/receipt")
    assert receipt.headers["content-location"].endswith(f"/contacts/{survivor}/status/receipt")
    assert str(check_receipt(receipt.content, keys(shop)).contact_id) == survivor


def test_what_is_not_sealed_in_time_is_a_conflict_that_says_so(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.register("pos:1")
    monkeypatch.setattr(status_in_depth, "SIGNING_SECONDS", 0.0)
    first_ever = "checkpoint", lambda log: next(log.checkpoints())
    monkeypatch.setattr(TransparencyLog, *first_ever)
    problem = problem_of(shop.get("/contacts/pos:1/status/receipt"), 409, "not-yet-sealed")
    assert "position 2" in problem["detail"]
