"""Pages, and the cursors between them."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import msgpack
import pytest

from tests.api.shop import problem_of

if TYPE_CHECKING:
    from tests.api.shop import Shop


def test_a_cursor_of_another_list_or_of_nobodys_making_is_refused(shop: Shop) -> None:
    shop.register("pos:1")
    cursor = shop.get("/events", limit=1).json()["next_cursor"]
    problem_of(shop.get("/statuses", cursor=cursor), 422, "invalid-request")
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        problem_of(shop.get("/events", cursor=changed), 422, "invalid-request")


@pytest.mark.parametrize("place", [5, "x", {"a": 1}, [], ["log"], ["log", [1]], ["log", 2**63]])
def test_a_cursor_needs_more_than_the_right_form(shop: Shop, place: object) -> None:
    packed = msgpack.packb(place)
    made_up = base64.urlsafe_b64encode(packed + hashlib.sha256(packed).digest()[:8]).decode()
    problem_of(shop.get("/events", cursor=made_up.rstrip("=")), 422, "invalid-request")


def test_everybody_of_a_name_is_found_page_by_page(shop: Shop) -> None:
    for number in range(25):
        shop.register(f"pos:{number}", "Same Name")
    shop.get("/statuses", min_position=26)
    found: list[str] = []
    page = shop.get("/contacts", name="same", limit=10).json()
    while True:
        found += [one["contact_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        page = shop.get("/contacts", name="same", limit=10, cursor=page["next_cursor"]).json()
    assert len(found) == len(set(found)) == 25
