"""``trail.sqlite``: the entries of one audit trail, which the file itself refuses to change."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ledger.stores.access import Act, TrailStore, act_of, canonical
from ledger.stores.sqlite.connections import connect, writing
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION_ID = 0x52505054
"""Marks ``trail.sqlite`` as ours: "RPPT"."""

LOCK_SECONDS = 2.0
"""How long another process may hold the file; what is to be recorded waits meanwhile."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS acts ("
    "number INTEGER PRIMARY KEY, at INTEGER NOT NULL, principal TEXT NOT NULL, "
    "act TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, "
    "previous TEXT NOT NULL, hash TEXT NOT NULL, outcome TEXT, ordered_by INTEGER)",
    "CREATE TRIGGER IF NOT EXISTS acts_stay BEFORE UPDATE ON acts"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END",
    "CREATE TRIGGER IF NOT EXISTS acts_remain BEFORE DELETE ON acts"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END",
)
_GROWN = (
    "ALTER TABLE acts ADD COLUMN outcome TEXT",
    "ALTER TABLE acts ADD COLUMN ordered_by INTEGER",
)
"""What files lack that were made before outcomes were recorded; they stand last, as in new ones."""

_COLUMNS = 10

_TELLS_OF = (
    "SELECT 1 FROM acts AS ordered WHERE act = ? AND ordered_by IS NULL AND number > "
    "(SELECT coalesce(max(number), 0) FROM acts WHERE act = ?) AND NOT EXISTS "
    "(SELECT 1 FROM acts AS ended WHERE ended.ordered_by = ordered.number"
    " AND ended.outcome IN ('refused', 'failed')) LIMIT 1"
)


class SqliteTrail(TrailStore):
    """The store of a file; see ``ledger.stores.access.TrailStore``."""

    def __init__(self, path: Path, lock_seconds: float = LOCK_SECONDS) -> None:
        """Open the file, or make it. Another process may hold it for ``lock_seconds``.

        Raises:
            Corrupt: it is damaged, or another program's.
            Unavailable: it cannot be opened or written.
        """
        self._path = path
        self.name = f"{path.parent.name}/{path.name}"
        self._connection = connect(path, APPLICATION_ID, lock_seconds)
        try:
            with ledger_errors(path):
                for statement in _SCHEMA:
                    self._connection.execute(statement)
                self._grow()
                path.chmod(0o600)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def adding(self, told: str) -> Iterator[None]:
        with ledger_errors(self._path, told), writing(self._connection):
            yield

    def newest(self) -> tuple[int, str, int] | None:
        with ledger_errors(self._path):
            row: tuple[int, str, int] | None = self._connection.execute(
                "SELECT number, hash, at FROM acts ORDER BY number DESC LIMIT 1"
            ).fetchone()
        return row

    def hash_of(self, number: int) -> str | None:
        with ledger_errors(self._path):
            row = self._connection.execute(
                "SELECT hash FROM acts WHERE number = ?", (number,)
            ).fetchone()
        return None if row is None else row[0]

    def insert(self, entry: Act) -> None:
        self._connection.execute(
            "INSERT INTO acts VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                entry.number, entry.at, entry.principal, entry.act, entry.subject,
                canonical(entry.detail), entry.previous, entry.hash,
                None if entry.of is None else entry.outcome, entry.of,
            ),
        )  # fmt: skip  # one value a line would bury the columns

    def entries(self, after: int, limit: int) -> list[Act]:
        with ledger_errors(self._path):
            rows = self._connection.execute(
                "SELECT * FROM acts WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
            ).fetchall()
        return [act_of(row, self.name) for row in rows]

    def tells_of(self, act: str, since: str | None) -> bool:
        with ledger_errors(self._path):
            row = self._connection.execute(_TELLS_OF, (act, since)).fetchone()
        return row is not None

    def close(self) -> None:
        self._connection.close()

    def _grow(self) -> None:
        """Give a file that was made before outcomes were recorded a place for them."""
        if self._columns() == _COLUMNS:
            return
        with writing(self._connection):
            if self._columns() != _COLUMNS:  # another process may have been first
                for statement in _GROWN:
                    self._connection.execute(statement)

    def _columns(self) -> int:
        return len(self._connection.execute("PRAGMA table_info(acts)").fetchall())
