"""One server with pages for all tests of this room; every test gets a ledger of its own."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import sync_playwright

from api.bootstrap import build
from api.console.app import Console
from api.http.app import create_app
from api.service.settings import Settings
from ledger.access.scopes import SCOPES
from tests.api.shop import START, Clock, Shop, built, listening
from tests.console.browser import CHROMIUM
from tests.console.keyed import Keyed
from tests.console.ledgers import open_cafe
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

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
def address(server: Server) -> Iterator[str]:
    """Where the pages and the HTTP interface are."""
    with listening(create_app(server, pages=Console(server).application())) as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ended when the tests of this room are: meanwhile no other loop of events can run here."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A browser as far as HTTP goes: it keeps cookies, and says where its forms come from."""
    with httpx.Client(base_url=address, timeout=END_SECONDS, headers={"Origin": address}) as client:
        yield client


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Keyed]:
    server = build(
        Settings(folder=tmp_path / "data", cors_origins=("https://shop.example",)), clock=Clock()
    )
    _, secret = server.keys.make("owner", SCOPES)
    with (
        listening(create_app(server, pages=Console(server).application())) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS, headers={"Origin": address}) as client,
    ):
        yield Keyed(client, server, secret)
    server.close()


@pytest.fixture
def shop(client: httpx.Client, server: Server, clock: Clock) -> Iterator[Shop]:
    """A ledger of its own, deleted after the test."""
    clock.instant = START
    name = f"shop-{next(_NUMBERS)}"
    yield Shop(client, name, clock)
    if name in server.folder.names():
        server.delete(name)


@pytest.fixture
def cafe(shop: Shop) -> Shop:
    """A ledger with something on every page."""
    open_cafe(shop)
    return shop
