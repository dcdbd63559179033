"""One server for all tests of this level; every test gets a ledger of its own."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest

from api.http.app import create_app
from tests.api.shop import START, Clock, Shop, built, listening
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from api.service.server import Server

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Server]:
    with built(tmp_path_factory.mktemp("rapport") / "data", clock) as server:
        yield server


@pytest.fixture(scope="session")
def application(server: Server) -> FastAPI:
    return create_app(server)


@pytest.fixture(scope="session")
def client(application: FastAPI) -> Iterator[httpx.Client]:
    with (
        listening(application) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS) as client,
    ):
        yield client


@pytest.fixture
def shop(client: httpx.Client, server: Server, clock: Clock) -> Iterator[Shop]:
    """A ledger of its own, deleted after the test: hundreds of ledgers make a server slow."""
    clock.instant = START
    name = f"shop-{next(_NUMBERS)}"
    yield Shop(client, name, clock)
    if name in server.folder.names():
        server.delete(name)
