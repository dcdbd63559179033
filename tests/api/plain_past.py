"""The past that both servers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from api.http.app import create_app
from tests.api.shop import Shop, listening, purchase
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from api.service.server import Server
    from tests.fixtures.clock import Clock


def record_past(server: Server, clock: Clock) -> None:
    """Two contacts, one who was merged into another and one who was erased."""
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        shop = Shop(client, "main", clock)
        for contact in ("pos:1", "pos:2", "pos:gone", "pos:merged", "pos:edges"):
            shop.register(contact)
            assert shop.append(contact, purchase("first")).status_code == 201
        merge = {"type": "contact-merged", "data": {"into": "pos:2"}}
        assert shop.append("pos:merged", merge).status_code == 201
        wish = {"requested_by": "the person", "reason": "asked"}
        erased = shop.post("/contacts/pos:gone/erasure", wish)
        assert erased.status_code in (200, 202), erased.text
