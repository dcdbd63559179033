"""What the client refuses to send, and how it says that a key is missing or not enough."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.app import create_app
from ledger.access.scopes import READ
from rapport_client import AsyncClient, Client, Forbidden, Problem, Unauthenticated
from rapport_client.identifiers import EventIds
from tests.api.shop import Clock, built, listening
from tests.client.network import Network, purchase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.client.network import Address


@dataclass(frozen=True)
class Guarded:
    """A server that asks for access keys."""

    url: str
    reading_key: str


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    with built(tmp_path / "data", Clock()) as server:
        _, secret = server.keys.make("reader", [READ], ledger="main")
        with listening(create_app(server)) as url:
            yield Guarded(url, secret)


DICT: Any = {"type": "visit-made", "data": {"guests": 2}}


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize("url", ["127.0.0.1:8400", "localhost:8400", ""])
def test_a_url_without_http_is_refused_at_once(
    client: type[Client | AsyncClient], url: str
) -> None:
    with pytest.raises(ValueError, match="begins with http:// or https://"):
        client(url)


def test_a_dict_in_place_of_an_event_is_refused_with_advice(address: Address) -> None:
    network = Network()
    with address.client(network=network) as client:
        with pytest.raises(TypeError, match=r"must be a NewEvent, not .* dict.*NewEvent\("):
            client.append("pos:1", DICT)
        with pytest.raises(TypeError, match="must be a NewEvent"):
            client.append_many([("pos:1", DICT)])
        with pytest.raises(TypeError, match="must be a NewEvent"):
            list(client.bulk([("pos:1", DICT)]))
        wrong: list[Any] = [DICT, purchase("1"), {**DICT, "contact": "pos:1"}]
        for items in ([one] for one in wrong):
            with pytest.raises(TypeError, match="expected a pair such as"):
                client.append_many(items)
            with pytest.raises(TypeError, match="expected a pair such as"):
                list(client.bulk(items))
    assert network.requests == []


def test_the_asynchronous_client_refuses_a_dict_too(address: Address) -> None:
    async def visit() -> None:
        async with address.async_client() as client:
            with pytest.raises(TypeError, match="must be a NewEvent"):
                await client.append("pos:1", DICT)
            with pytest.raises(TypeError, match="expected a pair such as"):
                _ = [one async for one in client.bulk([DICT])]

    asyncio.run(visit())


def test_a_missing_and_an_insufficient_key_have_errors_of_their_own(guarded: Guarded) -> None:
    with Client(guarded.url) as client, pytest.raises(Unauthenticated) as missing:
        client.summary()
    assert missing.value.status == 401
    with Client(guarded.url, key="rk_wrong") as client, pytest.raises(Unauthenticated):
        client.summary()
    with Client(guarded.url, key=guarded.reading_key) as client:
        assert client.summary().stages["client"] == 0
        with pytest.raises(Forbidden) as forbidden:
            client.append("pos:1", purchase("1"))
    assert (forbidden.value.status, isinstance(forbidden.value, Problem)) == (403, True)


@given(st.lists(st.integers(min_value=0, max_value=2**40), min_size=1, max_size=50))
def test_ids_grow_whatever_the_clock_says(clock_ms: list[int]) -> None:
    times = iter(clock_ms)
    ids = EventIds(lambda: next(times))
    made = [ids.next() for _ in clock_ms]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_ids_of_one_millisecond_count_beyond_their_counter() -> None:
    ids = EventIds(lambda: 1_700_000_000_000)
    made = [ids.next() for _ in range(5000)]
    assert made == sorted(set(made))
    assert {one.int >> 80 for one in made} <= {1_700_000_000_000, 1_700_000_000_001}
