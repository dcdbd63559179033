"""Restatements: which statuses that had already held did an event change, and how?

A row is a stretch of time of one contact: what was believed of it, and what is known since the
event at a position. Events of one contact that are recorded in one minute of UTC are one
restatement, which stands at the last of them. It is a function of the log alone, taken in event by
event. Source: the audit document, "Time".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.restatement_filling import RestatementFilling
from projections.restatement_tables import MINUTES, ROWS, WALKS
from projections.restating import Restating
from projections.status import MERGES_TABLE

if TYPE_CHECKING:
    from projections.contact_walk import KnownLedger
    from projections.generations import Generation, Tables
    from projections.limits import Limits
    from projections.source import EventSource
    from projections.tables import TableStore


class RestatementProjection:
    """The stretches of each survivor's past that the events of each minute changed."""

    name = "restatements"
    title = "What later entries changed about the past"
    version = 3
    tables = (MERGES_TABLE, ROWS, WALKS, MINUTES)
    reporter = None

    def next_breakpoint(self, tables: Tables) -> int | None:
        """None: time alone restates nothing."""
        return None

    def open(
        self, generation: Generation, store: TableStore, source: EventSource, limits: Limits
    ) -> Restating:
        """A generation of it, to be brought forward."""
        return Restating(generation, store, source, limits)

    def filling(
        self, generation: Generation, known: KnownLedger, limits: Limits
    ) -> RestatementFilling:
        """An empty generation of it, to be filled up to its position."""
        return RestatementFilling(self.tables, generation, known, limits)
