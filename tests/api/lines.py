"""Bulk requests as the tests send them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.api.shop import purchase
from tests.api.wire import Wire

if TYPE_CHECKING:
    import httpx

    from api.service.server import Server
    from ledger.ledger import Ledger
    from tests.api.shop import Shop

JSONL = "application/jsonl"


def of(contact: str, event: dict[str, Any]) -> dict[str, Any]:
    return {"contact": contact, **event}


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def send(shop: Shop, body: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return shop.client.post(
        f"{shop.base}/events", content=body, headers={"content-type": JSONL, **named}
    )


def outcomes(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == JSONL
    return [json.loads(line) for line in answer.text.splitlines()]


def told(answer: httpx.Response) -> list[tuple[int, int]]:
    return [(one["line"], one["status"]) for one in outcomes(answer)]


def wire(shop: Shop, **headers: str) -> Wire:
    return Wire(
        f"{str(shop.client.base_url).rstrip('/')}{shop.base}/events",
        "POST",
        content_type=JSONL,
        **headers,
    )


def ledger_of(shop: Shop, server: Server) -> Ledger:
    return server.ledger(shop.base.rpartition("/")[2]).ledger


def sales(count: int, contact: str = "pos:1") -> list[dict[str, Any]]:
    return [of(contact, purchase(f"r-{n}", id=str(uuid4()))) for n in range(count)]
