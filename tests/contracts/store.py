"""Every contract of a store, opened through the store itself.

A store says once how it is opened for a data folder, and adopts each suite in one line: see
``tests/contracts/test_sqlite.py``. A part that is kept by something else, such as a key service,
adopts the suite of that part alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

import pytest

from domain.errors import Corrupt
from tests.contracts.access import AccessKeyStoreContract, TrailHeadsContract, TrailStoreContract
from tests.contracts.events import EventStoreContract
from tests.contracts.keys import KeyStoreContract
from tests.contracts.tables import TableStoreContract
from tests.contracts.transparency_log import TransparencyLogStoreContract
from tests.contracts.webhooks import OutboxContract, WebhookStoreContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from eventsourcing.persistence import InfrastructureFactory

    from api.service.stores import ServedLedgerStore, ServedStore
    from ledger.stores.access import AccessKeyStore, TrailHeads, TrailStore
    from ledger.stores.events import EventStore
    from ledger.stores.keys import DataKeyStore, LedgerKeyStore, SigningKeyStore
    from ledger.stores.transparency_log import StoredCheckpoint, TransparencyLogStore
    from ledger.stores.webhooks import WebhookStore
    from projections.tables import TableStore

ORIGIN = "example.org/log"
MASTER_KEY = bytes(32)


class OpenedByStore(ABC):
    """Says how a store is opened, for every suite below."""

    @pytest.fixture(autouse=True)
    def _world(self) -> Iterator[None]:
        """Where a test runs; what it opened is closed in the end."""
        with ExitStack() as self.in_the_end:
            yield

    @abstractmethod
    def store_of(self, folder: Path) -> ServedStore:
        """The store of that data folder, empty at first."""

    def crash(self, store: ServedStore) -> None:
        """Have the process be gone that used that store, as far as others can tell."""
        assert store is not None, "a folder does not know its processes"

    def ledger_in(self, folder: Path, name: str = "main") -> ServedLedgerStore:
        """What is kept of a ledger, of which nothing is made at first but its place."""
        folder.mkdir(parents=True, exist_ok=True)
        store = self.store_of(folder)
        if not store.ledger(name).exists():
            store.prepare()
            with store.unfinished_ledger() as made:
                store.finish_ledger(made, name)
        return store.ledger(name)


class EventsInStore(OpenedByStore, EventStoreContract):
    """The events of a ledger."""

    _opened: dict[int, InfrastructureFactory[Any]] = {}  # noqa: RUF012  # by the store it made

    def open_events(self, folder: Path) -> EventStore:
        """The recorder of the ledger's factory."""
        factory = self.ledger_in(folder).event_factory()
        store = cast("EventStore", factory.application_recorder())
        self._opened[id(store)] = factory
        self.in_the_end.callback(factory.close)
        return store

    def close_events(self, store: EventStore) -> None:
        """Close the factory."""
        self._opened.pop(id(store)).close()


class KeysInStore(OpenedByStore, KeyStoreContract):
    """The keys of a ledger."""

    def open_keys(self, folder: Path) -> DataKeyStore:
        """Under one master key."""
        return self.ledger_in(folder).open_keys(MASTER_KEY)

    def signing(self, store: DataKeyStore) -> SigningKeyStore:
        """The signing keys of the same store."""
        return cast("LedgerKeyStore", store).signing


class LogInStore(OpenedByStore, TransparencyLogStoreContract):
    """The transparency log of a ledger."""

    def open_log(
        self, folder: Path, key: tuple[bytes, int], first: StoredCheckpoint
    ) -> TransparencyLogStore:
        """Begun where it is not yet."""
        store = self.ledger_in(folder)
        if store.log_origin() is None:
            store.begin_log(ORIGIN, key, first)
        return store.open_log(ORIGIN)


class TablesInStore(OpenedByStore, TableStoreContract):
    """The tables of a ledger's projections."""

    def open_tables(self, folder: Path) -> TableStore:
        """Those of the ledger."""
        return self.ledger_in(folder).open_tables()


class WebhooksInStore(OpenedByStore, WebhookStoreContract):
    """The webhooks of a ledger."""

    def open_webhooks(self, folder: Path) -> WebhookStore:
        """Those of the ledger."""
        store = self.ledger_in(folder)
        opened = store.open_webhooks()
        assert store.has_webhooks()
        return opened

    def wanted_in(self, folder: Path) -> frozenset[str]:
        """As a projection asks before a step."""
        return self.ledger_in(folder).wanted_kinds()

    def test_nothing_is_wanted_where_there_is_no_webhook(self, tmp_path: Path) -> None:
        store = self.ledger_in(tmp_path)
        assert not store.has_webhooks()
        assert store.wanted_kinds() == frozenset()


class OutboxInStore(OpenedByStore, OutboxContract):
    """The outbox among the tables of a ledger's projections."""

    def open_outbox(self, folder: Path) -> TableStore:
        """Those of the ledger."""
        return self.ledger_in(folder).open_tables()


