"""Keys in a database of their own keep every contract, whichever store has the events."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ledger.stores.postgresql.key_places import KeyDatabase
from ledger.stores.postgresql.store import PostgresqlStore
from ledger.stores.sqlite.store import SqliteStore
from tests.contracts.ledger_store import LedgerStoreContract
from tests.contracts.store import KeysInStore, OpenedByStore, StoreContract
from tests.fixtures.postgresql import end_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.stores import ServedStore
    from tests.fixtures.postgresql import Databases


class WithKeyDatabase(OpenedByStore):
    """A database of keys for each test, and the events in files."""

    @pytest.fixture(autouse=True)
    def _world(self, postgresql: Databases) -> Iterator[None]:
        with postgresql.lent() as self._take, ExitStack() as self.in_the_end:
            self._keys = KeyDatabase(self._take())
            self._urls: dict[Path, str] = {}
            yield

    def store_of(self, folder: Path) -> ServedStore:
        return SqliteStore(folder, self._keys)


class BesidePostgresql(WithKeyDatabase):
    """The same, with the events in a database for each data folder."""

    def store_of(self, folder: Path) -> ServedStore:
        if folder not in self._urls:
            self._urls[folder] = self._take()
        files_of = partial(SqliteStore, places=self._keys)
        return PostgresqlStore(self._urls[folder], folder, files_of)

    def crash(self, store: ServedStore) -> None:
        for url in self._urls.values():
            end_sessions(url)


class TestKeys(WithKeyDatabase, KeysInStore):
    """The tables of keys."""


class TestKeysBesidePostgresql(BesidePostgresql, KeysInStore):
    """The same beside events in a database."""


class TestLedgerStore(WithKeyDatabase, LedgerStoreContract):
    """A ledger as a whole, in files."""


class TestLedgerStoreBesidePostgresql(BesidePostgresql, LedgerStoreContract):
    """A ledger as a whole, in a database."""


class TestStore(WithKeyDatabase, StoreContract):
    """The data folder as a whole."""


# The contracts are collected wherever their names stand in a module, and cannot run themselves.
del KeysInStore, LedgerStoreContract, StoreContract
