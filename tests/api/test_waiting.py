"""Those who wait for a projection keep nobody who need not wait from being answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from api.http.app import create_app
from api.service.limits import ServiceLimits
from tests.api.shop import problem_of, set_limits
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from api.service.server import Server
    from tests.api.shop import Shop

WAIT_SECONDS = 4.0
WAITERS = 200
READERS = 20


def test_two_hundred_waiting_readers_do_not_delay_those_who_need_not_wait(
    server: Server, shop: Shop
) -> None:
    """And all who wait are told that it did not come, at the same time."""
    set_limits(server, shop, ServiceLimits(wait_seconds=WAIT_SECONDS))
    head: int = shop.register("till:1").json()["position"]

    async def ask(client: httpx.AsyncClient, position: int) -> tuple[httpx.Response, float]:
        began_at = time.monotonic()
        answer = await client.get(
            f"{shop.base}/statuses/summary", params={"min_position": position}
        )
        return answer, time.monotonic() - began_at

    async def all_at_once() -> tuple[list[tuple[httpx.Response, float]], ...]:
        transport = httpx.ASGITransport(create_app(server))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", timeout=END_SECONDS
        ) as client:
            waiting = [asyncio.create_task(ask(client, head + 1)) for _ in range(WAITERS)]
            await asyncio.sleep(0)  # let them all begin
            read = await asyncio.gather(*(ask(client, head) for _ in range(READERS)))
            assert not any(task.done() for task in waiting)
            return list(read), await asyncio.gather(*waiting)

    read, waited = asyncio.run(all_at_once())
    assert {answer.status_code for answer, _ in read} == {200}
    assert max(seconds for _, seconds in read) < WAIT_SECONDS
    for answer, seconds in waited:
        problem_of(answer, 503, "projection-behind")
        assert WAIT_SECONDS <= seconds < WAIT_SECONDS + 30


def test_whoever_waits_is_answered_once_what_they_wait_for_is_there(
    server: Server, shop: Shop
) -> None:
    set_limits(server, shop, ServiceLimits(wait_seconds=WAIT_SECONDS))
    head: int = shop.register("till:1").json()["position"]

    async def wait_and_append() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(server))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", timeout=END_SECONDS
        ) as client:
            params = {"min_position": head + 1}
            waiting = asyncio.create_task(
                client.get(f"{shop.base}/statuses/summary", params=params)
            )
            await asyncio.sleep(0)  # let it begin
            await asyncio.to_thread(shop.register, "till:2")
            return await waiting

    answer = asyncio.run(wait_and_append())
    assert answer.status_code == 200
    assert int(answer.headers["Rapport-Position"]) >= head + 1
