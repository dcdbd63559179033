from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

import msgpack
import pytest

from domain.instants import DAY, HOUR
from ledger.commit_queue import TooManyWaiting
from tests.api.lines import ledger_of
from tests.api.shop import START, problem_of, purchase, registration
from tests.fixtures.faults import failing

if TYPE_CHECKING:
    import httpx

    from api.service.server import Server
    from tests.api.shop import Shop


pytestmark = pytest.mark.both_stores


def test_an_appended_event_is_answered_with_its_place(shop: Shop) -> None:
    shop.register("pos:1")
    answer = shop.append("pos:1", purchase("a"))
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"2"'
    assert answer.headers["location"] == f"{shop.base}/events/3"
    body = answer.json()
    (event,) = body.pop("events")
    assert body == {
        "contact_id": body["contact_id"],
        "counts_for": None,
        "version": 2,
        "position": 3,
        "replayed": False,
    }
    assert UUID(event.pop("id")).version == 7
    assert event == {
        "index": 0,
        "type": "purchase-made",
        "version": 2,
        "position": 3,
        "recorded_at": "2026-03-01T12:00:00Z",
        "replayed": False,
    }


def test_the_location_is_where_the_event_can_be_read(shop: Shop) -> None:
    answer = shop.register("pos:1")
    found = shop.client.get(answer.headers["location"]).json()
    assert found["id"] == answer.json()["events"][0]["id"]
    own = {"source": "pos", "ref": "1"}
    assert found["data"] == {"kind": "person", "name": "Ada Jansen", "refs": [own]}


def test_several_events_are_recorded_all_or_none(shop: Shop) -> None:
    problem = problem_of(
        shop.append("pos:1", registration(), purchase("a"), purchase("a")), 409, "refused"
    )
    assert problem["reason"] == "id-in-use"
    problem_of(shop.get("/contacts/pos:1/events"), 404, "contact-not-found")
    assert shop.append("pos:1", registration(), purchase("a")).json()["version"] == 2


def test_an_event_with_a_known_id_is_answered_as_before(shop: Shop) -> None:
    sent = purchase("a", id=str(uuid4()))
    shop.register("pos:1")
    first = shop.append("pos:1", sent)
    second = shop.append("pos:1", sent)
    assert (first.status_code, second.status_code) == (201, 200)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json()["replayed"] is True
    (was,), (now,) = first.json()["events"], second.json()["events"]
    assert now == {**was, "replayed": True}


