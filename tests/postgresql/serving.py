"""One shop on either store, what is lived through in it, and every answer about that."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from api.bootstrap import build
from api.http.app import create_app
from api.service.settings import Settings
from domain.instants import DAY
from tests.api.shop import START, Clock, Shop, listening, purchase, registration
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANNA, BEN = (str(UUID(int=number)) for number in (1, 2))
READ = (
    "/contacts?names=true",
    f"/contacts/{ANNA}",
    f"/contacts/{ANNA}/status",
    f"/contacts/{ANNA}/events",
    f"/contacts/{BEN}/standing",
    f"/contacts/{BEN}/referrals",
    f"/contacts/{ANNA}/agenda",
    "/events",
    "/statuses?sort=score",
    "/statuses?as_of=2026-03-01T12:00:00Z",
    "/standings",
    "/statuses/summary",
    "/agenda/summary",
    f"/contacts/{ANNA}/scorecard",
    "/restatements?since_position=0",
    "/agenda",
    "/policies",
)
"""What is asked of both stores. Ids of contacts, and of what is sent, are the same in both."""


@contextmanager
def shop_at(
    folder: Path, url: str | None, at: int = START, *, keys_url: str | None = None
) -> Iterator[Shop]:
    clock = Clock()
    clock.instant = at
    server = build(Settings(folder=folder, database_url=url, keys_url=keys_url), clock=clock)
    try:
        with (
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            yield Shop(client, "shop", clock)
    finally:
        server.close()


def live(shop: Shop) -> None:
    """Three months of two contacts."""
    for number, contact in enumerate((ANNA, BEN)):
        event_id = str(UUID(int=100 + number))
        first = {**registration(f"Contact {number}"), "id": event_id}
        assert shop.append(contact, first, If_None_Match="*").status_code == 201
    for number in range(6):
        shop.clock.instant = START + number * 14 * DAY
        sale = purchase(f"sale-{number}", id=str(UUID(int=200 + number)))
        assert shop.append(ANNA, sale).status_code == 201
    referral = {"referral_id": "r-1", "direction": "outbound", "other": ANNA, "level": 3}
    made = {"type": "referral-made", "data": referral, "id": str(UUID(int=300))}
    assert shop.append(BEN, made).status_code == 201


def answers(shop: Shop) -> dict[str, Any]:
    """Every answer, once the projections are at the newest position."""
    head = shop.get("/events", limit=1000).json()["items"][-1]["position"]
    for path in ("/statuses", "/standings", "/agenda"):
        assert shop.get(path, min_position=head).status_code == 200
    found = {}
    for path in READ:
        answer = shop.client.get(shop.base + path)
        document = answer.json()
        document.pop("index", None)  # how far it is built is a matter of moments
        assert answer.status_code == 200, (path, document)
        found[path] = document
    return found
