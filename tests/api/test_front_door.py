from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from api.http.app import create_app
from api.http.edge.frontdoor import FrontDoor, canonical_path
from domain.errors import Corrupt
from tests.api.shop import built, listening, problem_of, registration
from tests.fixtures.clock import Clock
from tests.fixtures.faults import failing
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from api.service.server import Server
    from ledger.commit_work import Reply
    from ledger.drafts import Append
    from tests.api.shop import Shop


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8400", "127.0.0.1", "[::1]:80", "127.9.9.9"]
)
def test_this_machine_is_answered_by_any_of_its_names(shop: Shop, host: str) -> None:
    assert shop.client.get("/livez", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "example.org",
        "127.0.0.1.example.org",
        "10.0.0.1:8400",
        "[::2]",
        "[",
        "",
        "0.0.0.0",
        "localhost#.example.org",
        "localhost?.example.org",
        "localhost/.example.org",
        "example.org@localhost",
        "localhost:8400.example.org",
        "localhost:999999",
    ],
)
def test_no_other_host_name_is_answered(shop: Shop, host: str) -> None:
    """Against DNS rebinding: a web page whose name came to mean this machine."""
    for path in ("/livez", "/v1/ledgers", "/nothing", "/docs", "/openapi.json"):
        answer = shop.client.get(path, headers={"host": host})
        if answer.headers["content-type"].startswith("text/plain"):
            assert answer.status_code == 400  # the server itself found the header malformed
        else:
            problem_of(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://example.org"},
        {"origin": "http://localhost:1"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1.example.org"},
    ],
)
def test_no_web_page_of_another_origin_changes_anything(
    shop: Shop, headers: dict[str, str]
) -> None:
    for method, path in (
        ("POST", "/contacts/pos:1/events"),
        ("POST", "/projections/status/rebuilds"),
        ("DELETE", "/operations/0198c1f0-5a52-7c3e-9d7b-3f0d6a1b2c4d"),
    ):
        answer = shop.client.request(method, shop.base + path, json=registration(), headers=headers)
        problem_of(answer, 403, "forbidden")
    assert shop.client.get(f"{shop.base}/events", headers=headers).status_code == 200


def test_our_own_pages_may_change_things(shop: Shop) -> None:
    own = {"origin": str(shop.client.base_url).rstrip("/"), "sec_fetch_site": "same-origin"}
    assert shop.append("pos:1", registration(), **own).status_code == 201


def test_a_path_that_is_not_served_is_a_problem(shop: Shop) -> None:
    for path in ("/v1", "/v1/ledgers/", "/v1/ledgers/main/agendas", "/docs/passwd", "/redoc"):
        problem_of(shop.client.get(path), 404, "not-found")
        assert shop.client.post(path, json={}).status_code in (404, 405)


