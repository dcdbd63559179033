"""The SQLite store keeps every contract of a store."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ledger.stores.sqlite import connections
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
    import sqlite3
    from pathlib import Path

    import pytest

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

    def test_a_file_that_is_being_made_is_none_for_who_reads_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A projection reads what is wanted at any instant, also in the middle of the making."""
        read = []

        def connected(path: Path, application_id: int) -> sqlite3.Connection:
            connection = connections.connect(path, application_id)
            read.append(self.wanted_in(tmp_path))
            return connection

        monkeypatch.setattr("ledger.stores.sqlite.webhooks.connect", connected)
        for _ in range(2):
            with closing(self.open_webhooks(tmp_path)) as store:
                assert store.all() == []
        assert read == [frozenset()] * 3


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
