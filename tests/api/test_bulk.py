from __future__ import annotations

import json
from concurrent.futures import Future
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any
from uuid import uuid4, uuid5

import pytest

from api.http.app import create_app
from api.http.streams import bulk
from domain.errors import Unavailable
from ledger.commit_queue import TooManyWaiting
from tests.api.lines import JSONL, ledger_of, lines, of, outcomes, sales, send, told, wire
from tests.api.shop import built, listening, problem_of, purchase, registration
from tests.api.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.server import Server
    from tests.api.shop import Clock, Shop


def test_every_line_is_answered_with_its_place(shop: Shop) -> None:
    answer = send(shop, lines(of("pos:1", registration()), of("pos:1", purchase("a"))))
    assert answer.text == (
        '{"line":1,"status":201,"position":2,"counts_for":null}\n'
        '{"line":2,"status":201,"position":3,"counts_for":null}\n'
    )


def test_a_bad_line_stops_no_other(shop: Shop) -> None:
    body = b"".join(
        (
            lines(of("pos:1", registration())),
            b"\n   \r\n",
            b"{no json\n",
            lines([], {"contact": "none"}, of("pos:1", {"type": "unheard-of"})),
            lines(of("pos:9", purchase("a"))),
            b'{"contact": "pos:\xff"}\n',
            b" " * 65_537 + lines(of("pos:1", purchase("b"))),
            json.dumps(of("pos:1", purchase("c"))).encode(),
        )
    )
    found = outcomes(send(shop, body))
    assert [(one["line"], one["status"]) for one in found] == [
        (1, 201), (4, 422), (5, 422), (6, 422), (7, 422), (8, 409), (9, 422), (10, 413), (11, 201),
    ]  # fmt: skip  # one line of the request each
    problem = found[5]["problem"]
    assert (problem["code"], problem["reason"]) == ("refused", "contact-unregistered")
    assert found[4]["problem"]["errors"][0]["pointer"] == "/type"
    assert {one["problem"]["status"] for one in found if "problem" in one} == {409, 413, 422}


def test_a_byte_order_mark_is_named(shop: Shop) -> None:
    """Some programs begin every file with one, and what keeps their first line out is not seen."""
    shop.register("pos:1")
    body = b"\xef\xbb\xbf" + lines(of("pos:1", purchase("a")), of("pos:1", purchase("b")))
    first, second = outcomes(send(shop, body))
    assert "byte order mark" in first["problem"]["detail"]
    assert (first["status"], second["status"]) == (422, 201)


def test_a_line_may_have_64_kib_and_no_more(shop: Shop) -> None:
    event = json.dumps(of("pos:1", registration())).encode()
    body = event.ljust(65_536) + b"\n" + event.ljust(65_537) + b"\n"
    assert told(send(shop, body)) == [(1, 201), (2, 413)]


def test_what_is_wrong_with_one_line_is_told_in_brief(shop: Shop) -> None:
    """Or a line of many unknown fields would be answered at many times its length."""
    fields = {f"{n:0>300}": 1 for n in range(200)}
    (outcome,) = outcomes(send(shop, lines({"contact": "pos:1", **fields})))
    assert len(json.dumps(outcome)) < 5000


def test_sending_all_again_doubles_nothing(shop: Shop) -> None:
    body = lines({**of("pos:1", registration()), "id": str(uuid4())}, *sales(20))
    first, second = outcomes(send(shop, body)), outcomes(send(shop, body))
    assert {one["status"] for one in first} == {201}
    assert second == [{**one, "status": 200} for one in first]


def test_what_is_already_so_is_told_with_the_present_position(shop: Shop) -> None:
    shop.register("pos:1")
    assert outcomes(send(shop, lines(of("pos:1", registration())))) == [
        {"line": 1, "status": 200, "position": 2, "counts_for": None}
    ]


def test_the_same_id_twice_in_one_request_is_recorded_once(shop: Shop) -> None:
    shop.register("pos:1")
    sale = of("pos:1", purchase("a", id=str(uuid4())))
    other = {**sale, "source": "elsewhere"}
    found = outcomes(send(shop, lines(sale, sale, other)))
    assert [one["status"] for one in found] == [201, 200, 409]
    assert found[0]["position"] == found[1]["position"] == found[2]["problem"]["position"]


def test_an_idempotency_key_gives_ids_by_line(shop: Shop, server: Server) -> None:
    body = b"\n" + lines(of("pos:1", registration()), of("pos:1", purchase("a")))
    first = outcomes(send(shop, body, idempotency_key="night-of-2026-03-01"))
    again = outcomes(send(shop, body, idempotency_key="night-of-2026-03-01"))
    assert [one["status"] for one in first + again] == [201, 201, 200, 200]
    ledger = ledger_of(shop, server)
    path = f"{shop.base}/events"
    recorded = ledger.event(first[1]["position"])
    assert recorded.id == uuid5(ledger.namespace, f"\n{path}\nnight-of-2026-03-01\n2")


def test_no_lines_are_no_outcomes(shop: Shop) -> None:
    assert outcomes(send(shop, b"\n\n")) == outcomes(send(shop, b"")) == []


