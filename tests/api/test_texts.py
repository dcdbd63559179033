"""Texts x entrances: the same rule for each kind of text, wherever over HTTP it comes in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID, uuid4

import msgpack
import pytest

from domain.text import FREE, IDENTIFIER, NAME, TextRule
from tests.api.lines import JSONL, lines, of, outcomes
from tests.api.lines import send as send_lines
from tests.api.shop import problem_of, purchase, registration

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.api.shop import Json, Shop

REFUSED = None

TEXTS: dict[str, dict[TextRule, str | None]] = {
    "Ann": {NAME: "Ann", IDENTIFIER: "Ann", FREE: "Ann"},
    "Rene\u0301": {NAME: "Ren\u00e9", IDENTIFIER: "Ren\u00e9", FREE: "Ren\u00e9"},
    " Ann ": {NAME: "Ann", IDENTIFIER: REFUSED, FREE: " Ann "},
    "7\u200b": {NAME: "7", IDENTIFIER: REFUSED, FREE: "7\u200b"},
    "\u00a07": {NAME: "7", IDENTIFIER: REFUSED, FREE: "\u00a07"},
    " ": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: " "},
    "\u200b": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: "\u200b"},
    "\u00a0": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: "\u00a0"},
    "\u00ad": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: "\u00ad"},
    "a\r\nb\tc": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: "a\nb\tc"},
    "a\rb": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: REFUSED},
    "a\nb": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: "a\nb"},
    "a\x00b": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: REFUSED},
    "a\x85b": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: REFUSED},
    "\u202eab": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: REFUSED},
    "a\u2066b": {NAME: REFUSED, IDENTIFIER: REFUSED, FREE: REFUSED},
}
"""Each text with the form in which each rule keeps it."""


def named(text: str) -> Json:
    return registration(text)


def with_ref(text: str) -> Json:
    event = registration()
    return {**event, "data": {**event["data"], "refs": [{"source": "shop", "ref": text}]}}


def with_value(text: str) -> Json:
    return {"type": "preference-learned", "data": {"key": "table", "value": text}}


def with_key(text: str) -> Json:
    return {"type": "preference-learned", "data": {"key": text, "value": "the window"}}


def with_item(text: str) -> Json:
    event = purchase("p1")
    return {**event, "data": {**event["data"], "items": [{"wine": text}]}}


def from_system(text: str) -> Json:
    return {**purchase("p1"), "source": text}


def by_somebody(text: str) -> Json:
    return {**purchase("p1"), "actor": text}


FIELDS: dict[str, tuple[Callable[[str], Json], str, TextRule]] = {
    "a name": (named, "/data/name", NAME),
    "a ref": (with_ref, "/data/refs/0/ref", IDENTIFIER),
    "an id": (purchase, "/data/purchase_id", IDENTIFIER),
    "a label": (with_key, "/data/key", NAME),
    "free text": (with_value, "/data/value", FREE),
    "an attribute": (with_item, "/data/items/0/wine", FREE),
    "source": (from_system, "/source", NAME),
    "actor": (by_somebody, "/actor", NAME),
}

Sent = tuple[int, str, dict[str, Any]]
"""The status, what stands before a pointer, and the answer or the problem of one event."""


def as_json(shop: Shop, contact: str, event: Json) -> Sent:
    answer = shop.append(contact, event)
    return answer.status_code, "", answer.json()


def as_one_of_many(shop: Shop, contact: str, event: Json) -> Sent:
    answer = shop.post("/events", [of(contact, event)])
    return answer.status_code, "/0", answer.json()


def as_msgpack(shop: Shop, contact: str, event: Json) -> Sent:
    answer = shop.client.post(
        f"{shop.base}/contacts/{contact}/events",
        content=msgpack.packb(event),
        headers={"Content-Type": "application/vnd.msgpack", "Accept": "application/json"},
    )
    return answer.status_code, "", answer.json()


def as_a_line(shop: Shop, contact: str, event: Json) -> Sent:
    (outcome,) = outcomes(send_lines(shop, lines(of(contact, event))))
    return outcome["status"], "", outcome.get("problem", outcome)


def as_a_cloud_event(shop: Shop, contact: str, event: Json) -> Sent:
    sent = {"source": "till", **event, "specversion": "1.0", "subject": contact}
    answer = shop.client.post(
        f"{shop.base}/events",
        json={"id": str(uuid4()), **sent},
        headers={"Content-Type": "application/cloudevents+json"},
    )
    return answer.status_code, "", answer.json()


WAYS = {
    "JSON": as_json,
    "an array": as_one_of_many,
    "msgpack": as_msgpack,
    "lines": as_a_line,
    "CloudEvents": as_a_cloud_event,
}


def stands_at(event: Json, pointer: str) -> object:
    found: Any = event
    for name in pointer.split("/")[1:]:
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found


@pytest.mark.parametrize(
    ("way", "field"),
    [
        pytest.param(way, field, id=f"{name}, {said}")
        for name, way in WAYS.items()
        for said, field in FIELDS.items()
        if (name, said) != ("CloudEvents", "actor")  # which they do not have
    ],
)
def test_a_text_is_kept_by_its_rule_or_refused_with_its_pointer(
    shop: Shop,
    way: Callable[[Shop, str, Json], Sent],
    field: tuple[Callable[[str], Json], str, TextRule],
) -> None:
    made, pointer, rule = field
    new = made("x")["type"] == "contact-registered"
    for number, (text, kept) in enumerate(TEXTS.items()):
        contact = f"pos:{number}"
        if not new:
            shop.register(contact)
        status, before, answer = way(shop, contact, made(text))
        if kept[rule] is REFUSED:
            assert (status, answer["code"]) == (422, "invalid-text"), (text, answer)
            (error,) = answer["errors"]
            assert (error["pointer"], error["code"]) == (before + pointer, "invalid-text")
            assert "U+" in error["detail"]
        else:
            assert status == 201, (text, answer)
            asked_for = {"contact": contact, "types": made(text)["type"]}
            event = shop.get("/events", **asked_for).json()["items"][-1]
            assert event["position"] <= answer["position"]
            assert stands_at(event, pointer) == kept[rule], text


def asked(shop: Shop, path: str) -> httpx.Response:
    return shop.client.get(shop.base + path)


REFS: dict[str, Callable[[Shop, str], tuple[httpx.Response, str]]] = {
    "a path": lambda shop, ref: (
        shop.client.post(
            f"{shop.base}/contacts/pos:{quote(ref, safe='')}/events", json=registration()
        ),
        "/contact",
    ),
    "contact": lambda shop, ref: (
        shop.post("/events", [of(f"pos:{ref}", registration())]),
        "/0/contact",
    ),
    "subject": lambda shop, ref: (
        shop.client.post(
            f"{shop.base}/events",
            json={
                "specversion": "1.0",
                "id": str(uuid4()),
                "source": "till",
                "subject": f"pos:{ref}",
                **registration(),
            },
            headers={"Content-Type": "application/cloudevents+json"},
        ),
        "/subject",
    ),
    "data": lambda shop, ref: (
        shop.append(
            "pos:known",
            {
                "type": "contact-linked",
                "data": {"other": f"pos:{ref}", "relation": "works-for"},
            },
        ),
        "/data/other",
    ),
}


@pytest.mark.parametrize("way", REFS.values(), ids=REFS)
def test_a_ref_is_in_nfc_or_refused_wherever_it_names_a_contact(
    shop: Shop, way: Callable[[Shop, str], tuple[httpx.Response, str]]
) -> None:
    shop.register("pos:known")
    for text, kept in TEXTS.items():
        answer, pointer = way(shop, text)
        if kept[IDENTIFIER] is REFUSED:
            (error,) = problem_of(answer, 422, "invalid-text")["errors"]
            assert (error["pointer"], error["code"]) == (pointer, "invalid-text"), text
        else:
            assert answer.status_code == 201, (text, answer.text)


@pytest.mark.parametrize("path", ["/events?contact=", "/restatements?contact="])
def test_a_ref_in_a_query_is_held_to_the_rule(shop: Shop, path: str) -> None:
    assert asked(shop, f"{path}pos:7").status_code == 200
    (error,) = problem_of(asked(shop, f"{path}pos:7%20"), 422, "invalid-text")["errors"]
    assert error["pointer"] == "/contact"


def test_two_spellings_of_a_ref_are_one_contact(shop: Shop) -> None:
    whole, apart = "pos:Ren\u00e9", "pos:Rene\u0301"
    shop.register(whole)
    assert shop.append(apart, purchase("p1")).status_code == 201
    one, other = (shop.get(f"/contacts/{quote(name)}", min_position=3) for name in (whole, apart))
    assert one.json() == other.json()
    assert one.json()["version"] == 2


def test_two_spellings_of_a_cloud_event_are_one_event(shop: Shop) -> None:
    def sent(source: str, event_id: str) -> httpx.Response:
        event = {"specversion": "1.0", "id": event_id, "source": source, "subject": "pos:1"}
        return shop.client.post(
            f"{shop.base}/events",
            json={**event, **registration()},
            headers={"Content-Type": "application/cloudevents+json"},
        )

    assert sent("caf\u00e9", "\u00e9-1").status_code == 201
    again = sent("cafe\u0301 ", "e\u0301-1")
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    (error,) = problem_of(sent("till", "a\u202eb"), 422, "invalid-text")["errors"]
    assert error["pointer"] == "/id"


def test_the_case_of_blank_names_is_refused_line_by_line(shop: Shop) -> None:
    for number, name in enumerate((" ", "\u200b", "\u00a0", "\u202eab")):
        answer = shop.append(f"bl:{number}", registration(name))
        (error,) = problem_of(answer, 422, "invalid-text")["errors"]
        assert error["pointer"] == "/data/name"
    taken = {}
    for ref in ("a%00b", "a%0Ab", "7", "7%20", "%207", "7%E2%80%8B"):
        path = f"{shop.base}/contacts/bl:{ref}/events"
        taken[ref] = shop.client.post(path, json=registration("x")).status_code
    assert taken == {
        "a%00b": 422, "a%0Ab": 422, "7": 201, "7%20": 422, "%207": 422, "7%E2%80%8B": 422
    }  # fmt: skip


@pytest.mark.parametrize("blank", [" ", "\u200b", "a\u202eb"])
def test_every_other_body_is_held_to_the_rule(shop: Shop, blank: str) -> None:
    shop.register("pos:1")
    policy = {"policy": {"name": blank}}
    kinds = {"policy": {"signals": {"custom": {blank: {"points": 5}}}}}
    correction = {"target": str(UUID(int=9)), "occurred_at": "2026-02-01T10:00:00Z"}
    for path, body, pointer in (
        ("/contacts/pos:1/erasure", {"requested_by": blank, "reason": "x"}, "/requested_by"),
        ("/contacts/pos:1/erasure", {"requested_by": "x", "reason": "a\x00"}, "/reason"),
        ("/policies", policy, "/policy/name"),
        ("/policies", kinds, "/policy/signals/custom"),
        ("/policies/preview", policy, "/policy/name"),
    ):
        problem = problem_of(shop.post(path, body), 422, "invalid-text")
        assert problem["errors"][0]["pointer"] == pointer
    sold = shop.append("pos:1", purchase("p1")).json()["events"][0]["id"]
    data = {**purchase(blank)["data"]}
    corrected = {"type": "event-corrected", "data": {**correction, "target": sold, "data": data}}
    problem = problem_of(shop.append("pos:1", corrected), 422, "invalid-text")
    assert problem["errors"][0]["pointer"] == "/data/data/purchase_id"
    made = shop.client.post("/v1/keys", json={"name": blank, "scopes": ["read"], "ledger": "main"})
    assert problem_of(made, 422, "invalid-text")["errors"][0]["pointer"] == "/name"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("contacts?name=%20", "/name"),
        ("contacts?name=a%E2%80%AEb", "/name"),
        ("contacts?consent_purpose=%C2%A0&consent_channel=mail", "/consent_purpose"),
        ("contacts?cursor=%20a", "/cursor"),
    ],
)
def test_a_text_in_a_query_is_held_to_the_rule(shop: Shop, query: str, pointer: str) -> None:
    (error,) = problem_of(asked(shop, f"/{query}"), 422, "invalid-text")["errors"]
    assert error["pointer"] == pointer


def test_an_idempotency_key_is_held_to_the_rule(shop: Shop) -> None:
    shop.register("pos:1")
    for number, (key, status) in enumerate(
        (
            ("\u0447\u0435\u043a-2026-03-01", 201),
            ("caf\u00e9-2026-03-01-1", 201),
            ("2026-03-01-\u202e-1042", 422),
            ("2026-03-01-1042\u00a0", 422),
        )
    ):
        answer = shop.client.post(
            f"{shop.base}/contacts/pos:1/events",
            json=purchase(f"p{number}"),
            headers={b"Idempotency-Key": key.encode()},
        )
        assert answer.status_code == status, answer.text
        if status == 422:
            (error,) = problem_of(answer, 422, "invalid-text")["errors"]
            assert error["detail"].startswith("Idempotency-Key must not ")


def test_two_spellings_of_one_attribute_are_refused(shop: Shop) -> None:
    """Or one of the two would be lost."""
    shop.register("pos:1")
    attributes = {"\u00e9": 1, "e\u0301": 2}
    event = {"type": "custom-recorded", "data": {"kind": "tasting", "attributes": attributes}}
    (error,) = problem_of(shop.append("pos:1", event), 422, "invalid-request")["errors"]
    assert (error["pointer"], error["code"]) == ("/data/attributes", "duplicate-field")


def test_every_spelling_of_a_name_finds_it(shop: Shop) -> None:
    for number, name in enumerate(
        ("Ren\u00e9", "Rene\u0301", "\u0130pek", "\u0141ukasz", "Kim  Lee")
    ):
        position = shop.register(f"se:{number}", name).json()["position"]
    found = {
        part: len(shop.get("/contacts", name=part, min_position=position).json()["items"])
        for part in ("Ren\u00e9", "Rene\u0301", "rene", "ipek", "lukasz", "kim lee", "\u0301")
    }
    assert found == {
        "Ren\u00e9": 2, "Rene\u0301": 2, "rene": 2, "ipek": 1, "lukasz": 1, "kim lee": 1,
        "\u0301": 0,
    }  # fmt: skip


def test_a_lone_surrogate_is_named_in_its_place(shop: Shop) -> None:
    body = json.dumps(registration("\ud800")).encode()
    for path, sent, kind in (
        ("/contacts/pos:1/events", body, "application/json"),
        ("/events", lines(of("pos:1", registration("\ud800"))), JSONL),
    ):
        answer = shop.client.post(shop.base + path, content=sent, headers={"Content-Type": kind})
        problem = outcomes(answer)[0]["problem"] if kind == JSONL else answer.json()
        assert (problem["code"], problem["status"]) == ("invalid-text", 422)
        assert problem["errors"][0]["pointer"] == "/data/name"
