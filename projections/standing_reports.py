"""Reports of standings that changed, from the rows of the standings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.notices import STANDING_CHANGED, Notice
from projections.edges import referred_by
from projections.reported_rows import (
    differing_contacts,
    forget_reported,
    keep_reported,
    read_reported,
    table_name,
)
from projections.row_writing import NEVER

if TYPE_CHECKING:
    from uuid import UUID

    from projections.generations import Tables
    from projections.reporting import Change

FIRST_STANDING = "none"
"""The standing of somebody who referred nobody."""


class StandingReporter:
    """Reports changes of standings, by the rows of the projection ``standing``."""

    kinds = frozenset({STANDING_CHANGED})

    def snapshot(self, tables: Tables, at: int) -> None:
        """See ``Reporter``."""
        tables.execute(
            f"INSERT INTO {table_name(tables)} SELECT 'standing', contact, '', standing, 0, NULL"
            f" FROM {tables['standings']}"
        )

    def differing(self, tables: Tables) -> set[UUID]:
        """See ``Reporter``."""
        return differing_contacts(tables, "standing", "standings", "t.state <> r.standing")

    def report(self, tables: Tables, change: Change) -> list[Notice]:
        """See ``Reporter``."""
        contact = change.contact
        row = tables.execute(
            f"SELECT standing, changed_at FROM {tables['standings']} WHERE contact = ?",
            (contact.bytes,),
        ).fetchone()
        reported = read_reported(tables, "standing", contact)
        before = reported[0] if reported else FIRST_STANDING
        now, changed_at = row or (FIRST_STANDING, NEVER)
        if row is None:
            forget_reported(tables, "standing", contact)
        elif reported is None or now != before:
            keep_reported(tables, "standing", contact, now, 0)
        if now == before:
            return []
        whole = change.beside(referred_by(tables, [contact]))
        # What occurred at that instant brought it; without such an event the time did.
        events = {one.id for one in whole.all_news if one.occurred_at == changed_at}
        known = whole.knowledge_at(0 if changed_at == NEVER else changed_at, events)
        detail = {"contact_id": str(contact), "from": before, "to": now}
        return [Notice(STANDING_CHANGED, contact, now, *known, detail)]
