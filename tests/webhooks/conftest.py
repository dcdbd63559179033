"""A server that sends to loopback receivers, by the real clock; every test has its own ledger."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.bootstrap import build, now
from api.http.app import create_app
from api.service.limits import LIMITS
from api.service.settings import Settings
from api.service.webhooks.pacing import DeliveryPacing
from tests.api.shop import Shop, listening
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.stores import SQLITE, STORES, database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.service.server import Server
    from tests.fixtures.postgresql import Databases

QUICK = DeliveryPacing(
    delays_seconds=(0.01, 0.02), attempt_seconds=0.5, poll_seconds=0.02, failures=3
)
"""A pace at which a test sees several attempts in no time."""

_NUMBERS = count(1)


class Teller(Shop):
    """A ledger with what tests ask of its webhooks."""

    server: Server

    def webhook(self, url: str, *events: str, **more: Any) -> dict[str, Any]:
        """A new webhook."""
        body = {"url": url, "events": list(events) or ["event-recorded"], **more}
        answer = self.post("/webhooks", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def seen(self, webhook: dict[str, Any]) -> dict[str, Any]:
        """The webhook as it is now."""
        found: dict[str, Any] = self.get(f"/webhooks/{webhook['id']}").json()
        return found

    def deliveries(self, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        """Its deliveries, the newest first."""
        path = f"/webhooks/{webhook['id']}/deliveries"
        found: list[dict[str, Any]] = self.get(path, **query).json()["items"]
        return found

    def change(self, webhook: dict[str, Any], **changes: Any) -> httpx.Response:
        """Change the webhook."""
        return self.client.patch(f"{self.base}/webhooks/{webhook['id']}", json=changes)


@contextmanager
def sending(
    folder: Path,
    pacing: DeliveryPacing = QUICK,
    clock: Callable[[], int] = now,
    url: str | None = None,
) -> Iterator[tuple[Server, httpx.Client]]:
    """A server that sends, and a client of it."""
    settings = Settings(
        folder=folder, webhook_allow=("127.0.0.0/8",), database_url=url or database_url(folder)
    )
    server = build(settings, clock=clock, limits=replace(LIMITS, deliveries=pacing))
    try:
        server.sender.start()
        with (
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            yield server, client
    finally:
        server.close()


@pytest.fixture(scope="session", params=STORES)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, httpx.Client]]:
    """One server of each store for all tests of this room."""
    url = None
    if request.param != SQLITE:
        databases: Databases = request.getfixturevalue("postgresql")
        url = databases.take()
    with sending(tmp_path_factory.mktemp("webhooks") / "data", url=url) as found:
        yield found


@pytest.fixture
def teller(served: tuple[Server, httpx.Client]) -> Iterator[Teller]:
    server, client = served
    name = f"teller-{next(_NUMBERS)}"
    made = Teller(client, name, now)  # type: ignore[arg-type]  # nothing moves the real clock
    made.server = server
    yield made
    server.delete(name)
