"""Questions to the status projection's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.calibration import Calibrator
from domain.events import STAGES
from domain.relationship import FLAGS
from projections.accounts import read_accounts
from projections.answers import CalibrationSnapshot, ContactStatus, StatusRow, Summary
from projections.row_writing import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from projections.answers import Cursor
    from projections.generations import Tables

SORTS = ("score", "since")
"""What statuses can be sorted by, greatest first."""

MOST_FEW = 200
"""Up to how many contacts with a flag are all read, for one page of them."""

_COLUMNS = "contact, stage, score, since, flags, policy_version"
_HAS_FLAG = "instr(' ' || flags || ' ', ?) > 0"

StoredRow = tuple[bytes, str, int, int, str, int]
"""The columns of a row, in their order."""


def read_status(tables: Tables, contact: UUID, position: int, as_of: int) -> ContactStatus | None:
    """The row of a contact, or of the one that stands for it; None where there is none."""
    contact = survivor_of(tables, contact)
    row = tables.execute(
        f"SELECT {_COLUMNS} FROM {tables['rows']} WHERE contact = ?", (contact.bytes,)
    ).fetchone()
    if row is None:
        return None
    found = _status_row(row)
    return ContactStatus(
        found.contact_id,
        found.stage,
        found.score,
        found.since,
        found.flags,
        found.policy_version,
        position,
        as_of,
    )


def read_rows(tables: Tables, contacts: Sequence[UUID]) -> dict[UUID, StatusRow]:
    """The rows of these contacts, as far as they have one: an alias has none."""
    if not contacts:
        return {}
    rows = tables.execute(
        f"SELECT {_COLUMNS} FROM {tables['rows']}"
        f" WHERE contact IN ({', '.join('?' * len(contacts))})",
        tuple(contact.bytes for contact in contacts),
    )
    return {row.contact_id: row for row in map(_status_row, rows)}


def survivor_of(tables: Tables, contact: UUID) -> UUID:
    """Who stands for a contact, by the merges that a generation knows of."""
    while True:
        row = tables.execute(
            f"SELECT target FROM {tables['merges']} WHERE contact = ?"
            " ORDER BY position DESC LIMIT 1",
            (contact.bytes,),
        ).fetchone()
        if row is None or row[0] is None:
            return contact
        contact = UUID(bytes=row[0])


def read_statuses(
    tables: Tables,
    *,
    stage: str | None,
    flag: str | None,
    sort: str,
    after: Cursor | None,
    limit: int,
) -> tuple[tuple[StatusRow, ...], Cursor | None]:
    """Rows sorted by score or since, greatest first, then by contact; and where the next begin."""
    if flag is not None:
        return _page_with_flag(tables, stage, flag, (sort, after, limit))
    conditions, values = ["TRUE"], list[object]()
    if stage is not None:
        conditions.append("stage = ?")
        values.append(stage)
    return _page(tables, tables["rows"], conditions, values, (sort, after, limit))


def _page_with_flag(
    tables: Tables, stage: str | None, flag: str, order: tuple[str, Cursor | None, int]
) -> tuple[tuple[StatusRow, ...], Cursor | None]:
    """The rows with a flag, of one stage or of all.

    Where they are few, they are read by their flags. Else an index has those with any flag alone,
    sorted, and says enough to choose among them; those that are chosen are read by their contacts.
    """
    sort, after, limit = order
    few = _few_with_flag(tables, flag)
    if few is not None:
        rows = [row for row in few if stage in (None, row[1])]
        rows.sort(key=lambda row: (-_value(row, sort), row[0]))
        if after is not None:
            place = -after[0], after[1].bytes
            rows = [row for row in rows if (-_value(row, sort), row[0]) > place]
        return _page_of(rows[: limit + 1], sort, limit)
    conditions, values = ["flags <> ''", _HAS_FLAG], list[object]([f" {flag} "])
    if stage is not None:
        conditions.append("stage || '' = ?")  # an expression, or the index of stages is taken
        values.append(stage)
    where, bound = _from(sort, after, conditions, values)
    rows = tables.execute(
        f"SELECT {_COLUMNS} FROM {tables['rows']} WHERE contact IN"
        f" (SELECT contact FROM {tables['rows']} WHERE {where}"
        f" ORDER BY {sort} DESC, contact LIMIT ?) LIMIT ?",
        (*bound, limit + 1, limit + 1),
    ).fetchall()
    rows.sort(key=lambda row: (-_value(row, sort), row[0]))
    return _page_of(rows, sort, limit)


def _few_with_flag(tables: Tables, flag: str) -> list[StoredRow] | None:
    """All rows with a flag, where they are few; None where they are many.

    Flags are kept together, so the combinations are looked up that there are: a step in an index
    for each.
    """
    name = tables["rows"]
    found = tables.execute(
        f"WITH RECURSIVE known(flags) AS (SELECT MIN(flags) FROM {name} WHERE flags <> ''"
        f" UNION ALL SELECT (SELECT r.flags FROM {name} AS r WHERE r.flags <> ''"
        " AND r.flags > known.flags ORDER BY r.flags LIMIT 1)"
        f" FROM known WHERE known.flags IS NOT NULL) SELECT flags FROM known WHERE {_HAS_FLAG}"
        f" LIMIT {2 ** len(FLAGS)}",
        (f" {flag} ",),
    ).fetchall()
    combined = [flags for (flags,) in found]
    if not combined:
        return []
    rows: list[StoredRow] = tables.execute(
        f"SELECT {_COLUMNS} FROM {name} WHERE flags <> ''"
        f" AND flags IN ({', '.join('?' * len(combined))}) LIMIT ?",
        (*combined, MOST_FEW + 1),
    ).fetchall()
    return rows if len(rows) <= MOST_FEW else None


def read_statuses_then(
    tables: Tables,
    at: int,
    *,
    stage: str | None,
    sort: str,
    after: Cursor | None,
    limit: int,
) -> tuple[tuple[StatusRow, ...], Cursor | None]:
    """The same for a past instant, from the intervals: scores as they began, and no flags."""
    conditions = ["from_at <= ?", "(to_at IS NULL OR to_at > ?)"]
    values: list[object] = [at, at]
    if stage is not None:
        conditions.append("stage = ?")
        values.append(stage)
    source = (
        "(SELECT contact, stage, score, from_at, to_at, from_at AS since, '' AS flags,"
        f" policy_version FROM {tables['intervals']}) AS known"
    )
    return _page(tables, source, conditions, values, (sort, after, limit))


def read_summary(tables: Tables, position: int, as_of: int) -> Summary:
    """Contacts by stage, every stage named."""
    rows = tables.execute(f"SELECT stage, contacts FROM {tables['stage_counts']}")
    return Summary({**dict.fromkeys(STAGES, 0), **dict(rows)}, position, as_of)


def read_flags(tables: Tables) -> dict[tuple[str, str], int]:
    """How many contacts have each flag, by stage and flag; what nobody has is left out."""
    counts: dict[tuple[str, str], int] = {}
    rows = tables.execute(
        f"SELECT flags, stage, count(*) FROM {tables['rows']}"
        " WHERE flags <> '' GROUP BY flags, stage"
    )
    for flags, stage, count in rows:
        for flag in flags.split():
            counts[stage, flag] = counts.get((stage, flag), 0) + count
    return counts


def read_summary_then(tables: Tables, at: int, position: int) -> Summary:
    """The same for a past instant, over the contacts that had any fact by then."""
    rows = tables.execute(
        f"SELECT stage, count(*) FROM {tables['intervals']}"
        " WHERE from_at <= ? AND (to_at IS NULL OR to_at > ?) GROUP BY stage",
        (at, at),
    )
    return Summary({**dict.fromkeys(STAGES, 0), **dict(rows)}, position, at)


def read_calibration(
    tables: Tables, position: int, as_of: int, from_at: int | None, to_at: int | None
) -> CalibrationSnapshot:
    """How right the falls of a period were at an instant up to which the tables hold."""
    calibrator = Calibrator(from_at, to_at, as_of)
    for account in read_accounts(tables, calibrator.others_from_at):
        calibrator.add(account)
    return CalibrationSnapshot(calibrator.result(), position, as_of)


def _page(
    tables: Tables,
    source: str,
    conditions: list[str],
    values: list[object],
    order: tuple[str, Cursor | None, int],
) -> tuple[tuple[StatusRow, ...], Cursor | None]:
    sort, after, limit = order
    where, bound = _from(sort, after, conditions, values)
    rows = tables.execute(
        f"SELECT {_COLUMNS} FROM {source} WHERE {where} ORDER BY {sort} DESC, contact LIMIT ?",
        (*bound, limit + 1),
    ).fetchall()
    return _page_of(rows, sort, limit)


def _from(
    sort: str, after: Cursor | None, conditions: Sequence[str], values: Sequence[object]
) -> tuple[str, list[object]]:
    """What is true of the rows of a page, with the values of it."""
    assert sort in SORTS, "the caller checks what it lets in"
    if after is None:
        return " AND ".join(conditions), [*values]
    beyond = f"{sort} <= ? AND ({sort} < ? OR contact > ?)"
    bound = [*values, after[0], after[0], after[1].bytes]
    return " AND ".join((*conditions, beyond)), bound


def _page_of(
    rows: Sequence[StoredRow], sort: str, limit: int
) -> tuple[tuple[StatusRow, ...], Cursor | None]:
    """The rows of a page, and where the next begins; one more was read than it has."""
    shown = rows[:limit]
    following = (_value(shown[-1], sort), UUID(bytes=shown[-1][0])) if len(rows) > limit else None
    return tuple(_status_row(row) for row in shown), following


def _value(row: StoredRow, sort: str) -> int:
    """What a row is sorted by."""
    return row[2] if sort == "score" else row[3]


def _status_row(row: StoredRow) -> StatusRow:
    contact, stage, score, since, flags, policy_version = row
    return StatusRow(
        UUID(bytes=contact),
        stage,
        score,
        None if since == NEVER else since,
        tuple(flags.split()),
        policy_version,
    )
