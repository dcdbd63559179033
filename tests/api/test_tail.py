from __future__ import annotations

import asyncio
import json
import threading
from contextlib import ExitStack, contextmanager
from http.client import IncompleteRead
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from api.http.app import create_app
from api.http.streams import page_reader
from api.http.streams.broadcast import Broadcast
from api.http.streams.streams import Limits
from api.service import log_pages as log
from domain.errors import Corrupt
from tests.api.shop import Shop, built, listening, problem_of, purchase, registration
from tests.api.wire import Wire, until
from tests.fixtures.faults import calls_of, failing
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from api.service.server import Server
    from tests.api.shop import Clock

EVENT_STREAM = "text/event-stream"


@pytest.fixture
def app(server: Server) -> FastAPI:
    return create_app(server, Limits(heartbeat_seconds=20, reader_seconds=0.3, tails=40))


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with listening(app) as address:
        yield address


@contextmanager
def tail(address: str, shop: Shop, query: str = "", **headers: str) -> Iterator[Wire]:
    url = f"{address}{shop.base}/events{query}"
    with Wire(url, "GET", accept=EVENT_STREAM, **headers) as connection:
        assert connection.answer.status == 200
        assert connection.answer.headers["content-type"].startswith(EVENT_STREAM)
        assert connection.event() == {"retry": "1000"}
        yield connection


@contextmanager
def many_tails(address: str, shop: Shop, count: int) -> Iterator[list[Wire]]:
    with ExitStack() as stack:
        yield [stack.enter_context(tail(address, shop)) for _ in range(count)]


def ids(connection: Wire, count: int) -> list[int]:
    return [int(connection.event()["id"]) for _ in range(count)]


def sell(shop: Shop, count: int, contact: str = "pos:1") -> None:
    sales = [purchase(str(uuid4())) for _ in range(count)]
    assert shop.append(contact, *sales).status_code == 201


def test_a_tail_tells_what_was_and_what_comes(shop: Shop, address: str) -> None:
    shop.register("pos:1")
    with tail(address, shop) as connection:
        assert ids(connection, 2) == [1, 2]
        appended = shop.append("pos:1", purchase("a")).json()
        event = connection.event()
        assert (event["id"], event["event"]) == ("3", "purchase-made")
        assert json.loads(event["data"]) == shop.get("/events/3").json()
        assert json.loads(event["data"])["id"] == appended["events"][0]["id"]


def test_last_event_id_resumes_and_stands_before_the_query(shop: Shop, address: str) -> None:
    shop.register("pos:1")
    sell(shop, 5)
    with tail(address, shop, "?after_position=3") as connection:
        assert ids(connection, 2) == [4, 5]
    with tail(address, shop, "?after_position=3", last_event_id="5") as connection:
        assert ids(connection, 2) == [6, 7]
    with tail(address, shop, "?after_position=6", last_event_id="") as connection:
        assert ids(connection, 1) == [7]


@pytest.mark.parametrize(
    "headers", [{"last-event-id": "x"}, {"last-event-id": "-1"}, {"last-event-id": "999"}]
)
def test_a_place_that_is_none_is_refused(shop: Shop, headers: dict[str, str]) -> None:
    """Also one beyond the end: it is of another ledger, and waiting would leave events out."""
    answer = shop.client.get(f"{shop.base}/events", headers={"accept": EVENT_STREAM, **headers})
    problem_of(answer, 422, "invalid-request")


def test_only_what_is_wanted_is_told(shop: Shop, address: str) -> None:
    shop.register("pos:1")
    shop.register("pos:2")
    sell(shop, 2)
    with (
        tail(address, shop, "?types=contact-registered") as registrations,
        tail(address, shop, "?contact=pos:2") as second,
    ):
        assert ids(registrations, 2) == [2, 3]
        assert ids(second, 1) == [3]
        sell(shop, 1, "pos:2")
        shop.register("pos:3")
        assert ids(registrations, 1) == [7]
        assert ids(second, 1) == [6]


def test_nothing_is_left_out_or_told_twice_while_many_append(shop: Shop, address: str) -> None:
    """Readers that leave and come back with the last id they saw, under a constant stream."""
    shop.register("pos:1")
    total = 600
    seen: dict[int, list[int]] = {reader: [] for reader in range(4)}

    def read(reader: int) -> None:
        mine = seen[reader]
        while len(mine) < total:
            with tail(address, shop, last_event_id=str(mine[-1] if mine else 0)) as connection:
                mine += ids(connection, min(50 + 7 * reader, total - len(mine)))

    threads = [threading.Thread(target=read, args=(reader,)) for reader in seen]
    for thread in threads:
        thread.start()
    for _ in range(0, total - 2, 13):
        sell(shop, 13)
    for thread in threads:
        thread.join(timeout=END_SECONDS)
    assert all(found == list(range(1, total + 1)) for found in seen.values())


def test_a_tail_further_behind_than_memory_reads_the_log(shop: Shop, server: Server) -> None:
    app = create_app(server, Limits(kept_events=3))
    shop.register("pos:1")
    with listening(app) as address, tail(address, shop, "?after_position=2") as up_to_date:
        sell(shop, 50)
        assert ids(up_to_date, 50) == list(range(3, 53))
        shared = app.state.streams.broadcast(server.ledger(shop.base[12:]).ledger)
        assert (shared.after, shared.head) == (49, 52)
        with tail(address, shop, "?after_position=10") as behind:
            assert ids(behind, 42) == list(range(11, 53))
            sell(shop, 1)
            assert ids(behind, 1) == ids(up_to_date, 1) == [53]