class TrailInStore(OpenedByStore, TrailStoreContract):
    """The audit trail of the server."""

    def open_trail(self, folder: Path) -> TrailStore:
        """That of the server."""
        return self.store_of(folder).open_trail()


class TrailOfLedgerInStore(OpenedByStore, TrailStoreContract):
    """The audit trail of a ledger."""

    def open_trail(self, folder: Path) -> TrailStore:
        """That of the ledger."""
        return self.ledger_in(folder).open_trail()


class TrailHeadsInStore(OpenedByStore, TrailHeadsContract):
    """What is known of the trails."""

    def open_heads(self, folder: Path) -> TrailHeads:
        """Those of the store."""
        return self.store_of(folder).trail_heads()


class AccessKeysInStore(OpenedByStore, AccessKeyStoreContract):
    """The access keys of the server."""

    def open_keys(self, folder: Path) -> AccessKeyStore:
        """Those of the store."""
        return self.store_of(folder).open_access_keys()


class StoreContract(OpenedByStore):
    """What a store says of itself: what there is, under which names."""

    def test_there_is_nothing_at_first(self, tmp_path: Path) -> None:
        store = self.store_of(tmp_path)
        assert not store.has_access_keys()
        assert not store.has_trail()
        assert store.trail_heads().heads() == {}
        assert store.ledgers_with_trail() == []
        assert not store.ledger("main").exists()
        assert store.ledger_names() == []
        assert {*tmp_path.iterdir()} == set()

    def test_what_is_opened_is_there_afterwards(self, tmp_path: Path) -> None:
        store, ledger = self.store_of(tmp_path), self.ledger_in(tmp_path)
        store.open_access_keys().close()
        store.open_trail().close()
        ledger.open_trail().close()
        again = self.store_of(tmp_path)
        assert again.has_access_keys()
        assert again.has_trail()
        assert again.ledgers_with_trail() == ["main"]
        assert again.ledger("main").has_trail()
        assert not self.ledger_in(tmp_path, "other").has_trail()

    def test_a_ledger_is_there_once_it_is_finished(self, tmp_path: Path) -> None:
        store = self.store_of(tmp_path)
        store.prepare()
        with store.unfinished_ledger() as made:
            filled = store.ledger(made)
            filled.write_document("ledger.json", b"settings")
            filled.open_trail().close()
            filled.flush()
            assert store.ledger_names() == []
            assert not store.ledger("main").exists()
            store.finish_ledger(made, "main")
        assert store.ledger_names() == ["main"]
        assert store.ledgers_with_trail() == ["main"]
        assert store.ledger("main").read_document("ledger.json") == b"settings"
        assert store.ledger("main").size_bytes() > 0

    def test_a_ledger_that_is_not_finished_is_gone(self, tmp_path: Path) -> None:
        store = self.store_of(tmp_path)
        store.prepare()
        with store.unfinished_ledger() as made:
            store.ledger(made).open_trail().close()
            assert store.ledger(made).exists()
        assert not store.ledger(made).exists()
        assert store.ledger_names() == []

    def test_what_a_crash_left_unfinished_is_removed(self, tmp_path: Path) -> None:
        store = self.store_of(tmp_path)
        store.prepare()
        crashed = store.unfinished_ledger()
        made = crashed.__enter__()  # and its end is never reached
        self.crash(store)
        again = self.store_of(tmp_path)
        again.prepare()
        assert not again.ledger(made).exists()

    def test_a_removed_ledger_leaves_its_name_free(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        ledger.write_document("ledger.json", b"settings")
        ledger.open_trail().close()
        self.ledger_in(tmp_path, "other")
        self.store_of(tmp_path).remove_ledger("main")
        assert self.store_of(tmp_path).ledger_names() == ["other"]
        fresh = self.ledger_in(tmp_path)
        assert not fresh.has_trail()
        with pytest.raises(Corrupt):
            fresh.read_document("ledger.json")

    def test_a_document_takes_the_place_of_the_one_before(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        for content in (b"first", b"second"):
            ledger.write_document("ledger.json", content)
            assert ledger.read_document("ledger.json") == content

    def test_only_files_that_it_names_are_in_the_data_folder(self, tmp_path: Path) -> None:
        store = self.store_of(tmp_path)
        store.prepare()
        store.open_access_keys().close()
        store.open_trail().close()
        assert {file.name for file in tmp_path.iterdir()} <= store.own_files

    def test_a_ledger_knows_the_store_of_its_server(self, tmp_path: Path) -> None:
        server = self.ledger_in(tmp_path).server()
        server.trail_heads().advance("main", 1, "hash")
        assert self.store_of(tmp_path).trail_heads().heads() == {"main": (1, "hash")}

    def test_names_are_there_for_messages(self, tmp_path: Path) -> None:
        store = self.store_of(tmp_path)
        names = self.ledger_in(tmp_path).names
        assert all([*store.library, store.access_name, names.events, names.keys, names.log])
        assert "main" in names.placed_events
