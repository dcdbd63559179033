"""Questions to the restatements' tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from projections.generations import Tables

Place = tuple[int, UUID, int]
"""Where the list continues: after the row of this position, contact and number."""


@dataclass(frozen=True)
class RestatementRow:
    """From an instant up to another a contact was believed to be in one stage, and was in another.

    ``event`` is the one that says so, at ``position``; ``place`` counts the stretches that it
    changed of this contact. The contact is the one that answered for itself then.
    """

    contact_id: UUID
    from_at: int
    to_at: int
    believed: str
    known: str
    event: UUID
    position: int
    place: int


@dataclass(frozen=True)
class RestatementPage:
    """A part of the list, which reflects the events up to ``position``."""

    items: tuple[RestatementRow, ...]
    next_place: Place | None
    position: int


def read_restatements(
    tables: Tables,
    position: int,
    *,
    since_position: int,
    contact: UUID | None,
    after: Place | None,
    limit: int,
) -> RestatementPage:
    """Rows of events after ``since_position``, in order of position, contact and time.

    What a walk that is under way has found already lies beyond ``position``, and is left out.
    """
    # Contacts have 16 bytes: none of the next position comes before an empty one.
    start = (since_position + 1, b"", -1)
    if after is not None:
        start = max(start, (after[0], after[1].bytes, after[2]))
    condition, values = "(position, contact, place) > (?, ?, ?)", list[object](start)
    if contact is not None:
        condition = "contact = ? AND (position, place) > (?, ?)"
        values = [contact.bytes, start[0], start[2]]
    rows = tables.execute(
        "SELECT contact, from_at, to_at, believed, known, event, position, place"
        f" FROM {tables['rows']} WHERE {condition} AND position <= ?"
        " ORDER BY position, contact, place LIMIT ?",
        (*values, position, limit + 1),
    ).fetchall()
    found = [
        RestatementRow(UUID(bytes=whose), from_at, to_at, then, now, UUID(bytes=event), at, place)
        for whose, from_at, to_at, then, now, event, at, place in rows
    ]
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = (last.position, last.contact_id, last.place)
    return RestatementPage(tuple(found[:limit]), following, position)