def test_each_new_event_is_read_once_for_all_tails(shop: Shop, address: str) -> None:
    shop.register("pos:1")
    with (
        calls_of(page_reader, "show_all") as shown,
        many_tails(address, shop, 20) as tails,
    ):
        for connection in tails:
            assert ids(connection, 2) == [1, 2]
        sell(shop, 5)
        for connection in tails:
            assert ids(connection, 5) == [3, 4, 5, 6, 7]
    assert [len(call.positional[1]) for call in shown] == [5]


def test_memory_is_kept_only_while_somebody_listens(
    shop: Shop, app: FastAPI, address: str, server: Server
) -> None:
    shop.register("pos:1")
    with tail(address, shop, "?after_position=2") as connection:
        sell(shop, 5)
        ids(connection, 5)
        shared = app.state.streams.broadcast(server.ledger(shop.base[12:]).ledger)
        assert len(shared.beyond(shared.after)) == 5
    until(lambda: not shared.listeners)
    assert shared.beyond(shared.after) == []


def test_what_is_kept_is_bounded_in_bytes(shop: Shop, server: Server) -> None:
    shop.register("pos:1")
    ledger = server.ledger(shop.base[12:]).ledger

    async def fill() -> Broadcast:
        made = Broadcast(ledger, most_events=1000, most_bytes=4000)
        made.take([shown(n, 1000 * b"x") for n in range(1, 10)])
        return made

    kept = asyncio.run(fill())
    assert (kept.after, kept.head) == (5, 9)
    assert [one.position for one in kept.beyond(6)] == [7, 8, 9]


def test_what_was_erased_is_not_told_from_memory(shop: Shop, server: Server) -> None:
    ledger = server.ledger(shop.base[12:]).ledger

    async def fill() -> Broadcast:
        made = Broadcast(ledger, most_events=1000, most_bytes=4000)
        made.take([shown(1), shown(2), shown(3, erases=True), shown(4)])
        return made

    kept = asyncio.run(fill())
    assert (kept.after, kept.head) == (2, 4)


def shown(position: int, content: bytes = b"{}", *, erases: bool = False) -> log.EventText:
    return log.EventText(position, "visit-made", uuid4(), content, erases)


def test_a_silent_tail_has_a_heartbeat(shop: Shop, server: Server) -> None:
    """Also where much happens that it does not want."""
    shop.register("pos:1")
    with (
        listening(create_app(server, Limits(heartbeat_seconds=0.05))) as address,
        tail(address, shop, "?after_position=2&types=promise-made") as connection,
    ):
        assert connection.event() == {"": ""}
        sell(shop, 3)
        assert connection.event() == {"": ""}


def test_a_reader_that_does_not_read_is_cut_off(shop: Shop, app: FastAPI, address: str) -> None:
    shop.register("pos:1")
    with tail(address, shop, "?after_position=2") as slow, tail(address, shop) as quick:
        assert ids(quick, 2) == [1, 2]
        for n in range(24):
            sale = purchase(f"r-{n}")
            sale["data"]["items"] = 250 * [2000 * "x"]
            assert shop.append("pos:1", sale).status_code == 201
            assert ids(quick, 1) == [n + 3]
        until(lambda: app.state.streams.tails.taken == 1)
        with pytest.raises((IncompleteRead, ConnectionError)):
            slow.answer.read()


def test_a_tail_that_was_left_costs_nothing(shop: Shop, app: FastAPI, address: str) -> None:
    with tail(address, shop):
        assert app.state.streams.tails.taken == 1
    until(lambda: not app.state.streams.tails.taken)


def test_there_is_a_limit_to_tails(shop: Shop, server: Server) -> None:
    with listening(create_app(server, Limits(tails=1))) as address, tail(address, shop):
        url = f"{address}{shop.base}/events"
        problem_of(
            httpx.get(url, headers={"accept": EVENT_STREAM}, timeout=END_SECONDS),
            503,
            "unavailable",
        )


def test_new_events_that_cannot_be_read_end_the_tail_and_nothing_else(
    shop: Shop, address: str
) -> None:
    shop.register("pos:1")
    damage = Corrupt("position 3 is damaged")
    with (
        tail(address, shop, "?after_position=2") as connection,
        failing(page_reader, "show_all", damage),
        failing(log, "show_all", damage),
    ):
        sell(shop, 1)
        with pytest.raises((IncompleteRead, ConnectionError)):
            connection.answer.read()
    with tail(address, shop, "?after_position=2") as connection:
        assert ids(connection, 1) == [3]


def test_tails_end_cleanly_when_the_server_stops_and_go_on_with_the_next(
    tmp_path: Path, clock: Clock
) -> None:
    with built(tmp_path / "data", clock) as server, listening(create_app(server)) as address:
        base = f"{address}/v1/ledgers/main"
        assert httpx.post(
            f"{base}/contacts/pos:1/events", json=registration(), timeout=END_SECONDS
        ).is_success
        with Wire(f"{base}/events", "GET", accept=EVENT_STREAM) as connection:
            connection.event()
            assert ids(connection, 2) == [1, 2]
            server.stopping.begin()
            assert connection.answer.read() == b""
    with built(tmp_path / "data", clock) as server, listening(create_app(server)) as address:
        base = f"{address}/v1/ledgers/main"
        sale = purchase("a")
        assert httpx.post(
            f"{base}/contacts/pos:1/events", json=sale, timeout=END_SECONDS
        ).is_success
        with Wire(f"{base}/events", "GET", accept=EVENT_STREAM, last_event_id="2") as connection:
            connection.event()
            assert ids(connection, 1) == [3]
