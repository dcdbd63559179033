"""Long questions to a shop: asked, waited for, and their lines read."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Json, Shop

SECONDS = 20


def ended(shop: Shop, started: httpx.Response) -> Json:
    """The operation that was started, once it ended."""
    assert started.status_code == 202, started.text
    deadline = time.monotonic() + SECONDS
    while True:
        operation: Json = shop.client.get(started.headers["location"]).json()
        if operation["state"] != "running":
            return operation
        assert time.monotonic() < deadline, "it never ended"
        time.sleep(0.005)


def result_of(shop: Shop, operation: Json) -> httpx.Response:
    """The answer with the operation's lines."""
    return shop.get(f"/operations/{operation['id']}/result")


def answered(shop: Shop, path: str, body: Json) -> tuple[Json, list[Json]]:
    """What became of a replay or a preview: its account and its lines, whose digest is right."""
    operation = ended(shop, shop.post(path, body))
    assert (operation["state"], operation["problem"]) == ("succeeded", None)
    lines = result_of(shop, operation)
    assert lines.status_code == 200, lines.text
    assert lines.headers["content-type"] == "application/jsonl"
    account = operation["result"]
    assert hashlib.sha256(lines.content).hexdigest() == account["digest"]
    assert lines.headers["etag"] == f'"{account["digest"]}"'
    return account, [json.loads(line) for line in lines.text.splitlines()]


def all_rows(shop: Shop, path: str, **query: Any) -> list[Json]:
    """A list's rows, page by page; every page speaks of the position of the first."""
    answer = shop.get(path, **query)
    rows, position = [], answer.headers.get("rapport-position")
    while True:
        assert answer.status_code == 200, answer.text
        assert answer.headers["rapport-position"] == position
        assert answer.headers["etag"]
        rows += answer.json()["items"]
        assert ("next" in answer.links) == (answer.json()["next_cursor"] is not None)
        if "next" not in answer.links:
            return rows
        answer = shop.client.get(answer.links["next"]["url"])
