from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import msgpack
import pytest

from tests.api.shop import problem_of, purchase, registration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.shop import Shop

JSON = "application/json"
MSGPACK = "application/vnd.msgpack"


def send(shop: Shop, content: bytes | Iterator[bytes], kind: str = JSON) -> httpx.Response:
    return shop.client.post(
        f"{shop.base}/contacts/pos:1/events", content=content, headers={"content-type": kind}
    )


def refuse(shop: Shop, content: bytes, kind: str = JSON, code: str = "invalid-request") -> Any:
    """The errors of a refusal that left nothing behind and the server alive."""
    problem = problem_of(send(shop, content, kind), 422, code)
    assert len(shop.get("/events").json()["items"]) == 1
    return problem["errors"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[}",
        b"{'type': 1}",
        b'{"type": "visit-made"} and more',
        b'{"type": "visit-made", "data": {"guests": NaN}}',
        b'{"type": "visit-made", "data": {"guests": -Infinity}}',
        b'{"type": "visit-made", "type": "visit-made", "data": {}}',
        b'{"type": "visit-made", "data": {"guests": 1, "guests": 2}}',
        b'\xef\xbb\xbf{"type": "visit-made"}',
        b'{"type": "caf\xe9"}',
        b'{"type": "\xed\xa0\x80"}',
        json.dumps(registration()).encode("utf-16"),
    ],
)
def test_what_is_not_one_json_value_is_refused(shop: Shop, content: bytes) -> None:
    (error,) = refuse(shop, content)
    assert error["code"] in ("malformed", "duplicate-field")


def test_nesting_has_an_end(shop: Shop) -> None:
    for depth in (33, 900, 100_000):
        errors = refuse(shop, b"[" * depth + b"]" * depth)
        assert "deep" in errors[0]["detail"]


def test_lone_surrogates_are_refused_in_their_place(shop: Shop) -> None:
    sent = b'{"type": "visit-made", "data": {"x": ["\\ud800"]}}'
    (error,) = refuse(shop, sent, code="invalid-text")
    assert error == {"pointer": "/data/x/0", "code": "invalid-text", "detail": error["detail"]}
    sent = b'{"type": "visit-made", "data": {"\\ud800": 1}}'
    (error,) = refuse(shop, sent, code="invalid-text")
    assert error["pointer"] == "/data"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("9007199254740992", "out-of-range"),
        ("1" * 5000, "out-of-range"),
        ("-" + "9" * 100_000, "out-of-range"),
        ("1.0", "wrong-type"),
        ("1e400", "wrong-type"),
        ("true", "wrong-type"),
        ('"12"', "wrong-type"),
        ("null", "missing"),
        ("[]", "wrong-type"),
    ],
)
def test_a_number_that_is_none_is_refused_in_its_place(shop: Shop, value: str, code: str) -> None:
    shop.register("pos:1")
    body = json.dumps(purchase("a")).replace("1250", value).encode()
    (error,) = problem_of(send(shop, body), 422, "invalid-request")["errors"]
    assert (error["pointer"], error["code"]) == ("/data/amount_minor", code)
    assert shop.get("/contacts/pos:1").json()["version"] == 1


def test_every_error_of_an_event_is_told_at_once_with_its_pointer(shop: Shop) -> None:
    sent = {
        "type": "purchase-made",
        "data": {"amount_minor": -1, "currency": "XXX", "initiated_by": "nobody", "a/b~c": 1},
        "id": "not-a-uuid",
        "occurred_at": "2026-03-01T12:00:00",
        "source": "",
        "colour": "blue",
    }
    body = json.dumps([registration(), sent]).encode()
    errors = {error["pointer"]: error["code"] for error in refuse(shop, body)}
    assert errors == {
        "/1/data/purchase_id": "missing",
        "/1/data/amount_minor": "out-of-range",
        "/1/data/currency": "unknown-currency",
        "/1/data/initiated_by": "not-a-choice",
        "/1/data/a~1b~0c": "unknown-field",
        "/1/id": "wrong-type",
        "/1/occurred_at": "invalid-time",
        "/1/source": "too-short",
        "/1/colour": "unknown-field",
    }


@pytest.mark.parametrize(
    "when",
    [
        "2026-03-01T12:00:00",
        "2026-03-01 12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-01",
        "yesterday",
        1_772_366_400,
        "9999-12-31T23:59:59-01:00",
        "2027-03-01T12:00:00Z",
    ],
)
def test_times_that_are_naive_none_or_far_ahead_are_refused(shop: Shop, when: object) -> None:
    body = json.dumps({**registration(), "occurred_at": when}).encode()
    (error,) = refuse(shop, body, code="invalid-time")
    assert error["pointer"] == "/occurred_at"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"type": "never-heard-of"}, "/type"),
        ({"type": "policy-published"}, "/type"),
        ({"type": "referral-received"}, "/type"),
        ({"type": "personal-data-erased"}, "/type"),
        ({"type": None}, "/type"),
        ({"type": 7}, "/type"),
        ({"data": None}, "/data"),
        ({"data": []}, "/data"),
        ({"data": {"kind": "person", "name": 201 * "a"}}, "/data/name"),
        ({"data": {"kind": "person", "name": "a", "time_zone": "Mars/North"}}, "/data/time_zone"),
        ({"id": "00000000-0000-0000-0000-000000000000"}, "/id"),
        ({"actor": 201 * "a"}, "/actor"),
        ({"contact": "pos:1"}, "/contact"),
        ({"position": 7}, "/position"),
    ],
)
def test_what_no_event_can_be_is_refused(shop: Shop, changed: Any, pointer: str) -> None:
    (error,) = refuse(shop, json.dumps({**registration(), **changed}).encode())
    assert error["pointer"] == pointer


