"""What a till sends again blindly is known, whatever became of the server meanwhile."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from api.http.app import create_app
from api.http.wire.cloudevents import STRUCTURED
from api.service.strict_parsing import JSON
from tests.api.lines import JSONL, lines, of, outcomes, send
from tests.api.shop import Clock, built, listening, purchase, registration
from tests.api.wire import until
from tests.fixtures.patience import END_SECONDS
from tests.ledger.archive.archives import PASSPHRASE, exported_from, imported
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.shop import Json, Shop

BASE = "/v1/ledgers/main"
KEY = "till-3/2026-03-01/17"
CLOUD = {
    "specversion": "1.0",
    "id": "17850/1",
    "source": "till-3",
    "type": "visit-made",
    "subject": "pos:1",
    "data": {"guests": 1},
}
REQUESTS: list[tuple[str, str, bytes]] = [
    ("/contacts/pos:1/events", JSON, json.dumps([registration(), purchase("a")]).encode()),
    (
        "/events",
        JSON,
        json.dumps([of("pos:1", purchase("b")), of("pos:1", purchase("c"))]).encode(),
    ),
    ("/events", STRUCTURED, json.dumps(CLOUD).encode()),
    ("/events", JSONL, lines(of("pos:2", registration("Örn")), of("pos:2", purchase("a")))),
]
"""None has an id of ours: all are made in the ledger's namespace, which has to travel with it."""


@contextmanager
def till(folder: Path) -> Iterator[httpx.Client]:
    with (
        built(folder, Clock()) as server,
        listening(create_app(server)) as address,
        httpx.Client(base_url=address + BASE, timeout=END_SECONDS) as client,
    ):
        yield client


def places(client: httpx.Client, *, known: bool) -> list[list[int]]:
    """Where everything stands that is sent, all of which is known, or none."""
    found = []
    for number, (path, media_type, content) in enumerate(REQUESTS):
        headers = {"Content-Type": media_type, "Idempotency-Key": f"{KEY}/{number}"}
        answer = client.post(path, content=content, headers=headers)
        if media_type == JSONL:
            items = [json.loads(line) for line in answer.text.splitlines()]
            assert {one["status"] for one in items} == {200 if known else 201}
        else:
            items = answer.json()["events"]
            assert answer.status_code == (200 if known else 201)
            assert {one["replayed"] for one in items} == {known}
        found.append([one["position"] for one in items])
    return found


def rebuild(client: httpx.Client) -> None:
    started = client.post("/projections/status/rebuilds", json={})
    operation = started.headers["location"].removeprefix(BASE)

    def ended() -> bool:
        work: dict[str, Any] = client.get(operation).json()
        assert work["state"] in ("running", "succeeded"), work
        return bool(work["state"] == "succeeded")

    until(ended)


def test_it_is_known_after_a_rebuild_a_restart_and_an_import(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    with till(here) as client:
        first = places(client, known=False)
        assert [place for some in first for place in some] == list(range(2, 9))
        assert places(client, known=True) == first
        rebuild(client)
        assert places(client, known=True) == first
    with till(here) as client:
        assert places(client, known=True) == first
    archive = exported_from(here, HandClock(), "main", PASSPHRASE)[1]
    imported(tmp_path / "archive.tar", archive, there, HandClock(), PASSPHRASE)
    with till(there) as client:
        assert places(client, known=True) == first
        assert client.get("/events?after_position=8").json()["items"] == []


def test_of_a_batch_known_in_part_the_headers_lead_to_what_is_new(shop: Shop) -> None:
    """Who waits for that position reads all that was sent, wherever it stands in the batch."""
    known = purchase("a", id=str(uuid4()))
    shop.append("pos:1", registration(), known)
    answer = shop.append("pos:1", purchase("b"), known)
    assert answer.status_code == 201
    assert [one["position"] for one in answer.json()["events"]] == [4, 3]
    assert answer.json()["position"] == 4, "the last stored, wherever it stands in events"
    assert answer.headers["rapport-position"] == "4"
    assert answer.headers["location"] == f"{shop.base}/events/4"
    minimal = shop.append("pos:1", purchase("c"), known, prefer="return=minimal")
    assert minimal.headers["rapport-position"] == "5"


def test_an_append_is_answered_with_the_place_of_what_followed_it(shop: Shop) -> None:
    """Who waits for that position reads the referral of both, also where it was known before."""
    shop.register("pos:1")
    shop.register("pos:2")

    def referral(number: str, direction: str = "inbound", **envelope: object) -> Json:
        data = {"referral_id": number, "direction": direction, "other": "pos:2", "level": 3}
        return {"id": str(uuid4()), "type": "referral-made", "data": data, **envelope}

    made, many, outbound = (
        referral("r1"),
        referral("r2", contact="pos:1"),
        referral("r3", "outbound"),
    )
    for replayed in (False, True):
        one = shop.append("pos:1", made)
        assert (one.json()["position"], one.headers["rapport-position"]) == (5, "5")
        assert one.json()["events"][0]["position"] == 4
        assert one.headers["location"] == f"{shop.base}/events/4"
        several = shop.post("/events", [many])
        assert (several.json()["position"], several.headers["rapport-position"]) == (7, "7")
        assert [line["position"] for line in outcomes(send(shop, lines(many)))] == [7]
        assert shop.append("pos:1", outbound).json()["position"] == 8, "nothing follows that"
        assert one.json()["replayed"] is replayed
    minimal = shop.append("pos:1", made, prefer="return=minimal")
    assert minimal.headers["rapport-position"] == "5"
    assert shop.get("/events/5").json()["type"] == "referral-received"
