"""How much a key may append: requests and the events in them count alike, and lines are slowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.http.app import create_app
from api.service.errors import RateLimited
from api.service.rate_limits import RateLimits
from ledger.access.scopes import APPEND
from tests.api.shop import Clock, built, listening, problem_of, purchase, registration
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.service.server import Server

EVENTS = "/v1/ledgers/main/events"
LINES = {"Content-Type": "application/jsonl"}


class Time:
    """Seconds that pass only while somebody sleeps; ``then`` is called before each sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.then: Callable[[], object] = lambda: None

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.then()
        self.seconds += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def server(tmp_path: Path, time: Time) -> Iterator[Server]:
    with built(tmp_path / "data", Clock()) as server:
        server.rate_limits = RateLimits(time, time.sleep)
        yield server


@pytest.fixture
def ask(server: Server) -> Iterator[Callable[..., httpx.Response]]:
    """Asks with a key of 120 a minute."""
    _, secret = server.keys.make("till", [APPEND], ledger="main", per_minute=120)
    headers = {"Authorization": f"Bearer {secret}"}
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=END_SECONDS) as client,
    ):
        yield client.post


def events(count: int, of: str = "pos:1") -> list[dict[str, Any]]:
    begun = {**registration(), "contact": of}
    return [begun, *({**purchase(str(n)), "contact": of} for n in range(count - 1))]


def lines(count: int) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events(count))


def test_each_event_of_a_request_counts_as_one(ask: Callable[..., httpx.Response]) -> None:
    assert ask(EVENTS, json=events(119)).status_code == 201
    assert ask(EVENTS, json=events(1, "pos:2")).status_code == 201
    answer = ask(EVENTS, json=events(1, "pos:3"))
    problem_of(answer, 429, "rate-limited")
    assert answer.headers["retry-after"] == "1"


def test_a_request_that_is_more_than_a_minute_allows_is_made_up_afterwards(
    ask: Callable[..., httpx.Response], time: Time
) -> None:
    assert ask(EVENTS, json=events(300)).status_code == 201
    answer = ask(EVENTS, json=events(1, "pos:2"))
    problem_of(answer, 429, "rate-limited")
    assert answer.headers["retry-after"] == "91"
    time.seconds += 91
    assert ask(EVENTS, json=events(1, "pos:2")).status_code == 201


def test_lines_are_taken_no_faster_than_the_key_may_ask(
    ask: Callable[..., httpx.Response], time: Time
) -> None:
    answer = ask(EVENTS, content=lines(300), headers=LINES)
    outcomes = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["status"] for one in outcomes] == [201] * 300
    assert time.seconds == pytest.approx((300 - 119) / 2)
    problem_of(ask(EVENTS, json=events(1, "pos:2")), 429, "rate-limited")


def test_a_key_that_is_revoked_while_its_lines_wait_has_none_of_them_taken(
    ask: Callable[..., httpx.Response], time: Time, server: Server
) -> None:
    (key,) = server.keys.all()
    time.then = lambda: server.keys.revoke(key.id)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(EVENTS, content=lines(300), headers=LINES)
    assert server.ledger("main").ledger.head() == 1 + 118


def test_a_key_without_a_limit_owes_nothing(time: Time) -> None:
    rates = RateLimits(time)
    rates.take("free", None)
    assert rates.owe("free", 10**6) == 0
    assert rates.pace("free") is None
    rates.take("till", 6)
    assert rates.owe("till", 11) == 60
    with pytest.raises(RateLimited) as caught:
        rates.take("till", 6)
    assert caught.value.retry_after_seconds == 70
