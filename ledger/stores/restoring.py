"""A new ledger being filled with what was recorded elsewhere: protocols.

Nobody opens the ledger before all of it is there, and the caller has checked that it fits together.
Both raise ``Unavailable`` where something could not be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.stores.reading import EventColumns
    from ledger.stores.transparency_log import StoredCheckpoint
    from ledger.transparency.tiles import TileAt


class RestoredEvents(Protocol):
    """The events of a ledger that is being filled."""

    position: int
    """How far it is filled."""

    def add(self, rows: Sequence[EventColumns]) -> None:
        """Keep these events, which continue from those before."""


class RestoredLog(Protocol):
    """The transparency log of a ledger that is being filled."""

    def add(self, checkpoints: Iterable[StoredCheckpoint]) -> None:
        """Keep these checkpoints."""

    def put(self, at: TileAt, hashes: bytes) -> None:
        """Keep a tile with all its hashes."""