def test_json_and_msgpack_say_the_same_to_idempotency(shop: Shop) -> None:
    sent = purchase("a", at=START, id=str(uuid4()), actor=None)
    shop.register("pos:1")
    shop.append("pos:1", sent)
    answer = shop.client.post(
        f"{shop.base}/contacts/pos:1/events",
        content=msgpack.packb({**sent, "occurred_at": "2026-03-01T13:00:00.000+01:00"}),
        headers={"content-type": "application/vnd.msgpack", "accept": "application/msgpack"},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/msgpack"
    assert msgpack.unpackb(answer.content)["replayed"] is True


def test_a_known_id_with_other_content_is_a_conflict(shop: Shop) -> None:
    sent = purchase("a", id=str(uuid4()))
    shop.register("pos:1")
    shop.append("pos:1", sent)
    for other in (
        {**sent, "data": {**sent["data"], "amount_minor": 1}},
        {**sent, "data": {**sent["data"], "amount_minor": "no number at all"}},
        {**sent, "type": "never-heard-of"},
        {**sent, "colour": "blue"},
    ):
        problem = problem_of(shop.append("pos:1", other), 409, "event-id-reused")
        assert problem["position"] == 3


def test_of_concurrent_duplicates_exactly_one_is_created(shop: Shop) -> None:
    shop.register("pos:1")
    sent = purchase("a", id=str(uuid4()))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.append("pos:1", sent), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert {answer.json()["events"][0]["position"] for answer in answers} == {3}


def test_an_idempotency_key_gives_the_same_ids_again(shop: Shop, server: Server) -> None:
    shop.register("pos:1")
    events = purchase("a"), purchase("b")
    first = shop.append("pos:1", *events, idempotency_key="till-2-receipt-1042")
    again = shop.append("pos:1", *events, idempotency_key="till-2-receipt-1042")
    assert (first.status_code, again.status_code) == (201, 200)
    ids = [event["id"] for event in again.json()["events"]]
    assert ids == [event["id"] for event in first.json()["events"]]
    ledger = server.ledger(shop.base.rpartition("/")[2]).ledger
    path = f"{shop.base}/contacts/pos:1/events"
    assert ids[1] == str(uuid5(ledger.namespace, f"\n{path}\ntill-2-receipt-1042\n1"))


def test_an_idempotency_key_that_is_too_short_to_be_one_is_refused(shop: Shop) -> None:
    answer = shop.append("pos:1", registration(), idempotency_key="short")
    problem_of(answer, 422, "invalid-request")


def test_what_is_already_so_is_no_event_and_no_error(shop: Shop) -> None:
    shop.register("pos:1")
    again = shop.append("pos:1", registration())
    assert again.status_code == 200
    assert again.headers["etag"] == '"1"'
    assert again.json() | {"contact_id": ""} == {
        "contact_id": "",
        "counts_for": None,
        "version": 1,
        "position": 2,
        "replayed": False,
        "events": [],
    }


def test_if_match_lets_through_the_version_it_names(shop: Shop) -> None:
    shop.register("pos:1")
    assert shop.append("pos:1", purchase("a"), if_match='"1"').status_code == 201
    late = shop.append("pos:1", purchase("b"), if_match='"1"')
    assert problem_of(late, 412, "version-mismatch")["version"] == 2
    assert late.headers["etag"] == '"2"'


def test_if_none_match_lets_through_new_contacts_only(shop: Shop) -> None:
    assert shop.append("pos:1", registration(), if_none_match="*").status_code == 201
    problem_of(shop.append("pos:1", registration("Bo"), if_none_match="*"), 412, "version-mismatch")


def test_of_two_preconditions_both_must_hold(shop: Shop) -> None:
    def under(version: str) -> httpx.Response:
        return shop.append("pos:1", registration(), if_match=version, if_none_match="*")

    problem_of(under('"1"'), 412, "version-mismatch")
    assert under('"0"').status_code == 201
    for version in ('"0"', '"1"'):
        problem_of(under(version), 412, "version-mismatch")


def test_known_ids_are_answered_whatever_the_precondition(shop: Shop) -> None:
    sent = {**registration(), "id": str(uuid4())}
    shop.append("pos:1", sent, if_none_match="*")
    assert shop.append("pos:1", sent, if_none_match="*").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"if_match": "6"},
        {"if_match": "*"},
        {"if_match": '"a"'},
        {"if_match": 'W/"6"'},
        {"if_match": '"06"'},
        {"if_none_match": '"6"'},
    ],
)
def test_preconditions_that_are_none_are_refused(shop: Shop, headers: dict[str, str]) -> None:
    problem_of(shop.append("pos:1", registration(), **headers), 422, "invalid-request")


@pytest.mark.parametrize("name", ["If-Match", "Idempotency-Key", "Last-Event-ID"])
def test_a_header_that_says_one_thing_is_not_said_twice(shop: Shop, name: str) -> None:
    """Whichever of two were taken, half of those who send both would mean the other."""
    shop.register("pos:1")
    value = {"If-Match": '"1"', "Last-Event-ID": "1"}.get(name, "k" * 16)
    other = {"If-Match": '"7"', "Last-Event-ID": "2"}.get(name, "l" * 16)
    headers = [(name, value), (name, other)]
    if name == "Last-Event-ID":
        headers.append(("Accept", "text/event-stream"))
        answer = shop.client.get(f"{shop.base}/events", headers=headers)
    else:
        path = f"{shop.base}/contacts/pos:1/events"
        answer = shop.client.post(path, json=purchase("a"), headers=headers)
    problem_of(answer, 422, "invalid-request")


