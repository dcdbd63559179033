"""Over HTTP: a clock that was two hours ahead for one append moves nothing that comes after it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest

from api.http.app import create_app
from domain.instants import DAY, HOUR, SECOND, format_instant
from domain.restatement import MINUTE
from tests.api.shop import START, Clock, Shop, built, listening, problem_of, purchase, registration
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.shop import Json


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(tmp_path: Path, clock: Clock) -> Iterator[httpx.Client]:
    with (
        built(tmp_path / "data", clock) as server,
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        yield client


@pytest.fixture
def shop(client: httpx.Client, clock: Clock) -> Shop:
    """One contact was registered two hours ahead; now the clock is right."""
    made = Shop(client, "main", clock)
    clock.instant = START + 2 * HOUR
    made.register("c:1")
    clock.instant = START
    return made


def listed(shop: Shop, **query: object) -> dict[str, Json]:
    position = shop.get("/events", limit=1000).json()["items"][-1]["position"]
    found = shop.get("/statuses", min_position=position, **query).json()["items"]
    return {one["contact_id"]: one for one in found}


def test_a_sale_after_it_is_dated_by_the_clock_in_statuses_as_in_lists(shop: Shop) -> None:
    """The case ``clock.sh``: the status said ``contact``, and the list ``customer``."""
    shop.register("c:2")
    sold = shop.append("c:2", purchase("1")).json()
    event = shop.get(f"/events/{sold['position']}").json()
    assert event["occurred_at"] == format_instant(START)
    assert event["recorded_at"] == format_instant(START + 2 * HOUR)
    status = shop.get("/contacts/c:2/status").json()
    assert (status["stage"], status["as_of"]) == ("customer", format_instant(START))
    row = listed(shop, stage="customer")[sold["contact_id"]]
    assert row["since"] == status["since"] == format_instant(START)
    summary = shop.get("/statuses/summary").json()
    assert summary["as_of"] == format_instant(START)
    assert (summary["stages"]["customer"], summary["stages"]["contact"]) == (1, 1)
    assert shop.get("/contacts/c:2").json()["stage"] == "customer"


def test_what_is_dated_ahead_counts_from_its_instant_on(shop: Shop) -> None:
    sold = shop.append("c:1", purchase("1", START + HOUR)).json()
    contact_id = sold["contact_id"]
    for at, stage in (
        (START, "contact"),
        (START + HOUR - 1, "contact"),
        (START + HOUR, "customer"),
    ):
        shop.clock.instant = at
        assert shop.get("/contacts/c:1/status").json()["stage"] == stage
        until_listed(shop, contact_id, stage)
    shop.clock.instant = START
    assert listed(shop)[contact_id]["stage"] == "contact", "and back at once"


def until_listed(shop: Shop, contact_id: str, stage: str) -> None:
    """Going on, the followers notice within a second; rows of a later instant are never shown."""
    deadline = time.monotonic() + 10
    while listed(shop)[contact_id]["stage"] != stage:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_limits_are_counted_from_the_clock(shop: Shop) -> None:
    shop.register("c:2")
    late = START + DAY
    assert shop.append("c:2", purchase("1", late)).status_code == 201
    problem = problem_of(shop.append("c:2", purchase("2", late + SECOND)), 422, "invalid-time")
    assert problem["errors"][0]["code"] == "invalid-time"
    ahead = format_instant(late + SECOND)
    problem_of(shop.get("/contacts/c:2/status", as_of=ahead), 422, "invalid-time")
    problem_of(shop.get("/statuses", as_of=ahead), 422, "invalid-time")


def test_a_policy_is_in_force_from_the_clock_on(shop: Shop) -> None:
    published = shop.post("/policies", {"preset": "cafe"}).json()
    assert published["effective_from"] == format_instant(START)
    assert shop.get("/contacts/c:1/status").json()["policy_version"] == 2


def test_what_the_ledger_dates_meanwhile_restates_nothing(shop: Shop) -> None:
    """Though it is recorded as of an instant that lies two hours ahead of when it occurred."""
    shop.clock.instant = START + 3 * HOUR
    shop.append("c:2", {**registration(), "occurred_at": format_instant(START - 3 * DAY)})
    shop.clock.instant += 2 * MINUTE  # what is recorded in one minute restates nothing of itself
    shop.append("c:1", purchase("0"))
    shop.clock.instant = START
    shop.append("c:2", purchase("1"))
    published = shop.post("/policies", {"preset": "cafe"}).json()
    assert until_restated(shop, published["position"]) == []
    late = shop.append("c:2", purchase("2", START - DAY)).json()
    found = until_restated(shop, late["position"])
    assert {one["position"] for one in found} == {late["position"]}


def until_restated(shop: Shop, position: int) -> list[Json]:
    """The restatements once the projection has come to a position."""
    answer = shop.get("/restatements", min_position=position)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


def test_readiness_and_metrics_say_how_far_the_clock_is_behind(
    shop: Shop, client: httpx.Client
) -> None:
    assert client.get("/readyz").json() == {
        "status": "degraded",
        "stopped": {},
        "clock_behind_seconds": 7200,
        "recording": True,
    }
    assert 'rapport_clock_behind_seconds{ledger="main"} 7200.0' in client.get("/metrics").text
    shop.clock.instant = START + 2 * HOUR
    assert client.get("/readyz").json()["status"] == "ok"
    assert 'rapport_clock_behind_seconds{ledger="main"} 0.0' in client.get("/metrics").text


def test_a_restart_under_a_clock_behind_shows_the_present(tmp_path: Path) -> None:
    clock = Clock()
    for instant, stage in ((START + 400 * DAY, "lapsed_customer"), (START, "customer")):
        clock.instant = instant
        with (
            built(tmp_path / "again", clock) as server,
            listening(create_app(server)) as url,
            httpx.Client(base_url=url, timeout=END_SECONDS) as client,
        ):
            shop = Shop(client, "main", clock)
            if stage == "lapsed_customer":
                at = format_instant(START - DAY)
                shop.append(
                    "c:1", {**registration(), "occurred_at": at}, purchase("1", START - DAY)
                )
            (row,) = listed(shop).values()
            assert row["stage"] == shop.get("/contacts/c:1/status").json()["stage"] == stage


def test_a_kept_status_is_not_shown_for_an_instant_before_it(shop: Shop) -> None:
    shop.register("c:2")
    shop.append("c:2", purchase("1"))
    for instant in (START + 400 * DAY, START):
        shop.clock.instant = instant
        answers = [shop.get("/contacts/c:2/status").json() for _ in range(2)]
        assert answers[0] == answers[1]
        assert answers[0]["as_of"] == format_instant(instant)
    assert answers[0]["stage"] == "customer"


@pytest.mark.parametrize("moved", [-3 * DAY, 3 * HOUR])
def test_pages_go_on_where_the_clock_was_moved_between_them(shop: Shop, moved: int) -> None:
    """They were begun ahead of the present, and speak of one instant to the end."""
    for number in range(2, 5):
        shop.register(f"c:{number}")
    ahead = format_instant(START + 2 * HOUR)
    answer = shop.get("/statuses", as_of=ahead, limit=2)
    seen = answer.json()["items"]
    shop.clock.instant += moved
    while "next" in answer.links:
        answer = shop.client.get(answer.links["next"]["url"])
        assert answer.status_code == 200, answer.text
        seen += answer.json()["items"]
    assert len(seen) == 4


def test_a_key_s_last_use_is_told_after_a_clock_that_was_ahead(
    client: httpx.Client, clock: Clock
) -> None:
    clock.instant = START + 2 * HOUR
    made = client.post("/v1/keys", json={"name": "till", "scopes": ["admin"]}).json()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    assert client.get("/v1/keys", headers=bearer).status_code == 200
    clock.instant = START
    client.get("/v1/keys", headers=bearer)
    (shown,) = client.get("/v1/keys", headers=bearer).json()["items"]
    assert format_instant(START) in shown.values()
