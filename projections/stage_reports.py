"""Reports of stages that changed, from the rows of the statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.instants import format_instant
from domain.notices import STAGE_CHANGED, Notice
from projections.reported_rows import (
    differing_contacts,
    forget_reported,
    keep_reported,
    read_reported,
    table_name,
)
from projections.row_writing import NEVER

if TYPE_CHECKING:
    from projections.generations import Tables
    from projections.reporting import Change

FIRST_STAGE = "contact"
"""The stage of somebody of whom nothing is known."""


class StageReporter:
    """Reports changes of stages, by the rows of the projection ``status``."""

    kinds = frozenset({STAGE_CHANGED})

    def snapshot(self, tables: Tables, at: int) -> None:
        """See ``Reporter``."""
        tables.execute(
            f"INSERT INTO {table_name(tables)} SELECT 'status', contact, '', stage, since, NULL"
            f" FROM {tables['rows']}"
        )

    def differing(self, tables: Tables) -> set[UUID]:
        """See ``Reporter``."""
        return differing_contacts(
            tables, "status", "rows", "t.state <> r.stage OR t.instant <> r.since"
        )

    def report(self, tables: Tables, change: Change) -> list[Notice]:
        """See ``Reporter``. Each stage that was known as such is reported, one after the other."""
        contact = change.contact
        row = tables.execute(
            f"SELECT stage, since FROM {tables['rows']} WHERE contact = ?", (contact.bytes,)
        ).fetchone()
        reported = read_reported(tables, "status", contact)
        if row is None:
            forget_reported(tables, "status", contact)
            return []
        stage, since = row
        if reported == (stage, since):
            return []
        before, until = reported or (FIRST_STAGE, NEVER)
        found = []
        for name, from_at, cause in self._since(tables, change, before, until):
            if name != before:
                found.append(_stage_notice(change, before, name, from_at, cause))
                before = name
        keep_reported(tables, "status", contact, stage, since)
        return found

    @staticmethod
    def _since(
        tables: Tables, change: Change, stage: str, since: int
    ) -> list[tuple[str, int, UUID | None]]:
        """The stages after the reported one that were known while they lasted."""
        rows = tables.execute(
            f"SELECT stage, from_at, to_at, cause_event FROM {tables['intervals']}"
            " WHERE contact = ? ORDER BY place",
            (change.contact.bytes,),
        ).fetchall()
        places = [at for at, row in enumerate(rows) if (row[0], row[1]) == (stage, since)]
        later = rows[places[-1] + 1 :] if places else rows
        found = [
            (name, from_at, None if cause is None else UUID(bytes=bytes(cause)))
            for name, from_at, to_at, cause in later
            if to_at is None or to_at > change.began_at or _was_seen(change, from_at, cause)
        ]
        # Where the past was restated, only what is so now was ever known as following it.
        return found if places or stage == FIRST_STAGE else found[-1:]


def _was_seen(change: Change, from_at: int, cause: bytes | None) -> bool:
    """Whether time alone brought a stage, between the step before and the news."""
    event = None if cause is None else UUID(bytes=bytes(cause))
    return from_at > change.before_at and not change.is_news(event)


def _stage_notice(
    change: Change, before: str, stage: str, from_at: int, cause: UUID | None
) -> Notice:
    known = change.knowledge_at(from_at, {cause})
    return Notice(
        STAGE_CHANGED,
        change.contact,
        stage,
        *known,
        {
            "contact_id": str(change.contact),
            "from": before,
            "to": stage,
            "since": format_instant(from_at),
            "event": None if cause is None else str(cause),
        },
    )
