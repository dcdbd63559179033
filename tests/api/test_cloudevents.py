from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4, uuid5

import pytest

from domain.instants import DAY, format_instant
from tests.api.shop import START, problem_of, purchase, registration

if TYPE_CHECKING:
    import httpx

    from api.service.server import Server
    from tests.api.shop import Shop

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def cloud_event(event: dict[str, Any], subject: str = "pos:1", **others: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "r-1",
        "source": "urn:till:2",
        "subject": subject,
        "type": event["type"],
        "data": event["data"],
        **others,
    }


def send(shop: Shop, body: object, media_type: str = STRUCTURED) -> httpx.Response:
    return shop.client.post(
        f"{shop.base}/events", json=body, headers={"content-type": f"{media_type}; charset=utf-8"}
    )


def test_a_cloud_event_becomes_an_event_of_its_subject(shop: Shop, server: Server) -> None:
    shop.register("pos:1")
    sent = cloud_event(purchase("a"), time=format_instant(START), datacontenttype="text/json")
    answer = send(shop, {**sent, "traceparent": "00-1-2-3", "dataschema": "urn:x"})
    assert answer.status_code == 201
    (appended,) = answer.json()["events"]
    event = shop.client.get(answer.headers["location"]).json()
    assert event["id"] == appended["id"]
    assert (event["type"], event["source"]) == ("purchase-made", "urn:till:2")
    assert event["occurred_at"] == format_instant(START)
    assert event["data"] == purchase("a")["data"]
    assert event["contact_id"] == shop.get("/contacts/pos:1").json()["contact_id"]
    ledger = server.ledger(shop.base.rpartition("/")[2]).ledger
    assert event["id"] == str(uuid5(ledger.namespace, "urn:till:2\nr-1"))


def test_the_same_source_and_id_are_the_same_event(shop: Shop) -> None:
    shop.register("pos:1")
    sent = cloud_event(purchase("a"))
    assert send(shop, sent).status_code == 201
    again = send(shop, sent)
    assert again.status_code == 200
    assert again.headers["idempotency-replayed"] == "true"
    assert send(shop, {**sent, "source": "urn:till:3", **change("b")}).status_code == 201
    problem_of(send(shop, {**sent, **change("c")}), 409, "event-id-reused")


def change(number: str) -> dict[str, Any]:
    return {"data": purchase(number)["data"]}


def test_an_id_that_is_a_uuid_is_kept(shop: Shop) -> None:
    shop.register("pos:1")
    event_id = str(uuid4())
    (event,) = send(shop, cloud_event(purchase("a"), id=event_id)).json()["events"]
    assert event["id"] == event_id


def test_a_batch_is_recorded_all_or_none(shop: Shop) -> None:
    batch = [
        cloud_event(registration(), id="1"),
        cloud_event(registration("Bo"), "pos:2", id="2"),
        cloud_event(purchase("a"), id="3"),
    ]
    refused = cloud_event(purchase("a"), "pos:3", id="4")
    problem_of(send(shop, [*batch, refused], BATCH), 409, "refused")
    answer = send(shop, batch, BATCH)
    assert answer.status_code == 201
    assert [one["position"] for one in answer.json()["events"]] == [2, 3, 4]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"specversion": "0.3"}, "/specversion"),
        ({"specversion": None}, "/specversion"),
        ({"id": ""}, "/id"),
        ({"id": None}, "/id"),
        ({"id": 7}, "/id"),
        ({"source": None}, "/source"),
        ({"source": 201 * "s"}, "/source"),
        ({"type": None}, "/type"),
        ({"type": "com.example.made"}, "/type"),
        ({"subject": None}, "/subject"),
        ({"subject": "nobody"}, "/subject"),
        ({"time": "yesterday"}, "/time"),
        ({"time": format_instant(START + 2 * DAY)}, "/time"),
        ({"data": None}, "/data"),
        ({"data": {"purchase_id": 7}}, "/data/purchase_id"),
        ({"data_base64": "e30="}, "/data_base64"),
        ({"datacontenttype": "text/xml"}, "/datacontenttype"),
        ({"Not-A-Name": 1}, "/Not-A-Name"),
    ],
)
def test_what_is_wrong_is_told_by_the_names_of_cloud_events(
    shop: Shop, change: dict[str, Any], pointer: str
) -> None:
    shop.register("pos:1")
    wrong = {**cloud_event(purchase("a")), **change}
    code = "invalid-time" if pointer == "/time" else "invalid-request"
    problem = problem_of(send(shop, wrong), 422, code)
    assert pointer in [one["pointer"] for one in problem["errors"]]
    right = cloud_event(purchase("b"), id="other")
    problem = problem_of(send(shop, [right, wrong], BATCH), 422, code)
    assert f"/1{pointer}" in [one["pointer"] for one in problem["errors"]]


@pytest.mark.parametrize(
    ("body", "media_type"),
    [([], STRUCTURED), ({}, BATCH), ([], BATCH), (501 * [{}], BATCH), ("a", STRUCTURED)],
)
def test_what_is_no_cloud_event_at_all_is_refused(
    shop: Shop, body: object, media_type: str
) -> None:
    problem_of(send(shop, body, media_type), 422, "invalid-request")


def test_a_known_id_comes_before_what_is_wrong_with_a_cloud_event(shop: Shop) -> None:
    shop.register("pos:1")
    event_id = str(uuid4())
    sound = cloud_event(purchase("a"), id=event_id)
    assert send(shop, sound).status_code == 201
    for broken in ({"subject": None}, {"specversion": "0.9"}, {"data": None}):
        problem_of(send(shop, {**sound, **broken}), 409, "event-id-reused")


def test_a_condition_about_one_contact_is_refused_for_a_batch(shop: Shop) -> None:
    shop.register("pos:1")
    for kind, content in (
        ("application/cloudevents+json", json.dumps(cloud_event(purchase("a")))),
        ("application/cloudevents-batch+json", "[]"),
        ("application/jsonl", "{}\n"),
    ):
        headers = {"content-type": kind, "if-none-match": "*"}
        answer = shop.client.post(f"{shop.base}/events", content=content, headers=headers)
        problem_of(answer, 422, "invalid-request")
