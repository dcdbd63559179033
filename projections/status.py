"""The status projection: where does every contact stand, and where did they stand when?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.relationship import fold
from projections.accounts import CLIENT_SPELLS, TRADES, collect_account, write_account
from projections.by_contact import ByContact
from projections.folding import MERGES
from projections.generations import Table
from projections.row_writing import NEVER, insertion, put
from projections.stage_reports import StageReporter

if TYPE_CHECKING:
    from collections.abc import Collection

    from domain.history import History
    from domain.recorded import RecordedEvent
    from domain.relationship import Relationship
    from projections.folding import Moment
    from projections.generations import Tables
    from projections.row_writing import NewRows

MERGES_TABLE = Table(
    MERGES,
    ("position INTEGER NOT NULL", "contact BLOB NOT NULL", "target BLOB"),
    ("position",),
    ("(contact, position)",),
)

ROWS = Table(
    "rows",
    (
        "contact BLOB NOT NULL",
        "stage TEXT NOT NULL",
        "score INTEGER NOT NULL",
        "since INTEGER NOT NULL",
        "flags TEXT NOT NULL",
        "policy_version INTEGER NOT NULL",
        "next_breakpoint INTEGER",
        "changed_at INTEGER NOT NULL",
    ),
    ("contact",),
    (
        "(next_breakpoint) WHERE next_breakpoint IS NOT NULL",
        "(score DESC, contact)",
        "(since DESC, contact)",
        "(stage, score DESC, contact)",
        "(stage, since DESC, contact)",
        "(flags, stage) WHERE flags <> ''",
        "(score DESC, contact, flags, stage) WHERE flags <> ''",
        "(since DESC, contact, flags, stage) WHERE flags <> ''",
    ),
)

STAGE_COUNTS = Table(
    "stage_counts", ("stage TEXT NOT NULL", "contacts INTEGER NOT NULL"), ("stage",)
)
"""How many contacts are in each stage; a stage without any has no row."""

INTERVALS = Table(
    "intervals",
    (
        "contact BLOB NOT NULL",
        "place INTEGER NOT NULL",
        "from_at INTEGER NOT NULL",
        "to_at INTEGER",
        "stage TEXT NOT NULL",
        "score INTEGER NOT NULL",
        "policy_version INTEGER NOT NULL",
        "cause_kind TEXT NOT NULL",
        "cause_name TEXT NOT NULL",
        "cause_event BLOB",
    ),
    ("contact", "place"),
)


class StatusProjection(ByContact):
    """A row for every survivor, one for each interval of each, and what calibration reads."""

    name = "status"
    title = "Where people stand"
    version = 6
    tables = (MERGES_TABLE, ROWS, STAGE_COUNTS, INTERVALS, CLIENT_SPELLS, TRADES)
    measures_when_due = True
    reporter = StageReporter()

    def measure(
        self,
        contact: UUID,
        history: History,
        moment: Moment,
        before: Relationship | None = None,
    ) -> Relationship:
        """The relationship at the moment, folded on from where it was where that can be."""
        relationship = fold(history, moment.policies, moment.time_zone, moment.at, before)
        breakpoint_at = relationship.next_breakpoint
        # A breakpoint that has passed would make the clock spin forever.
        assert breakpoint_at is None or breakpoint_at > moment.at, "a breakpoint in the past"
        return relationship

    def outlasts(self, measured: Relationship, news: Collection[RecordedEvent]) -> bool:
        """Never: every event may count for the status."""
        return False

    def rereads(self, measured: Relationship) -> bool:
        """Every contact's."""
        return True

    def collect(self, rows: NewRows, contact: UUID, measured: Relationship) -> None:
        """The contact's row, its intervals and its account."""
        key = contact.bytes
        rows.add(ROWS, _row(key, measured))
        rows.extend(INTERVALS, [(key, *one) for one in _intervals(measured, 0)])
        collect_account(rows, key, measured)

    def write(
        self,
        tables: Tables,
        contact: UUID,
        measured: Relationship,
        before: Relationship | None = None,
    ) -> None:
        """Keep the row, and of the intervals those that are not as they were."""
        self._count(tables, contact.bytes, measured.stage)
        put(tables, ROWS, _row(contact.bytes, measured))
        self._write_intervals(tables, contact.bytes, measured, before)
        write_account(tables, contact.bytes, measured, before)

    @staticmethod
    def _write_intervals(
        tables: Tables, contact: bytes, measured: Relationship, before: Relationship | None
    ) -> None:
        name = tables["intervals"]
        start = measured.settled_since(before) if before is not None else 0
        if before and start and before.intervals[start:] == measured.intervals[start:]:
            return
        intervals = _intervals(measured, start)
        kept = tables.execute(_KEPT.format(name), (contact, start)).fetchall()
        same = 0
        while same < min(len(kept), len(intervals)) and kept[same] == intervals[same]:
            same += 1
        if same < len(kept):
            tables.execute(
                f"DELETE FROM {name} WHERE contact = ? AND place >= ?", (contact, start + same)
            )
        if same < len(intervals):
            tables.executemany(
                insertion(name, INTERVALS), [(contact, *one) for one in intervals[same:]]
            )

    def forget(self, tables: Tables, contact: UUID) -> None:
        """The contact has no row of its own any more."""
        self._count(tables, contact.bytes, None)
        for table in ("rows", "intervals", "client_spells", "trades"):
            tables.execute(f"DELETE FROM {tables[table]} WHERE contact = ?", (contact.bytes,))

    def complete(self, tables: Tables) -> None:
        """How many contacts are in each stage."""
        tables.execute(
            f"INSERT INTO {tables['stage_counts']}"
            f" SELECT stage, count(*) FROM {tables['rows']} GROUP BY stage"
        )

    @staticmethod
    def _count(tables: Tables, contact: bytes, stage: str | None) -> None:
        """Count a contact whose row is about to say that stage, or to go where that is None."""
        kept = tables.execute(
            f"SELECT stage FROM {tables['rows']} WHERE contact = ?", (contact,)
        ).fetchone()
        was = None if kept is None else kept[0]
        if was == stage:
            return
        counts = tables["stage_counts"]
        if stage is not None:
            tables.execute(_ONE_MORE.format(counts), (stage,))
        if was is not None:
            tables.execute(_ONE_LESS.format(counts), (was,))
            tables.execute(f"DELETE FROM {counts} WHERE stage = ? AND contacts = 0", (was,))

    def dependants(self, tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
        """None: a status rests on the contact's own history."""
        return set()

    def reduce(self, tables: Tables, contact: UUID, moment: Moment) -> None:
        """Nothing: no row depends on another contact's."""

    def reducible(self, tables: Tables, after: UUID | None, limit: int) -> list[UUID]:
        """None."""
        return []

    def due(self, tables: Tables, at: int, limit: int) -> list[UUID]:
        """Contacts whose next breakpoint is at or before ``at``."""
        return due_in(tables, "rows", "contact", at, limit)

    def expire(self, tables: Tables, at: int) -> None:
        """Every contact is to be folded again."""
        tables.execute(f"UPDATE {tables['rows']} SET next_breakpoint = ?", (at,))

    def go_back(self, tables: Tables, at: int) -> None:
        """Every contact of whom anything changed after ``at`` is to be folded again."""
        go_back_in(tables, "rows", at)

    def next_breakpoint(self, tables: Tables) -> int | None:
        """The earliest of all contacts' next breakpoints."""
        return earliest_in(tables, "rows")


def _row(contact: bytes, measured: Relationship) -> tuple[object, ...]:
    """A row of ``ROWS``."""
    changed_at = measured.changed_at
    return (
        contact,
        measured.stage,
        measured.score,
        NEVER if measured.since is None else measured.since,
        " ".join(measured.flags),
        measured.policy_version,
        measured.next_breakpoint,
        NEVER if changed_at is None else changed_at,
    )


def _intervals(relationship: Relationship, start: int) -> list[tuple[object, ...]]:
    return [
        (
            place,
            interval.from_at,
            interval.to_at,
            interval.stage,
            interval.score,
            interval.policy_version,
            interval.cause.kind,
            interval.cause.name,
            interval.cause.event and interval.cause.event.bytes,
        )
        for place, interval in enumerate(relationship.intervals[start:], start)
    ]


_ONE_MORE = (
    "INSERT INTO {} AS kept VALUES (?, 1)"
    " ON CONFLICT (stage) DO UPDATE SET contacts = kept.contacts + 1"
)
_ONE_LESS = "UPDATE {} SET contacts = contacts - 1 WHERE stage = ?"

_KEPT = (
    f"SELECT {', '.join(INTERVALS.names[1:])} FROM {{}}"
    " WHERE contact = ? AND place >= ? ORDER BY place"
)


def due_in(tables: Tables, table: str, contact: str, at: int, limit: int) -> list[UUID]:
    """The contacts in a table whose ``next_breakpoint`` is at or before ``at``, earliest first."""
    rows = tables.execute(
        f"SELECT {contact} FROM {tables[table]} WHERE next_breakpoint <= ?"
        " ORDER BY next_breakpoint LIMIT ?",
        (at, limit),
    )
    return [UUID(bytes=found) for (found,) in rows.fetchall()]


def go_back_in(tables: Tables, table: str, at: int) -> None:
    """Make the rows of a table due at ``at`` that changed after it."""
    tables.execute(f"UPDATE {tables[table]} SET next_breakpoint = ? WHERE changed_at > ?", (at, at))


def earliest_in(tables: Tables, table: str) -> int | None:
    """The earliest ``next_breakpoint`` in a table."""
    row = tables.execute(
        f"SELECT next_breakpoint FROM {tables[table]} WHERE next_breakpoint IS NOT NULL"
        " ORDER BY next_breakpoint LIMIT 1"
    ).fetchone()
    return row[0] if row else None
