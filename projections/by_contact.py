"""How those projections are built whose rows are folded contact by contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.build import Build
from projections.filling import ContactFilling

if TYPE_CHECKING:
    from projections.contact_walk import KnownLedger
    from projections.folding import Projection
    from projections.generations import Generation, Tables
    from projections.limits import Limits
    from projections.reporting import Reporter
    from projections.source import EventSource
    from projections.tables import TableStore


class ByContact:
    """Makes a ``Projection`` a ``ReadModel``."""

    reporter: Reporter | None = None
    """What reports its rows to the outbox, if anything does."""

    def spreads(self, measured: Any, before: Any) -> bool:
        """Always, so that those who rest on its rows are reduced again when they change."""
        return True

    def complete(self, tables: Tables) -> None:
        """Nothing: no row rests on all others."""

    def open(
        self: Projection,
        generation: Generation,
        store: TableStore,
        source: EventSource,
        limits: Limits,
    ) -> Build:
        """A generation of it, to be brought forward."""
        return Build(self, generation, store, source, limits)

    def filling(
        self: Projection, generation: Generation, known: KnownLedger, limits: Limits
    ) -> ContactFilling:
        """An empty generation of it, to be filled up to its position."""
        return ContactFilling(self, generation, known, limits)
