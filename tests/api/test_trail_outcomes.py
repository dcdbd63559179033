"""Over HTTP, each order in the trail has its outcome: done, refused or failed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from ledger.stores.access import ORDERED, OUTCOMES
from tests.api.asking import ended
from tests.api.shop import registration
from tests.trail_entries import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from api.service.server import Server
    from ledger.access.orders import Order
    from tests.api.shop import Shop

    Asking = Callable[[Shop], Any]


def rebuilt(shop: Shop) -> None:
    ended(shop, shop.post("/projections/status/rebuilds", {}))


ACTS: dict[str, tuple[Asking, list[tuple[str, str]]]] = {
    "a policy": (
        lambda shop: shop.post("/policies", {"preset": "cafe"}),
        [("policy-published", "done")],
    ),
    "a rebuild": (rebuilt, [("rebuild-started", "done")]),
    "the log": (
        lambda shop: shop.client.get(
            f"{shop.base}/events", headers={"accept": "application/jsonl"}
        ),
        [("log-exported", "done")],
    ),
    "a person": (
        lambda shop: shop.get("/contacts/pos:1/export"),
        [("contact-exported", "done")],
    ),
    "an erasure": (
        lambda shop: shop.post(
            "/contacts/pos:1/erasure", {"requested_by": "the person", "reason": "asked"}
        ),
        [("erasure", "done")],
    ),
    "an erasure of nobody": (
        lambda shop: shop.post(
            f"/contacts/{uuid4()}/erasure", {"requested_by": "the person", "reason": "asked"}
        ),
        [("erasure", "refused")],
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_each_order_has_its_outcome(shop: Shop, act: str) -> None:
    ask, expected = ACTS[act]
    shop.append("pos:1", registration())
    ask(shop)
    items = shop.get("/trail").json()["items"]
    assert [(one, outcome) for one, _, outcome in outcomes(items)] == expected
    assert {one["outcome"] for one in items} <= {ORDERED, *OUTCOMES}


def test_a_policy_that_an_archived_ledger_refuses_is_not_published(shop: Shop) -> None:
    shop.post("/archive", {})
    assert shop.post("/policies", {"preset": "cafe"}).status_code == 409
    items = shop.get("/trail").json()["items"]
    assert outcomes(items) == [("policy-published", "cafe", "refused")]
    assert items[-1]["detail"] == {"reason": "ledger-archived"}


def test_who_archives_a_ledger_second_has_archived_nothing(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, order = shop.base.rpartition("/")[2], server.trails.order

    def slower(*arguments: Any, **detail: object) -> Order:
        ordered = order(*arguments, **detail)
        server.archive(name, archived=True)
        return ordered

    monkeypatch.setattr(server.trails, "order", slower)
    assert shop.post("/archive", {}).json()["archived"]
    items = [one for one in trail_of_server(shop) if one["subject"] == name]
    assert outcomes(items)[-1] == ("ledger-archived", name, "refused")
    assert items[-1]["detail"] == {"reason": "already-so"}


def trail_of_server(shop: Shop) -> Iterator[dict[str, Any]]:
    """Every entry of the server's trail, which all tests of one process write into."""
    after: int | None = 0
    while after is not None:
        page = shop.client.get("/v1/trail", params={"limit": 1000, "after_number": after}).json()
        yield from page["items"]
        after = page["next_after"]


def test_a_rebuild_that_was_cancelled_has_failed(shop: Shop, server: Server) -> None:
    operations = server.ledger(shop.base.rpartition("/")[2]).projections.operations
    begun, go_on = threading.Event(), threading.Event()

    def hold(work: Any) -> dict[str, object]:
        begun.set()
        go_on.wait(20)
        work.check()
        return {}

    held = operations.start("rebuild", "standing", hold)
    assert begun.wait(20)
    asked = shop.post("/projections/standing/rebuilds", {}).json()
    assert asked["id"] == str(held.id), "one that is under way is joined"
    shop.client.delete(f"{shop.base}/operations/{held.id}")
    assert outcomes(shop.get("/trail").json()["items"]) == [
        ("rebuild-started", "standing", "ordered"),
        ("operation-cancelled", "rebuild", "done"),
    ]
    go_on.set()
    operations.wait(held.id, 20)
    items = shop.get("/trail").json()["items"]
    assert outcomes(items)[0] == ("rebuild-started", "standing", "failed")
    assert items[-1]["detail"] == {"reason": "cancelled", "operation": str(held.id)}
