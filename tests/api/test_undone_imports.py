"""A shop's file that is imported and undone: all is as before it, and the log is longer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from domain.instants import DAY
from tests.api.asking import ended
from tests.api.shop import purchase
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.importing.expected_samples import EXPECTED
from tests.importing.samples import sample

if TYPE_CHECKING:
    from tests.api.shop import Json, Shop

NAMES = {
    f"shopify:{ref}": data["name"]
    for ref, _, kind, data in EXPECTED["shopify-orders"]
    if kind == "contact-registered"
}

OF_THE_LOG = ("as_known_at", "excluded", "position")


def without_log(answer: Json) -> Json:
    """The answer without how far the log was read for it, and what in it counts no more."""
    return {name: value for name, value in answer.items() if name not in OF_THE_LOG}


def is_at(shop: Shop, path: str, head: int) -> bool:
    """Whether a projection is that far."""
    return bool(shop.get(path).json()["position"] == head)


def answers(shop: Shop) -> tuple[int, Json]:
    """The head of the log, and what is answered about everybody at it."""
    head = shop.get("/events", limit=1000).json()["items"][-1]["position"]
    said: Json = {}
    for path in ("/statuses", "/standings", "/statuses/summary"):
        said[path] = without_log(shop.get(path, min_position=head).json())
    for name in NAMES:
        for path in (f"/contacts/{name}/status", f"/contacts/{name}/standing"):
            said[path] = without_log(shop.get(path).json())
    for name in ("status", "standing"):  # restatements tell of the past, which grew longer too
        path = f"/projections/{name}/digest"
        until(partial(is_at, shop, path, head))
        said[path] = shop.get(path).json()["digest"]
    return head, said


def test_the_file_of_a_shop_leaves_nothing_behind_but_a_longer_log(shop: Shop) -> None:
    shop.clock.pass_days(365)
    for number, (name, called) in enumerate(NAMES.items()):
        shop.register(name, called)
        shop.append(name, purchase(f"before-{number}", at=shop.clock() - 40 * DAY))
    head, before = answers(shop)

    begun = shop.client.post(
        f"{shop.base}/imports",
        content=sample("shopify-orders").read_bytes(),
        params={"mapping": "shopify-orders"},
        headers={"Content-Type": "text/csv"},
        timeout=END_SECONDS,
    )
    imported = ended(shop, begun)
    assert (imported["appended"], imported["events"]) == (5, 4)
    longer, between = answers(shop)
    assert longer == head + 4
    statuses = {f"/contacts/{name}/status" for name in NAMES}
    assert {name for name in before if between[name] != before[name]} >= {*statuses, "/statuses"}

    taken_back = ended(shop, shop.post(f"/imports/{imported['id']}/undo", {}))
    assert taken_back["result"]["retracted"] == 4
    longest, after = answers(shop)
    assert longest == longer + 4
    assert {name: after[name] for name in before if after[name] != before[name]} == {}
