"""The SQLite store keeps every contract of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.stores.sqlite.access_keys import ACCESS_FILE, SqliteAccessKeys
from ledger.stores.sqlite.data_keys import KeyStore
from ledger.stores.sqlite.events import LedgerApplicationRecorder, LedgerFactory
from ledger.stores.sqlite.projection_tables import SqliteTableStore
from ledger.stores.sqlite.trail import TRAIL_FILE, SqliteTrail
from ledger.stores.sqlite.trail_heads import SqliteTrailHeads
from ledger.stores.sqlite.transparency_log import SqliteLogStore, begin, log_origin
from tests.contracts.access import (
    AccessKeyStoreContract,
    TrailHeadsContract,
    TrailStoreContract,
)
from tests.contracts.events import EventStoreContract
from tests.contracts.keys import KeyStoreContract
from tests.contracts.tables import TableStoreContract
from tests.contracts.transparency_log import TransparencyLogStoreContract

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.access import AccessKeyStore, TrailHeads, TrailStore
    from ledger.stores.events import EventStore
    from ledger.stores.keys import DataKeyStore, SigningKeyStore
    from ledger.stores.transparency_log import StoredCheckpoint, TransparencyLogStore
    from projections.tables import TableStore


class TestEvents(EventStoreContract):
    """``events.sqlite``."""

    def open_events(self, folder: Path) -> EventStore:
        """A recorder of its own factory."""
        factory = LedgerFactory({"SQLITE_DBNAME": str(folder / "events.sqlite")})
        recorder = factory.application_recorder()
        assert isinstance(recorder, LedgerApplicationRecorder)
        return recorder

    def close_events(self, store: EventStore) -> None:
        """Close its datastore."""
        assert isinstance(store, LedgerApplicationRecorder)
        store.datastore.close()


class TestTables(TableStoreContract):
    """``projections.sqlite``."""

    def open_tables(self, folder: Path) -> TableStore:
        """The file of that folder."""
        return SqliteTableStore(folder / "projections.sqlite")


class TestKeys(KeyStoreContract):
    """``keys.sqlite``."""

    def open_keys(self, folder: Path) -> DataKeyStore:
        """The file of that folder, under one master key."""
        return KeyStore(folder / "keys.sqlite", bytes(32))

    def signing(self, store: DataKeyStore) -> SigningKeyStore:
        """The signing keys in the same file."""
        assert isinstance(store, KeyStore)
        return store.signing


class TestTransparencyLog(TransparencyLogStoreContract):
    """``log.sqlite``."""

    def open_log(
        self, folder: Path, key: tuple[bytes, int], first: StoredCheckpoint
    ) -> TransparencyLogStore:
        """The file of that folder, begun where it is not yet."""
        path = folder / "log.sqlite"
        if log_origin(path) is None:
            begin(path, "example.org/log", key, first)
        return SqliteLogStore(path, "example.org/log")


class TestAccessKeys(AccessKeyStoreContract):
    """``access.sqlite``."""

    def open_keys(self, folder: Path) -> AccessKeyStore:
        """The file of that folder."""
        return SqliteAccessKeys(folder / ACCESS_FILE)


class TestTrail(TrailStoreContract):
    """``trail.sqlite``."""

    def open_trail(self, folder: Path) -> TrailStore:
        """The file of that folder."""
        return SqliteTrail(folder / TRAIL_FILE)


class TestTrailHeads(TrailHeadsContract):
    """The table beside the access keys."""

    def open_heads(self, folder: Path) -> TrailHeads:
        """The table in that folder's file of access keys."""
        return SqliteTrailHeads(folder)


# The contracts are collected wherever their names stand in a module, and cannot run themselves.
del AccessKeyStoreContract, EventStoreContract, KeyStoreContract, TableStoreContract
del TrailHeadsContract, TrailStoreContract, TransparencyLogStoreContract
