"""What was reported last of each row: the statements on the table beside the projections."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from projections.outbox_tables import REPORTED

if TYPE_CHECKING:
    from projections.generations import Tables

_WHOLE = ""
"""The item of a row that is about the contact as a whole."""


def table_name(tables: Tables) -> str:
    """The name of the table in statements."""
    return tables.transaction.name(REPORTED.name)


def upsert_reported(tables: Tables) -> str:
    """The statement that keeps a row, also over an earlier one."""
    return (
        f"INSERT INTO {table_name(tables)} VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (projection, contact, item) DO UPDATE SET state = excluded.state,"
        " instant = excluded.instant, next_at = excluded.next_at"
    )


def read_reported(tables: Tables, projection: str, contact: UUID) -> tuple[str, int] | None:
    """The state that was reported of a contact as a whole, and its instant."""
    row = tables.execute(
        f"SELECT state, instant FROM {table_name(tables)}"
        " WHERE projection = ? AND contact = ? AND item = ?",
        (projection, contact.bytes, _WHOLE),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def keep_reported(tables: Tables, projection: str, contact: UUID, state: str, instant: int) -> None:
    """Count this as reported of a contact as a whole."""
    values = (projection, contact.bytes, _WHOLE, state, instant, None)
    tables.execute(upsert_reported(tables), values)


def forget_reported(tables: Tables, projection: str, contact: UUID) -> None:
    """Forget what was reported of a contact that has no rows any more."""
    tables.execute(
        f"DELETE FROM {table_name(tables)} WHERE projection = ? AND contact = ?",
        (projection, contact.bytes),
    )


def differing_contacts(tables: Tables, projection: str, table: str, differs: str) -> set[UUID]:
    """The contacts whose row ``r`` differs from what was reported, ``t``, or has no counterpart."""
    name, rows = table_name(tables), tables[table]
    found = tables.execute(
        f"SELECT r.contact FROM {rows} AS r LEFT JOIN {name} AS t"
        f" ON t.projection = ? AND t.contact = r.contact WHERE t.contact IS NULL OR {differs}"
        f" UNION SELECT t.contact FROM {name} AS t LEFT JOIN {rows} AS r ON r.contact = t.contact"
        " WHERE t.projection = ? AND r.contact IS NULL",
        (projection, projection),
    ).fetchall()
    return {UUID(bytes=bytes(contact)) for (contact,) in found}
