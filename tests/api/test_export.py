from __future__ import annotations

import json
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from api.http.app import create_app
from api.http.streams.streams import Limits
from api.service import log_pages as log
from tests.api.shop import built, listening, problem_of, purchase, registration, served_with
from tests.api.wire import Wire, until
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.server import Server
    from tests.api.shop import Clock, Shop

JSONL = "application/jsonl"


def export(shop: Shop, accept: str = JSONL, **query: Any) -> httpx.Response:
    return shop.client.get(f"{shop.base}/events", params=query, headers={"accept": accept})


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def filled(shop: Shop) -> Shop:
    for contact in ("pos:1", "pos:2"):
        shop.register(contact)
        for start in range(0, 500, 250):
            sales = [purchase(f"r-{n}", id=str(uuid4())) for n in range(start, start + 250)]
            assert shop.append(contact, *sales).status_code == 201
    return shop


def test_the_whole_log_is_one_event_a_line(filled: Shop) -> None:
    answer = export(filled)
    found = events(answer)
    assert answer.headers["content-type"] == JSONL
    assert answer.headers["rapport-position"] == "1003"
    assert [one["position"] for one in found] == list(range(1, 1004))
    page = filled.get("/events", limit=1000, after_position=3).json()["items"]
    assert found[3:] == page


def test_events_are_chosen_as_on_a_page(filled: Shop) -> None:
    for query in (
        {"after_position": 480},
        {"types": "contact-registered,policy-published"},
        {"contact": "pos:2"},
        {"contact": "pos:1", "after_position": 300},
        {"contact": "pos:2", "types": "purchase-made", "after_position": 700},
        {"contact": "pos:3"},
        {"after_position": 5000},
    ):
        page = filled.get("/events", limit=1000, **query).json()["items"]
        assert events(export(filled, **query))[:1000] == page


def test_corrected_events_are_marked(shop: Shop) -> None:
    shop.register("pos:1")
    sale = shop.append("pos:1", purchase("a")).json()["events"][0]["id"]
    retraction = {"type": "event-retracted", "data": {"target": sale, "reason": "typed twice"}}
    assert shop.append("pos:1", retraction).status_code == 201
    found = {one["id"]: one for one in events(export(shop))}
    assert found[sale]["retracted_by"] in found


def test_it_ends_where_the_log_ended_when_it_was_asked_for(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        shop.register(f"pos:{n}")
    page = log.LogWalk.page

    def page_while_others_append(self: log.LogWalk) -> list[log.EventText]:
        shop.register(f"pos:{uuid4()}")
        return page(self)

    monkeypatch.setattr(log.LogWalk, "page", page_while_others_append)
    with served_with(Limits(page_events=2), server, shop) as slow:
        assert [one["position"] for one in events(export(slow))] == list(range(1, 8))


def test_ndjson_is_the_same_under_its_other_name(shop: Shop) -> None:
    answer = export(shop, "application/x-ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert len(events(answer)) == 1


def test_json_is_what_is_answered_unless_lines_are_preferred(shop: Shop) -> None:
    assert "items" in export(shop, "*/*").json()
    assert "items" in export(shop, "application/*").json()
    assert "items" in export(shop, f"application/json, {JSONL};q=0.5").json()
    assert len(events(export(shop, f"application/json;q=0.5, {JSONL}"))) == 1
    problem_of(export(shop, "text/html"), 406, "not-acceptable")


@pytest.mark.parametrize("query", [{"limit": 5}, {"contact": "nobody"}, {"after_position": -1}])
def test_what_makes_no_sense_in_a_stream_is_refused(shop: Shop, query: dict[str, Any]) -> None:
    problem_of(export(shop, **query), 422, "invalid-request")


def test_head_answers_without_reading_the_log(shop: Shop) -> None:
    for accept in (JSONL, "text/event-stream"):
        answer = shop.client.head(f"{shop.base}/events", headers={"accept": accept})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"].startswith(accept)


def test_an_export_that_nobody_reads_is_given_up(shop: Shop, server: Server) -> None:
    shop.register("pos:1")
    for n in range(24):
        sale = purchase(f"r-{n}")
        sale["data"]["items"] = 250 * [2000 * "x"]
        assert shop.append("pos:1", sale).status_code == 201
    app = create_app(server, Limits(reader_seconds=0.3))
    with (
        listening(app) as address,
        Wire(f"{address}{shop.base}/events", "GET", accept=JSONL) as connection,
    ):
        assert connection.answer.status == 200
        until(lambda: not app.state.streams.exports.taken)
        with pytest.raises((IncompleteRead, ConnectionError)):
            connection.answer.read()


def test_an_export_is_cut_where_the_server_stops(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        built(tmp_path / "data", clock) as server,
        listening(create_app(server, Limits(page_events=1))) as address,
    ):
        page = log.LogWalk.page

        def page_and_stop(self: log.LogWalk) -> list[log.EventText]:
            server.stopping.begin()
            return page(self)

        monkeypatch.setattr(log.LogWalk, "page", page_and_stop)
        base = f"{address}/v1/ledgers/main"
        for n in range(3):
            answer = httpx.post(
                f"{base}/contacts/pos:{n}/events", json=registration(), timeout=END_SECONDS
            )
            assert answer.status_code == 201
        with Wire(f"{base}/events", "GET", accept=JSONL) as connection:
            assert connection.line()["position"] == 1
            with pytest.raises((IncompleteRead, ConnectionError)):
                connection.answer.read()
