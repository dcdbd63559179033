"""Restatements: which statuses that had already held did an event change, and how?

A row is a stretch of time of one contact: what was believed of it, and what is known since the
event at a position. Events of one contact that are recorded in one minute of UTC are one
restatement, which stands at the last of them. It is a function of the log alone, taken in event by
event. Source: the audit document, "Time".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.builds import count_contact_events
from projections.restatement_tables import MINUTES, ROWS, WALKS
from projections.restating import Restating
from projections.status import MERGES_TABLE

if TYPE_CHECKING:
    from projections.generations import Generation, Tables
    from projections.limits import Limits
    from projections.operations import Work
    from projections.source import EventSource
    from projections.tables import TableStore


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

    def fill(
        self,
        generation: Generation,
        store: TableStore,
        source: EventSource,
        limits: Limits,
        work: Work,
        upto: int,
    ) -> Restating:
        """An empty generation taken step by step to position ``upto``.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds a history that cannot be dealt with.
        """
        build = self.open(generation, store, source, limits)
        total = count_contact_events(source, upto)
        while build.step(upto, generation.as_of):
            work.advance(count_contact_events(source, build.position), total)
        return build
