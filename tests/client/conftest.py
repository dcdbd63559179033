"""One server for all tests of this level; every test gets a ledger of its own."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from api.http.app import create_app
from rapport_client import Client
from tests.api.shop import Clock, built, listening
from tests.client.network import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def clock() -> Clock:
    """The server's clock."""
    return Clock()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("client") / "data"
    with built(folder, clock) as server, listening(create_app(server)) as address:
        yield address


@pytest.fixture
def address(url: str) -> Address:
    """A ledger that nobody else uses."""
    name = f"shop-{next(_NUMBERS)}"
    with Client(url) as client:
        made = client.create_ledger(name, "Europe/Amsterdam")
    assert (made.name, made.time_zone, made.archived) == (name, "Europe/Amsterdam", False)
    return Address(url, name)


@pytest.fixture
def client(address: Address) -> Iterator[Client]:
    with address.client() as client:
        yield client
