"""Which pages in a browser may read answers: none, unless the operator names their origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from api.bootstrap import build
from api.http.app import create_app
from api.http.wire.path_types import REQUEST_HEADERS
from api.service.settings import Settings
from ledger.access.scopes import READ
from tests.api.endpoints import document
from tests.api.shop import Clock, Shop, listening, problem_of
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS, OTHERS = "https://shop.example", "https://elsewhere.example"
ASKS = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[httpx.Client]:
    """With keys, and pages of one origin."""
    server = build(Settings(folder=tmp_path / "data", cors_origins=(OURS,)), clock=Clock())
    _, secret = server.keys.make("reader", [READ])
    headers = {"Authorization": f"Bearer {secret}"}
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=END_SECONDS) as http,
    ):
        yield http
    server.close()


def told(answer: httpx.Response) -> str | None:
    origin: str | None = answer.headers.get("access-control-allow-origin")
    return origin


def test_pages_of_that_origin_ask_and_read(asking: httpx.Client) -> None:
    asked = asking.options("/v1/ledgers", headers={"Origin": OURS, **ASKS})
    assert (asked.status_code, told(asked)) == (200, OURS)
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    answer = asking.get("/v1/ledgers", headers={"Origin": OURS})
    assert (answer.status_code, told(answer)) == (200, OURS)
    assert "access-control-allow-credentials" not in answer.headers


def test_pages_of_others_are_refused_with_a_problem_and_read_nothing(asking: httpx.Client) -> None:
    asked = asking.options("/v1/ledgers", headers={"Origin": OTHERS, **ASKS})
    problem_of(asked, 403, "forbidden")
    wanted = {"Origin": OURS, "Access-Control-Request-Method": "PUT"}
    problem_of(asking.options("/v1/ledgers", headers=wanted), 403, "forbidden")
    assert told(asked) is None
    assert told(asking.get("/v1/ledgers", headers={"Origin": OTHERS})) is None


def test_as_it_comes_no_page_reads_anything(shop: Shop) -> None:
    for origin in (OURS, "http://localhost:3000", "null"):
        assert told(shop.client.get("/v1/ledgers", headers={"Origin": origin})) is None
        asked = shop.client.options("/v1/ledgers", headers={"Origin": origin, **ASKS})
        assert told(asked) is None
        problem_of(asked, 405, "method-not-allowed")


def test_pages_may_send_every_header_that_is_documented() -> None:
    documented = {
        parameter["name"]
        for item in document()["paths"].values()
        for told in item.values()
        for parameter in told["parameters"]
        if parameter["in"] == "header"
    }
    assert documented == set(REQUEST_HEADERS)
