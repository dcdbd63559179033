"""Restatements: which statuses that had already held did an event change, and how?

A row is a stretch of time of one contact: what was believed of it, and what is known since the
event at a position. Events of one contact that are recorded in one minute of UTC are one
restatement, which stands at the last of them. It is a function of the log alone, taken in event by
event. Source: the audit document, "Time".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.builds import count_contact_events
from projections.filling import index_tables
from projections.restatement_tables import MINUTES, ROWS, WALKS
from projections.restating import Restating
from projections.status import MERGES_TABLE

if TYPE_CHECKING:
    from uuid import UUID

    from domain.history import History
    from projections.contact_walk import KnownLedger
    from projections.generations import Generation, Tables
    from projections.limits import Limits
    from projections.operations import Work
    from projections.source import EventSource
    from projections.tables import TableStore, Transaction


class RestatementProjection:
    """The stretches of each survivor's past that the events of each minute changed."""

    name = "restatements"
    version = 3
    tables = (MERGES_TABLE, ROWS, WALKS, MINUTES)

    def next_breakpoint(self, tables: Tables) -> int | None:
        """None: time alone restates nothing."""
        return None

    def begins_at(self, position: int) -> int:
        """At the beginning of the log: restatements are taken in event by event."""
        return 0

    def open(
        self, generation: Generation, store: TableStore, source: EventSource, limits: Limits
    ) -> Restating:
        """A generation of it, to be brought forward."""
        return Restating(generation, store, source, limits)

    def filling(self, generation: Generation, known: KnownLedger, limits: Limits) -> SteppedFilling:
        """An empty generation of it, which is taken step by step to what is known."""
        return SteppedFilling(self, generation, known, limits)


class SteppedFilling:
    """A generation that a pass over the contacts leaves empty: it follows the log afterwards."""

    def __init__(
        self,
        projection: RestatementProjection,
        generation: Generation,
        known: KnownLedger,
        limits: Limits,
    ) -> None:
        self.generation = generation
        self._projection = projection
        self._known = known
        self._limits = limits

    def begin(self, connection: Transaction) -> None:
        """Nothing: the merges are taken in with the log."""

    def take(self, contact: UUID, history: History) -> None:
        """Nothing: what was known at every position is no part of a history."""

    def write(self, connection: Transaction) -> None:
        """Nothing was collected."""

    def finish(self, store: TableStore, work: Work) -> Restating:
        """Take the steps.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds a history that cannot be dealt with.
        """
        source, upto = self._known.source, self._known.position
        index_tables(self._projection.tables, self.generation, store, work)
        build = self._projection.open(self.generation, store, source, self._limits)
        total = count_contact_events(source, upto)
        while build.step(upto, self.generation.as_of):
            work.advance(count_contact_events(source, build.position), total)
        return build