def test_a_correction_with_numbers_beyond_keeping_is_refused(shop: Shop) -> None:
    made = shop.register("pos:1").json()["events"][0]["id"]
    for number in ("1" * 40, "1.5"):
        body = '{"type": "event-corrected", "data": {"target": "%s", "data": {"x": [%s]}}}'
        problem = problem_of(send(shop, (body % (made, number)).encode()), 422, "invalid-request")
        assert problem["errors"][0]["pointer"] == "/data/data/x/0"


@pytest.mark.parametrize("body", [[], 501 * [registration()], "text", 7, None, [7], [None]])
def test_a_body_that_holds_no_events_is_refused(shop: Shop, body: object) -> None:
    refuse(shop, json.dumps(body).encode())


def test_many_contacts_want_an_array_with_contacts(shop: Shop) -> None:
    for body in ({"contact": "pos:1", **registration()}, [registration()], [{"contact": 7}], []):
        problem_of(shop.post("/events", body), 422, "invalid-request")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        msgpack.packb(registration())[:-1],
        msgpack.packb(registration()) + b"\x00",
        msgpack.packb({"type": msgpack.ExtType(5, b"x")}),
        msgpack.packb({"type": msgpack.Timestamp(1)}),
        msgpack.packb({"type": b"bytes"}),
        msgpack.packb({1: 2}),
        msgpack.packb({b"type": 2}),
        b"\x82\xa4type\x01\xa4type\x02",
        b"\x81\xa4type\xa1\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 2000 + b"\x00",
    ],
)
def test_what_is_not_one_plain_msgpack_value_is_refused(shop: Shop, content: bytes) -> None:
    refuse(shop, content, MSGPACK)


@pytest.mark.parametrize("value", [2**64 - 1, -(2**63), 1.5, float("nan"), True, b"12"])
def test_msgpack_numbers_are_held_to_the_same_rules(shop: Shop, value: object) -> None:
    sent = purchase("a")
    sent["data"]["amount_minor"] = value
    (error,) = refuse(shop, msgpack.packb(sent), MSGPACK)
    assert error["pointer"] == "/data/amount_minor"


def test_a_body_of_more_than_a_mebibyte_is_too_large(shop: Shop) -> None:
    problem_of(send(shop, b" " * (1024 * 1024 + 1)), 413, "too-large")
    assert send(shop, json.dumps(registration()).ljust(1024 * 1024).encode()).status_code == 201


def test_a_chunked_body_is_measured_while_it_is_read(shop: Shop) -> None:
    problem_of(send(shop, iter([b" " * 65_536] * 32)), 413, "too-large")


def test_a_body_without_end_is_hung_up_on(shop: Shop) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 10_000:
            sent += 1
            yield b" " * 65_536

    # Whether the answer is still read depends on how far ahead the client had sent.
    with suppress(OSError, httpx.TransportError):
        problem_of(send(shop, endless()), 413, "too-large")
    assert sent < 10_000
    assert shop.client.get("/livez").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/jsonl"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/contacts/pos:1/events", "/projections/status/rebuilds"])
def test_a_body_of_another_type_is_not_read(shop: Shop, headers: dict[str, str], path: str) -> None:
    request = shop.client.build_request("POST", shop.base + path, content=b"{}", headers=headers)
    problem_of(shop.client.send(request), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, image/*", "application/json;q=0"]
)
def test_an_answer_in_no_accepted_form_is_not_given(shop: Shop, accept: str) -> None:
    answer = shop.client.get("/livez", headers={"accept": accept})
    problem_of(answer, 406, "not-acceptable")


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/html, application/msgpack;q=0.5", "application/msgpack"),
        ("application/json;q=0.1, application/vnd.msgpack", "application/vnd.msgpack"),
    ],
)
def test_the_answer_comes_in_the_form_that_is_preferred(
    shop: Shop, accept: str, given: str
) -> None:
    answer = shop.client.get("/livez", headers={"accept": accept})
    assert answer.headers["content-type"] == given


@pytest.mark.parametrize(
    "query",
    [
        "limt=5",
        "limit=0",
        "limit=1001",
        "limit=five",
        "limit=1&limit=1",
        "limit=",
        "after_position=-1",
        "after_position=99999999999999999999",
        "types=purchase-made,nothing",
        "cursor=abc",
        "cursor=",
        "contact=17850",
        "limit=%FF",
    ],
)
def test_a_query_with_anything_wrong_is_refused(shop: Shop, query: str) -> None:
    problem_of(shop.client.get(f"{shop.base}/events?{query}"), 422, "invalid-request")


def test_parameters_are_refused_where_there_are_none(shop: Shop) -> None:
    problem_of(shop.client.get("/livez?x=1"), 422, "invalid-request")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Shop"}, "/name"),
        ({"name": 40 * "a" + "a"}, "/name"),
        ({"name": "1shop"}, "/name"),
        ({}, "/name"),
        ({"name": "shop", "time_zone": "Nowhere"}, "/time_zone"),
        ({"name": "shop", "colour": 1}, "/colour"),
        ([], ""),
    ],
)
def test_a_ledger_that_cannot_be_is_not_made(shop: Shop, body: object, pointer: str) -> None:
    problem = problem_of(shop.client.post("/v1/ledgers", json=body), 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == pointer


def test_a_ledger_that_is_not_there_is_not_found(shop: Shop) -> None:
    for name in ("nothing", "Main", "..", "%2e%2e", "a%2Fb", "main%00"):
        answer = shop.client.get(f"/v1/ledgers/{name}/events")
        problem_of(answer, 404, "not-found" if name == ".." else "ledger-not-found")