def test_a_minimal_answer_has_no_body(shop: Shop) -> None:
    answer = shop.append("pos:1", registration(), prefer="return=minimal")
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["rapport-position"] == "2"


def test_an_unregistered_contact_is_refused_and_not_found(shop: Shop) -> None:
    refused = problem_of(shop.append("pos:1", purchase("a")), 409, "refused")
    assert refused["reason"] == "contact-unregistered"
    problem_of(shop.get("/contacts/pos:1"), 404, "contact-not-found")


def test_a_merge_into_an_alias_is_refused_and_names_the_survivor(shop: Shop) -> None:
    shop.register("pos:1")
    survivor = shop.register("pos:2").json()["contact_id"]
    merge = {"type": "contact-merged", "data": {"into": "pos:2"}}
    assert shop.append("pos:1", merge).status_code == 201
    shop.register("pos:3")
    other = {"type": "contact-merged", "data": {"into": "pos:1"}}
    problem = problem_of(shop.append("pos:3", other), 409, "refused")
    assert (problem["reason"], problem["into"]) == ("contact-merged", survivor)


def test_what_was_done_before_a_merge_is_put_right_where_it_stands(shop: Shop) -> None:
    """As docs/how-to/correct-a-mistake.md says."""
    into = shop.append("pos:1", registration()).json()["contact_id"]
    shop.append("pos:2", registration(), purchase("a"))
    shop.append("pos:2", {"type": "contact-merged", "data": {"into": into}})
    money = {"amount_minor": 1250, "currency": "EUR"}
    refund = {"type": "purchase-reversed", "data": {"purchase_id": "a", **money}}
    assert problem_of(shop.append("pos:1", refund), 409, "refused")["reason"] == "purchase-unknown"
    answer = shop.append("pos:2", refund)
    assert answer.status_code == 201, answer.text
    status = shop.get("/contacts/pos:1/status").json()
    assert status["contact_id"] == into
    assert [one["reason"] for one in status["excluded"]] == ["reversed"]


def test_many_contacts_are_appended_to_at_once(shop: Shop) -> None:
    answer = shop.post(
        "/events",
        [
            {"contact": "pos:1", **registration()},
            {"contact": "pos:2", **registration("Bo")},
            {"contact": "pos:1", **purchase("a")},
        ],
    )
    assert answer.status_code == 201
    body = answer.json()
    assert "version" not in body
    assert (body["position"], body["replayed"]) == (4, False)
    assert [event["version"] for event in body["events"]] == [1, 1, 2]
    one, two, three = (event["contact_id"] for event in body["events"])
    assert one == three != two


def test_one_bad_event_keeps_all_contacts_as_they_were(shop: Shop) -> None:
    answer = shop.post(
        "/events",
        [{"contact": "pos:1", **registration()}, {"contact": "pos:2", **purchase("a")}],
    )
    problem_of(answer, 409, "refused")
    assert len(shop.get("/events").json()["items"]) == 1


def test_contacts_are_told_apart_by_every_byte_of_their_ref(shop: Shop) -> None:
    refs = ["a/b", "a%2Fb", "a b", "a+b", "Å", "å", "a:b", "A", "a", "%", "a?b", "a#b"]
    ids = {ref: shop.register(f"pos:{ref}").json()["contact_id"] for ref in refs}
    assert len(set(ids.values())) == len(refs)
    path = f"{shop.base}/contacts/pos%3Aa%2fb"
    assert shop.client.get(path).json()["contact_id"] == ids["a/b"]
    assert shop.client.get(f"{shop.base}/contacts/{ids['a/b']}").json()["name"] == "Ada Jansen"
    assert shop.client.get(f"{shop.base}/contacts/pos:a/b").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "00000000-0000-0000-0000-000000000000",
        "17850",
        "POS:17850",
        ":17850",
        "pos:",
        "pos:" + 201 * "a",
        "pos:" + 101 * "%C3%A5",
        "a_b:1",
        33 * "a" + ":1",
        "pos:%FF",
    ],
)
def test_names_that_are_no_contacts_are_refused(shop: Shop, name: str) -> None:
    answer = shop.client.post(f"{shop.base}/contacts/{name}/events", json=registration())
    problem_of(answer, 422, "invalid-request")


