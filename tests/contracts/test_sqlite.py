"""The SQLite store keeps every contract of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.stores.sqlite.sorting import SqliteSorting
from ledger.stores.sqlite.store import SqliteStore
from tests.contracts.ledger_store import LedgerStoreContract
from tests.contracts.sorting import SortingContract
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

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.stores import ServedStore
    from ledger.stores.sorting import Sorting


class OnSqlite(OpenedByStore):
    """The files in a data folder."""

    def store_of(self, folder: Path) -> ServedStore:
        return SqliteStore(folder)


class TestStore(OnSqlite, StoreContract):
    """The data folder as a whole."""


class TestLedgerStore(OnSqlite, LedgerStoreContract):
    """The folder of a ledger as a whole."""


class TestEvents(OnSqlite, EventsInStore):
    """``events.sqlite``."""


class TestKeys(OnSqlite, KeysInStore):
    """``keys.sqlite``."""


class TestTransparencyLog(OnSqlite, LogInStore):
    """``log.sqlite``."""


class TestTables(OnSqlite, TablesInStore):
    """``projections.sqlite``."""


class TestWebhooks(OnSqlite, WebhooksInStore):
    """``webhooks.sqlite``."""


class TestOutbox(OnSqlite, OutboxInStore):
    """The outbox beside the projections."""


class TestTrail(OnSqlite, TrailInStore):
    """``trail.sqlite`` of the server."""


class TestTrailOfLedger(OnSqlite, TrailOfLedgerInStore):
    """``trail.sqlite`` of a ledger."""


class TestAccessKeys(OnSqlite, AccessKeysInStore):
    """``access.sqlite``."""


class TestTrailHeads(OnSqlite, TrailHeadsInStore):
    """The table beside the access keys."""


class TestSorting(SortingContract):
    """Temporary files that nobody else sees."""

    def sorting(self) -> Sorting:
        return SqliteSorting()


# The contracts are collected wherever their names stand in a module, and cannot run themselves.
del (
    AccessKeysInStore,
    EventsInStore,
    KeysInStore,
    LedgerStoreContract,
    LogInStore,
    OutboxInStore,
    SortingContract,
    StoreContract,
    TablesInStore,
    TrailHeadsInStore,
    TrailInStore,
    TrailOfLedgerInStore,
    WebhooksInStore,
)
