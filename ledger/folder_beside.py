"""The data folder of a server that another process holds, read beside that one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ledger.data_layout import FolderUnusable
from ledger.folder import DataFolder
from ledger.ledger_beside import LedgerBeside
from ledger.master_keys import as_master_key, master_key_of
from ledger.subscriptions.pacing import SIGNER

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.clock import Clock
    from ledger.files import FolderLock
    from ledger.ledger import Ledger
    from ledger.master_keys import MasterKey
    from ledger.memory_budget import MemoryBudget
    from ledger.settings import LedgerSettings
    from ledger.stores.store import LedgerStore, StoreOf


class _NotHeld:
    """In the place of the lock, which another process has."""

    def note_url(self, url: str) -> None:
        """Note nothing: the process that has the lock says where it answers."""

    def release(self) -> None:
        """There is nothing to let go."""


class DataFolderBeside(DataFolder):
    """Reads the ledgers of a folder; makes and changes nothing."""

    def __init__(
        self,
        path: Path,
        store_of: StoreOf,
        *,
        clock: Clock,
        memory: MemoryBudget,
        master_key: MasterKey | bytes | None = None,
    ) -> None:
        """Only where another process has prepared the folder, and holds it.

        Raises:
            FolderUnusable: it cannot be read.
            Corrupt: its master key is missing or damaged.
        """
        super().__init__(
            path,
            store_of(path),
            cast("FolderLock", _NotHeld()),
            clock,
            as_master_key(master_key or master_key_of(path, has_ledgers=True)),
            log_domain="",
            signing=False,
            signed_elsewhere=True,
            signer_pacing=SIGNER,
            memory=memory,
        )

    def let_go(self, name: str) -> None:
        """Close a ledger, if it is open: it is another one now, or none."""
        with self._guard:
            ledger = self._ledgers.pop(name, None)
        if ledger is not None:
            ledger.close()

    def _make(self, name: str, time_zone: str | None, region: str | None) -> None:
        raise FolderUnusable(f"the ledger {name} is made by the server that records")

    def _ledger(
        self, store: LedgerStore, settings: LedgerSettings, *, begin_log: bool = False
    ) -> Ledger:
        return LedgerBeside(
            store,
            settings,
            clock=self._clock,
            master_key=self._master_key,
            memory=self.memory,
        )

    def _with_log(self, store: LedgerStore, settings: LedgerSettings) -> Ledger:
        return self._ledger(store, settings)
