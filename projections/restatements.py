"""Restatements: which statuses that had already held did an event change, and how?

A row is a stretch of time of one contact: what was believed of it, and what is known since the
event at a position. Events of one contact that are recorded in one minute of UTC are one
restatement, which stands at the last of them. It is a function of the log alone, taken in event by
event. Source: the audit document, "Time".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.generations import Table
from projections.status import MERGES_TABLE

if TYPE_CHECKING:
    from projections.generations import Tables

ROWS = Table(
    "rows",
    (
        "position INTEGER NOT NULL",
        "contact BLOB NOT NULL",
        "place INTEGER NOT NULL",
        "from_at INTEGER NOT NULL",
        "to_at INTEGER NOT NULL",
        "believed TEXT NOT NULL",
        "known TEXT NOT NULL",
        "event BLOB NOT NULL",
    ),
    ("position", "contact", "place"),
    ("(contact, position, place)",),
    ahead="position",
)

WALKS = Table(
    "walks",
    ("position INTEGER NOT NULL", "after BLOB NOT NULL"),
    ("position",),
    ahead="position",
)
"""How far the walk over all contacts is that a policy for the past takes; empty where none is."""


MINUTES = Table(
    "minutes",
    (
        "contact BLOB NOT NULL",
        "first INTEGER NOT NULL",
        "last INTEGER NOT NULL",
        "since_at INTEGER NOT NULL",
    ),
    ("contact",),
)
"""The restatements of the minute at whose events the log stands: more events may join them.

``first`` and ``last`` are positions; before ``since_at`` the events changed nothing. It is greater
than every instant where nothing was believed before the first.
"""


class RestatementProjection:
    """The stretches of each survivor's past that the events of each minute changed."""

    name = "restatements"
    version = 2
    tables = (MERGES_TABLE, ROWS, WALKS, MINUTES)

    def next_breakpoint(self, tables: Tables) -> int | None:
        """None: time alone restates nothing."""
        return None
