from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import msgpack

from api.http.app import create_app
from domain.events import CATALOGUE
from domain.instants import format_instant
from domain.presets import PRESETS
from tests.api.shop import START, Clock, Shop, built, listening, problem_of, purchase, registration
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path


def test_making_a_ledger_twice_changes_nothing(shop: Shop) -> None:
    name = shop.base.rpartition("/")[2]
    again = shop.client.post("/v1/ledgers", json={"name": name, "time_zone": "Asia/Tokyo"})
    assert again.status_code == 200
    shown = {
        "name": name,
        "time_zone": "Europe/Amsterdam",
        "region": None,
        "archived": False,
        "created_at": format_instant(START),
    }
    assert again.json() == shown
    assert shop.get("").json() == again.json()
    assert again.json() in shop.client.get("/v1/ledgers").json()["items"]


def test_a_server_keeps_its_ledgers_and_what_is_in_them(tmp_path: Path) -> None:
    sent = {**registration(), "id": str(uuid4())}
    for status in (201, 200):
        with (
            built(tmp_path / "data", Clock()) as server,
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            answer = client.post("/v1/ledgers/main/contacts/pos:1/events", json=sent)
            assert answer.status_code == status
            assert answer.json()["position"] == 2


def test_a_preset_is_published_by_name(shop: Shop) -> None:
    answer = shop.post("/policies", {"preset": "cafe"})
    assert answer.status_code == 201
    assert answer.json() == {
        "policy_version": 2,
        "name": "cafe",
        "effective_from": format_instant(START),
        "sha256": answer.json()["sha256"],
        "position": 2,
    }
    read = shop.client.get(answer.headers["location"]).json()
    assert read == {**answer.json(), "policy": PRESETS["cafe"].document()}
    assert [one["name"] for one in shop.get("/policies").json()["items"]] == ["retail", "cafe"]


def test_a_document_changes_what_it_names_from_its_instant_on(shop: Shop) -> None:
    shop.register("pos:1")
    shop.append("pos:1", purchase("a"))
    document = {"extends": "cafe", "name": "ours", "stage": {"promotion_score": 70}}
    sent = {"policy": document, "effective_from": "2020-01-01T00:00:00+01:00"}
    answer = shop.post("/policies", sent).json()
    assert answer["effective_from"] == "2019-12-31T23:00:00Z"
    policy = shop.get("/policies/2").json()["policy"]
    assert policy["stage"]["promotion_score"] == 70
    assert policy["rhythm"] == PRESETS["cafe"].document()["rhythm"]
    assert shop.get("/contacts/pos:1/status").json()["policy_version"] == 2


def test_a_policy_that_is_none_is_refused_with_pointers(shop: Shop) -> None:
    for body, pointer in (
        ([], ""),
        ({}, ""),
        ({"preset": "cafe", "policy": {}}, ""),
        ({"preset": "casino"}, "/preset"),
        ({"policy": {"extends": "casino"}}, "/policy/extends"),
        ({"policy": {"stage": {"promotion_score": 1.5}}}, "/policy/stage/promotion_score"),
        ({"policy": {"stage": {"stay_score": 999}}}, "/policy/stage/stay_score"),
        ({"policy": {"colour": 1}}, "/policy/colour"),
        ({"preset": "cafe", "colour": 1}, "/colour"),
    ):
        problem = problem_of(shop.post("/policies", body), 422, "invalid-request")
        assert problem["errors"][0]["pointer"] == pointer
    sent = {"preset": "cafe", "effective_from": "2020-13-01"}
    problem_of(shop.post("/policies", sent), 422, "invalid-time")
    assert len(shop.get("/policies").json()["items"]) == 1


def test_a_version_that_was_not_published_is_not_found(shop: Shop) -> None:
    for version in ("0", "2", "01", "one", "1.0"):
        problem_of(shop.get(f"/policies/{version}"), 404, "policy-not-found")


def test_a_rebuild_ends_with_equal_digests_and_no_drift(shop: Shop) -> None:
    shop.register("pos:1")
    position = shop.append("pos:1", purchase("a"), purchase("b")).json()["position"]
    shop.get("/statuses", min_position=position)
    started = shop.post("/projections/status/rebuilds", {})
    assert started.status_code == 202
    deadline = time.monotonic() + 20
    while True:
        operation = shop.client.get(started.headers["location"]).json()
        if operation["state"] != "running" or time.monotonic() > deadline:
            break
        time.sleep(0.01)
    assert operation["state"] == "succeeded"
    assert operation["id"] == started.json()["id"]
    result = operation["result"]
    assert (result["projection"], result["position"]) == ("status", position)
    assert result["drift"] == []
    digest = shop.get("/projections/status/digest").json()
    assert result["digest"] == result["live_digest"]
    assert len(digest["digest"]) == 64
    assert digest["position"] == position
    cancelled = shop.client.delete(started.headers["location"])
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "succeeded")


def test_projections_say_how_far_they_are(shop: Shop) -> None:
    position = shop.register("pos:1").json()["position"]
    shop.get("/statuses", min_position=position)
    shop.get("/standings", min_position=position)
    shop.get("/restatements", min_position=position)
    for row in shop.get("/projections").json()["items"]:
        assert row["position"] == position
        assert (row["lag"], row["state"], row["problem"]) == (0, "live", None)


def test_what_was_never_built_or_begun_is_not_found(shop: Shop) -> None:
    problem_of(shop.post("/projections/nothing/rebuilds", {}), 404, "not-found")
    problem_of(shop.get("/projections/nothing/digest"), 404, "not-found")
    for name in (str(uuid4()), "one"):
        problem_of(shop.get(f"/operations/{name}"), 404, "operation-not-found")
    problem_of(shop.post("/projections/status/rebuilds", {"now": 1}), 422, "invalid-request")


def test_a_rebuild_needs_no_body_but_its_content_type(shop: Shop) -> None:
    answer = shop.client.post(
        f"{shop.base}/projections/status/rebuilds", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 202


def test_every_type_of_event_has_its_schema(shop: Shop) -> None:
    items = shop.client.get("/v1/event-types").json()["items"]
    assert [one["type"] for one in items] == sorted(CATALOGUE)
    for one in items:
        schema = shop.client.get(one["schema"]).json()
        assert list(schema["properties"]) == [f.name for f in CATALOGUE[one["type"]].FIELDS]
        assert schema["additionalProperties"] is False
        assert schema["description"].startswith(one["summary"])
    problem_of(shop.client.get("/v1/event-types/never-heard-of"), 404, "not-found")


def test_msgpack_is_given_wherever_json_is(shop: Shop) -> None:
    position = shop.register("pos:1").json()["position"]
    for name in ("statuses", "standings", "restatements"):
        shop.get(f"/{name}", min_position=position)
    paths = ("/contacts/pos:1", "/contacts/pos:1/status", "/events", "/policies", "/projections")
    for path in paths:
        packed = shop.client.get(shop.base + path, headers={"accept": "application/vnd.msgpack"})
        assert packed.headers["content-type"] == "application/vnd.msgpack"
        assert msgpack.unpackb(packed.content) == shop.get(path).json()
