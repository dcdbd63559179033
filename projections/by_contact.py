"""How the builds of those projections are made whose rows are folded contact by contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.build import Build
from projections.filling import fill

if TYPE_CHECKING:
    from projections.folding import Projection
    from projections.generations import Generation
    from projections.limits import Limits
    from projections.operations import Work
    from projections.source import EventSource
    from projections.tables import TableStore


class ByContact:
    """Makes a ``Projection`` a ``ReadModel``."""

    def begins_at(self, position: int) -> int:
        """There: an empty generation is filled from what is known at that position."""
        return position

    def open(
        self: Projection,
        generation: Generation,
        store: TableStore,
        source: EventSource,
        limits: Limits,
    ) -> Build:
        """A generation of it, to be brought forward."""
        return Build(self, generation, store, source, limits)

    def fill(
        self: Projection,
        generation: Generation,
        store: TableStore,
        source: EventSource,
        limits: Limits,
        work: Work,
        _upto: int,
    ) -> Build:
        """An empty generation filled up to its position, contact by contact.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds something that the projection cannot deal with.
        """
        fill(self, store, source, generation, work)
        return Build(self, generation, store, source, limits)
