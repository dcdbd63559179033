"""The PostgreSQL store keeps every contract of a store."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from ledger.stores.postgresql.store import PostgresqlStore
from ledger.stores.sqlite.store import SqliteStore
from tests.contracts.ledger_store import LedgerStoreContract
from tests.contracts.store import (
    AccessKeysInStore,
    EventsInStore,
    KeysInStore,
    LogInStore,
    OpenedByStore,
    OutboxInStore,
    StoreContract,
    TablesInStore,
    TrailHeadsInStore,
    TrailInStore,
    TrailOfLedgerInStore,
    WebhooksInStore,
)
from tests.fixtures.postgresql import end_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.stores import ServedStore
    from tests.fixtures.postgresql import Databases


class OnPostgresql(OpenedByStore):
    """A database of its own for each data folder."""

    @pytest.fixture(autouse=True)
    def _world(self, postgresql: Databases) -> Iterator[None]:
        self._urls: dict[Path, str] = {}
        with postgresql.lent() as self._take, ExitStack() as self.in_the_end:
            yield

    def store_of(self, folder: Path) -> ServedStore:
        if folder not in self._urls:
            self._urls[folder] = self._take()
        return PostgresqlStore(self._urls[folder], folder, SqliteStore)

    def crash(self, store: ServedStore) -> None:
        for url in self._urls.values():
            end_sessions(url)


class TestStore(OnPostgresql, StoreContract):
    """The database as a whole."""


class TestLedgerStore(OnPostgresql, LedgerStoreContract):
    """The schema of a ledger as a whole."""


class TestEvents(OnPostgresql, EventsInStore):
    """The table ``events``, and the writer."""


class TestKeys(OnPostgresql, KeysInStore):
    """Files of the data folder, by the id of the ledger."""


class TestTransparencyLog(OnPostgresql, LogInStore):
    """The tables of the log."""


class TestTables(OnPostgresql, TablesInStore):
    """The tables of the projections."""


class TestWebhooks(OnPostgresql, WebhooksInStore):
    """The tables of webhooks."""


class TestOutbox(OnPostgresql, OutboxInStore):
    """The outbox beside the projections."""


class TestTrail(OnPostgresql, TrailInStore):
    """The trail of the server."""


class TestTrailOfLedger(OnPostgresql, TrailOfLedgerInStore):
    """The trail of a ledger."""


class TestAccessKeys(OnPostgresql, AccessKeysInStore):
    """The table of access keys."""


class TestTrailHeads(OnPostgresql, TrailHeadsInStore):
    """The table beside the access keys."""


# The contracts are collected wherever their names stand in a module, and cannot run themselves.
del (
    AccessKeysInStore,
    EventsInStore,
    KeysInStore,
    LedgerStoreContract,
    LogInStore,
    OutboxInStore,
    StoreContract,
    TablesInStore,
    TrailHeadsInStore,
    TrailInStore,
    TrailOfLedgerInStore,
    WebhooksInStore,
)