def test_a_client_that_leaves_loses_nothing_and_doubles_nothing(shop: Shop) -> None:
    """It sends its request, and closes the connection before the answer."""
    shop.register("pos:1")
    sent = purchase("a", id=str(uuid4()))

    async def leave() -> None:
        url = shop.client.base_url
        _, writer = await asyncio.open_connection(url.host, url.port)
        request = shop.client.build_request("POST", f"{shop.base}/contacts/pos:1/events", json=sent)
        head = f"POST {request.url.raw_path.decode()} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in request.headers.items()
        )
        writer.write(head.encode() + b"\r\n" + request.content)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    asyncio.run(leave())
    answer: httpx.Response = shop.append("pos:1", sent)
    assert answer.status_code in (200, 201)
    assert answer.json()["events"][0]["position"] == 3
    assert answer.json()["version"] == 2


def test_an_event_may_occur_a_day_ahead_and_no_more(shop: Shop) -> None:
    shop.register("pos:1")
    now = shop.clock()
    assert shop.append("pos:1", purchase("a", at=now + DAY)).status_code == 201
    problem = problem_of(
        shop.append("pos:1", purchase("b", at=now + DAY + HOUR)), 422, "invalid-time"
    )
    assert problem["errors"][0]["pointer"] == "/occurred_at"


def test_a_known_id_is_told_apart_also_where_the_contact_cannot_be_read(shop: Shop) -> None:
    shop.register("pos:1")
    known = shop.append("pos:1", purchase("a")).json()["events"][0]
    for contact in ({"contact": ""}, {"contact": 7}, {}):
        sent = {**contact, "id": known["id"], "type": "visit-made", "data": {"guests": 1}}
        problem = problem_of(shop.post("/events", [sent]), 409, "event-id-reused")
        assert problem["position"] == known["position"]
        del sent["id"]
        problem = problem_of(shop.post("/events", [sent]), 422, "invalid-request")
        assert problem["errors"][0]["pointer"] == "/0/contact"


def test_preconditions_about_no_single_contact_are_refused(shop: Shop) -> None:
    shop.register("pos:1")
    sent = {"contact": "pos:1", **purchase("a")}
    for header in ({"If-Match": '"1"'}, {"If-None-Match": "*"}):
        problem_of(shop.post("/events", [sent], **header), 422, "invalid-request")


@pytest.mark.parametrize(
    ("prefer", "minimal"),
    [
        ("return=minimal", True),
        ("respond-async, return=minimal; x=1", True),
        ('Return="minimal"', True),
        ("return=minimalist", False),
        ("return=representation", False),
    ],
)
def test_a_preference_is_read_whole(shop: Shop, prefer: str, minimal: bool) -> None:
    answer = shop.append("pos:1", registration(), prefer=prefer)
    assert answer.status_code == (204 if minimal else 201)


@pytest.mark.parametrize("path", ["/contacts/pos:1/events", "/events"])
def test_a_full_queue_is_told_before_the_body_is_parsed(
    shop: Shop, server: Server, path: str
) -> None:
    """Parsing a large body takes time that everybody else waits for."""

    with failing(
        ledger_of(shop, server), "check_room", TooManyWaiting("too many appends are waiting")
    ):
        headers = {"Content-Type": "application/json"}
        answer = shop.client.post(shop.base + path, content=b"no JSON", headers=headers)
        problem_of(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "1"
