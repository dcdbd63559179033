"""What is known of each audit trail's newest entry, kept apart from the trails.

A chain shows that an entry was changed, and not that all of it is gone: who deletes the file begins
a new one. So the newest entry of every trail is noted beside the access keys, and a trail that does
not hold it any more was deleted, cut off or exchanged.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ledger.stores.access import TrailHeads
from ledger.stores.sqlite.access_keys import APPLICATION_ID, LOCK_SECONDS
from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.file_names import ACCESS_FILE

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS trail_heads ("
    "trail TEXT PRIMARY KEY, number INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID"
)
_ADVANCE = (
    "INSERT INTO trail_heads VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
    "SET number = excluded.number, hash = excluded.hash WHERE excluded.number > number"
)


class SqliteTrailHeads(TrailHeads):
    """The store of the file of access keys; see ``ledger.stores.access.TrailHeads``."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the data folder, in which nothing is made before something is noted."""
        self._path = folder / ACCESS_FILE

    def heads(self) -> dict[str, tuple[int, str]]:
        """Of each trail that is known, the number and the hash of its newest entry."""
        if not self._path.exists():
            return {}
        rows = self._query("SELECT trail, number, hash FROM trail_heads")
        return {trail: (number, found) for trail, number, found in rows}

    def advance(self, trail: str, number: int, newest: str) -> None:
        """Note an entry, unless a later one is known."""
        new = not self._path.exists()
        self._query(_ADVANCE, trail, number, newest)
        if new:
            self._path.chmod(0o600)

    def forget(self, trail: str) -> None:
        """What is known of a ledger's trail goes with the ledger."""
        if self._path.exists():
            self._query("DELETE FROM trail_heads WHERE trail = ?", trail)

    def _query(self, statement: str, *values: object) -> list[Any]:
        with (
            ledger_errors(self._path),
            closing(connect(self._path, APPLICATION_ID, LOCK_SECONDS)) as connection,
        ):
            connection.execute(_SCHEMA)
            return connection.execute(statement, values).fetchall()
