"""Ledgers as tests of pages see them: where their pages are, what they hold, and a cafe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instants import DAY
from tests.api.shop import START, purchase

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop

MARKER = "<script>alert('x')</script>\"'"


def pages(shop: Shop) -> str:
    """Where the pages of the ledger are."""
    return f"/console{shop.base[3:]}"


def reflect(shop: Shop, appended: httpx.Response) -> None:
    """Wait until the pages know what was appended."""
    assert appended.status_code == 201, appended.text
    shop.get("/agenda", min_position=appended.json()["position"])


def events(shop: Shop, contact: str) -> list[dict[str, Any]]:
    """What was recorded of a contact, in order."""
    found: list[dict[str, Any]] = shop.get(f"/contacts/{contact}/events").json()["items"]
    return found


def open_cafe(shop: Shop) -> None:
    """Something for every page: Ada, to whom we owe thanks and a promise, and Ben, who complained
    and has a birthday.
    """
    shop.register("till:1", "Ada Jansen")
    shop.register("till:2", "Ben Okafor")
    made = {"type": "promise-made", "data": {"promise_id": "p1", "summary": "a window table"}}
    shop.append("till:1", purchase("1", at=START - 3 * DAY), made)
    complaint = {"complaint_id": "c1", "severity": 2, "public": False}
    shop.append("till:2", {"type": "complaint-raised", "data": complaint})
    born = {"occasion_id": "b", "kind": "birthday", "month": 1, "day": 2}
    reflect(shop, shop.append("till:2", {"type": "occasion-learned", "data": born}))
