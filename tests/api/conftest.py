"""One server for all tests of this level; every test gets a ledger of its own."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest

from api.http.app import create_app
from tests.api.shop import START, Clock, Shop, built, listening
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.stores import SQLITE, STORES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from api.service.server import Server
    from tests.fixtures.postgresql import Databases

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have the tests of modules marked ``both_stores`` run on a server of each store."""
    marked = metafunc.definition.get_closest_marker("both_stores") is not None
    if marked and "server" in metafunc.fixturenames:
        metafunc.fixturenames.append("kept_in")
        metafunc.parametrize("kept_in", STORES, indirect=True, scope="session")


@pytest.fixture(scope="session")
def kept_in(request: pytest.FixtureRequest) -> str | None:
    """The URL of the server's database; None where that is left to ``--store``."""
    if getattr(request, "param", SQLITE) == SQLITE:
        return None
    databases: Databases = request.getfixturevalue("postgresql")
    return databases.take()


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, clock: Clock, kept_in: str | None
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("rapport") / "data"
    with built(folder, clock, url=kept_in) as server:
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