def test_many_lines_of_one_contact_are_decided_in_order(shop: Shop) -> None:
    count = 3 * bulk.CHUNK_LINES
    found = outcomes(send(shop, lines(of("pos:1", registration()), *sales(count))))
    assert [one["position"] for one in found] == list(range(2, count + 3))


def test_outcomes_come_while_the_client_still_sends(shop: Shop) -> None:
    """A client may wait for each outcome before it sends its next line."""
    with wire(shop) as connection:
        for number, event in enumerate([registration(), purchase("a"), purchase("b")], 1):
            connection.send(lines(of("pos:1", event)))
            assert connection.line() == {
                "line": number,
                "status": 201,
                "position": number + 1,
                "counts_for": None,
            }
        connection.end()
        assert connection.answer.read() == b""


def test_a_thousand_lines_may_be_sent_without_reading(shop: Shop) -> None:
    """Also where every outcome is long, and the client's receive buffer small."""
    with wire(shop) as connection:
        connection.send(lines(of("pos:1", registration())))
        connection.send(lines(*sales(999, "pos:unknown")))
        connection.end()
        found = [connection.line()["status"] for _ in range(1000)]
    assert found == [201] + 999 * [409]


def test_a_full_queue_is_waited_for(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, turned_away = ledger_of(shop, server), iter(range(3))
    append_each = ledger.append_each

    def busy(appends: Any) -> Any:
        if next(turned_away, None) is not None:
            raise TooManyWaiting("too many appends are waiting")
        return append_each(appends)

    monkeypatch.setattr(ledger, "append_each", busy)
    assert told(send(shop, lines(of("pos:1", registration())))) == [(1, 201)]
    assert next(turned_away, None) is None


def test_a_commit_that_failed_is_told_for_each_of_its_lines(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, failures = ledger_of(shop, server), iter(range(1))
    append_each = ledger.append_each

    def fail(appends: Any) -> Any:
        if next(failures, None) is None:
            return append_each(appends)
        failed: Future[Any] = Future()
        failed.set_exception(Unavailable("the disk is full: nothing of this was recorded"))
        return failed

    monkeypatch.setattr(ledger, "append_each", fail)
    with wire(shop) as connection:
        connection.send(lines(of("pos:1", registration()), of("pos:2", registration())))
        assert [connection.line()["status"] for _ in range(2)] == [503, 503]
        connection.send(lines(of("pos:1", registration())))
        assert connection.line() == {"line": 3, "status": 201, "position": 2, "counts_for": None}


def test_a_cut_connection_loses_nothing_acknowledged(shop: Shop) -> None:
    events = [{**of("pos:1", registration()), "id": str(uuid4())}, *sales(800)]
    body = lines(*events)
    with wire(shop) as connection:
        connection.send(body[:-20])
        acknowledged = [connection.line() for _ in range(300)]
        connection.reset()
    ids = {event["id"]: line for line, event in enumerate(events, 1)}
    after = {one["line"]: one["position"] for one in outcomes(send(shop, body))}
    for one in acknowledged:
        assert after[one["line"]] == one["position"]
    stored = [
        json.loads(line)
        for line in shop.client.get(
            f"{shop.base}/events", headers={"accept": JSONL}
        ).text.splitlines()[1:]
    ]
    assert sorted(ids[one["id"]] for one in stored) == list(range(1, len(events) + 1))
    assert {ids[one["id"]]: one["position"] for one in stored} == after


def test_a_line_that_was_cut_is_not_taken_for_a_whole_one(shop: Shop) -> None:
    with wire(shop) as connection:
        connection.send(lines(of("pos:1", registration())))
        assert connection.line()["status"] == 201
        connection.send(json.dumps(of("pos:1", purchase("a"))).encode())
        connection.reset()
    assert told(send(shop, lines(of("pos:2", registration())))) == [(1, 201)]
    assert [one["type"] for one in shop.get("/contacts/pos:1/events").json()["items"]] == [
        "contact-registered"
    ]


def test_a_server_that_stops_answers_what_it_read_and_cuts_the_rest(
    tmp_path: Path, clock: Clock
) -> None:
    with built(tmp_path / "data", clock) as server, listening(create_app(server)) as address:
        url = f"{address}/v1/ledgers/main/events"
        with Wire(url, "POST", content_type=JSONL) as connection:
            connection.send(lines(of("pos:1", registration())))
            assert connection.line()["status"] == 201
            server.stopping.begin()
            with pytest.raises((IncompleteRead, ConnectionError)):
                connection.answer.read()


def test_lines_are_answered_in_lines_only(shop: Shop) -> None:
    problem_of(send(shop, b"", accept="application/json"), 406, "not-acceptable")
    answer = send(shop, b"", accept="application/x-ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    answer = shop.client.post(f"{shop.base}/events", content=b"", headers={"content-type": "a/b"})
    assert JSONL in problem_of(answer, 415, "unsupported-media-type")["detail"]
    path = f"{shop.base}/contacts/pos:1/events"
    answer = shop.client.post(path, content=b"", headers={"content-type": JSONL})
    problem_of(answer, 415, "unsupported-media-type")
