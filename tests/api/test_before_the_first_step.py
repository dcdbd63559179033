"""Reads of a ledger whose projections reflect nothing yet, as right after it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projections.build_subscriber import BuildSubscriber
from tests.api.shop import Clock, Shop, purchase

if TYPE_CHECKING:
    import httpx


@pytest.fixture
def unfollowed(
    client: httpx.Client, shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """A ledger with one contact, whose projections take no step."""
    monkeypatch.setattr(BuildSubscriber, "follows", False)
    made = Shop(client, f"un{shop.base.rpartition('/')[2]}", clock)
    made.register("pos:1")
    made.append("pos:1", purchase("1"))
    return made


@pytest.mark.parametrize(
    "path",
    [
        "/contacts",
        "/contacts/pos:1",
        "/contacts/pos:1/events",
        "/contacts/pos:1/status",
        "/contacts/pos:1/status/history",
        "/contacts/pos:1/status/receipt",
        "/contacts/pos:1/standing",
        "/contacts/pos:1/referrals",
        "/contacts/pos:1/card",
        "/contacts/pos:1/scorecard",
        "/contacts/pos:1/export",
        "/scorecard",
        "/scorecard?as_known_at=0",
        "/statuses",
        "/statuses?as_known_at=0",
        "/statuses/summary",
        "/statuses/summary?as_known_at=0",
        "/standings",
        "/standings?as_known_at=0",
        "/restatements",
        "/projections",
        "/projections/status/digest",
        "/projections/standing/digest",
        "/events",
        "/policies",
    ],
)
def test_every_read_answers_before_the_projections_took_a_step(unfollowed: Shop, path: str) -> None:
    assert {one["position"] for one in unfollowed.get("/projections").json()["items"]} == {0}
    answer = unfollowed.get(path)
    assert answer.status_code == 200, answer.text


def test_a_projection_that_reflects_nothing_knows_no_referral(unfollowed: Shop) -> None:
    told = unfollowed.get("/contacts/pos:1/referrals")
    assert told.headers["rapport-position"] == "0"
    assert [told.json()[name] for name in ("made", "received", "rewards")] == [[], [], []]
