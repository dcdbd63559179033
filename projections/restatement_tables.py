"""The tables of the restatements."""

from __future__ import annotations

from projections.generations import Table

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
