"""A store with the tables of projections in it: where what both rooms keep meets.

``ledger`` and ``projections`` do not import each other, so the protocol of the one does not name
what belongs to the other. A store keeps these, and ``api.bootstrap`` chooses which store that is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ledger.stores.store import LedgerStore, Store

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from projections.checking import TablesAtRest
    from projections.source import EventSource
    from projections.tables import TableReader, TableStore


class ServedLedgerStore(LedgerStore, Protocol):
    """Everything that is kept of one ledger, and of what follows from its events."""

    tables_name: str
    """How messages call the store of the tables."""

    def has_tables(self) -> bool:
        """Whether there are tables of projections."""

    def open_tables(self) -> TableStore:
        """The tables of the projections; what cannot be trusted is set aside and made again."""

    def read_tables(self) -> TableReader:
        """The tables of the projections, beside the process that writes them."""

    def copy_tables(self, into: Path) -> AbstractContextManager[TablesAtRest]:
        """A copy of the tables as of one instant; a copy in a file is in the folder ``into``."""

    def make_tables(self, into: Path, name: str) -> TableStore:
        """Empty tables of that name that nobody else knows; those in a file are in ``into``."""

    def read_events(
        self, time_zone: str | None, head: int | None = None
    ) -> AbstractContextManager[EventSource]:
        """The events up to a head, or to the newest, beside the server that has them open."""


class ServedStore(Store, Protocol):
    """Everything that one server keeps."""

    def ledger(self, name: str) -> ServedLedgerStore:
        """What is kept of the ledger of that name, whether or not there is one."""


ServedStoreOf = Callable[[Path], ServedStore]
"""The store that belongs to a data folder."""