def test_a_method_that_is_not_served_names_those_that_are(shop: Shop) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        answer = shop.client.request(method, f"{shop.base}/contacts/pos:1/events")
        problem_of(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == "GET, HEAD, POST"
    assert shop.client.post("/docs").headers["allow"] == "GET, HEAD"


def test_head_is_get_without_a_body(shop: Shop) -> None:
    shop.register("pos:1")
    for path in ("/contacts/pos:1/events", "/events", "/contacts/pos:1"):
        got = shop.get(path)
        head = shop.client.head(shop.base + path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]


def test_what_fails_inside_says_nothing_but_where_to_look(
    shop: Shop,
    server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop.register("pos:secret")
    with failing(server, "ledger", RuntimeError("Ada Jansen lives in Kerkstraat")):
        with caplog.at_level(logging.DEBUG, "rapport.http"):
            problem = problem_of(shop.get("/contacts/pos:secret"), 500, "internal")
        assert set(problem) == {"type", "title", "status", "detail", "code", "instance"}
        assert "Ada" not in str(problem)
        (failure,) = [one for one in caplog.records if one.levelname == "ERROR"]
        assert problem["instance"] in failure.getMessage()
        assert "RuntimeError" in failure.getMessage()
        assert "Ada" not in caplog.text
    assert shop.get("/contacts/pos:secret").status_code == 200


def test_damage_is_told_to_the_operator_and_not_to_the_client(
    shop: Shop,
    server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with failing(server, "ledger", Corrupt("position 7 is damaged")):
        with caplog.at_level(logging.ERROR, "rapport.http"):
            problem = problem_of(shop.get("/events"), 503, "unavailable")
        assert "database is damaged" in problem["detail"]
        assert "position 7" not in str(problem)
        assert "position 7 is damaged" in caplog.text


def test_the_log_has_a_line_for_every_request_and_no_refs(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "rapport.http"):
        shop.append("pos:secret", registration("Ada Jansen"))
        shop.get("/contacts", name="Jansen")
        shop.get("/nothing/pos:secret")
    lines = [one.getMessage() for one in caplog.records if one.name == "rapport.http"]
    assert len(lines) == 3
    route = "/v1/ledgers/{ledger}/contacts/{contact}/events"
    assert f"method=POST route={route} status=201" in lines[0]
    assert "status=404" in lines[2]
    assert "secret" not in caplog.text
    assert "Jansen" not in caplog.text


async def until(reached: Callable[[], bool]) -> None:
    """Let other tasks run until it is so; there is nothing to wait on from outside."""
    for _ in range(1000):
        if reached():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


def test_one_request_too_many_is_turned_away() -> None:
    """Before memory grows, and only while the others are still there."""
    released, busy = asyncio.Event(), asyncio.Semaphore(2)

    async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
        await busy.acquire()
        await released.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def run() -> list[int]:
        door = FrontDoor(slow, most_in_flight=2)
        transport = httpx.ASGITransport(door)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=END_SECONDS
        ) as client:
            waiting = [asyncio.create_task(client.get("/")) for _ in range(2)]
            await until(busy.locked)
            turned_away = await client.get("/")
            assert turned_away.headers["retry-after"]
            released.set()
            busy.release()
            answers = [turned_away, *await asyncio.gather(*waiting), await client.get("/")]
            return [answer.status_code for answer in answers]

    assert asyncio.run(run()) == [503, 200, 200, 200]


def test_waiting_for_an_append_can_be_given_up_without_taking_it_back(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is cancelled must not cancel what the ledger has accepted."""
    ledger = server.ledger(shop.base.rpartition("/")[2]).ledger
    recording = ledger.hand_over

    async def run() -> None:
        arrived = asyncio.Event()
        handed: list[tuple[Append, Reply]] = []

        def hold(append: Append, reply: Reply) -> None:
            handed.append((append, reply))
            arrived.set()

        monkeypatch.setattr(ledger, "hand_over", hold)
        transport = httpx.ASGITransport(create_app(server))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=END_SECONDS
        ) as client:
            url = f"{shop.base}/contacts/pos:1/events"
            task = asyncio.create_task(client.post(url, json=registration()))
            await arrived.wait()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
        for append, reply in handed:
            recording(append, reply)
        ledger.append_each(()).result()  # what was handed over before is decided

    asyncio.run(run())
    assert ledger.version(ledger.contact_id("pos:1")) == 1


def test_paths_have_one_canonical_form() -> None:
    assert canonical_path(b"/a%2Fb/%70os%3a1") == "/a%2Fb/pos:1"
    assert canonical_path(b"/a%2fb/pos:1") == canonical_path(b"/a%2Fb/pos%3A1")
    assert canonical_path(b"/%ff") == "/%FF"


def test_health_answers_and_a_stopped_projection_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server of its own: health is about all ledgers of a server."""
    with built(tmp_path / "data", Clock()) as server, listening(create_app(server)) as address:
        assert httpx.get(f"{address}/livez", timeout=END_SECONDS).json() == {"status": "ok"}
        assert httpx.get(f"{address}/readyz", timeout=END_SECONDS).json()["status"] == "ok"
        projections = server.ledgers["main"].projections
        (first, *rest) = projections.states()
        failed = type(first)(**{**vars(first), "state": "failed"})
        monkeypatch.setattr(projections, "states", lambda: [failed, *rest])
        answer = httpx.get(f"{address}/readyz", timeout=END_SECONDS)
        assert answer.json()["status"] == "degraded"
        assert answer.json()["stopped"] == {"projections": 1}
        assert httpx.get(f"{address}/livez", timeout=END_SECONDS).status_code == 200


def test_the_root_leads_browsers_to_the_documentation(
    client: httpx.Client,
) -> None:
    browser = client.get("/", headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert browser.status_code == 303
    assert client.get(browser.headers["location"]).headers["content-type"].startswith("text/html")
    told = client.get("/").json()
    assert told == {"name": "Rapport", "documentation": "/docs", "openapi": "/openapi.json"}
    assert client.get(told["openapi"]).json()["openapi"] == "3.1.0"
    problem_of(client.get("/", headers={"Accept": "image/png"}), 406, "not-acceptable")
    problem_of(client.post("/", json={}), 405, "method-not-allowed")
