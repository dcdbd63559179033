"""Events that are only tried: in a file of their own that is gone at the end, beside the ledger's.

Nothing of it need survive, so nothing is flushed.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ledger.stores.events import Row
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_TOGETHER = 400
_TABLES = (
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
    "CREATE TABLE rows (position INTEGER PRIMARY KEY, id BLOB NOT NULL, stream BLOB NOT NULL, "
    "version INTEGER NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL)",
    "CREATE INDEX ids ON rows (id)",
    "CREATE INDEX streams ON rows (stream, version)",
)
_SELECT = "SELECT position, stream, version, topic, state FROM rows"


class SqliteScratch:
    """See ``ledger.stores.scratch.Scratch``. For one thread."""

    def __init__(self, path: Path) -> None:
        """Make the file.

        Raises:
            Unavailable: it cannot be made.
        """
        self._path = path
        with ledger_errors(path):
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            for statement in _TABLES:
                self._connection.execute(statement)

    def add(self, rows: Sequence[tuple[UUID, Row]]) -> None:
        """Put events there, each with its id."""
        with ledger_errors(self._path):
            self._connection.execute("BEGIN")
            self._connection.executemany(
                "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (row.position, event_id.bytes, _bytes(row), row.version, row.topic, row.state)
                    for event_id, row in rows
                ),
            )
            self._connection.execute("COMMIT")

    def rows_by_id(self, event_ids: Sequence[UUID]) -> dict[UUID, Row]:
        """The events with these ids, by id."""
        select = _SELECT.replace("SELECT ", "SELECT id, ")
        found = self._select(f"{select} WHERE id", [one.bytes for one in event_ids])
        return {UUID(bytes=event_id): _row(*row) for event_id, *row in found}

    def rows_of_streams(self, streams: Sequence[UUID]) -> list[Row]:
        """The events of these streams, those of each by version."""
        found = self._select(f"{_SELECT} WHERE stream", [one.bytes for one in streams])
        return sorted((_row(*row) for row in found), key=lambda row: (str(row.stream), row.version))

    def close(self) -> None:
        """Remove the file."""
        self._connection.close()
        self._path.unlink(missing_ok=True)

    def _select(self, select: str, values: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
        with ledger_errors(self._path):
            for start in range(0, len(values), _TOGETHER):
                some = values[start : start + _TOGETHER]
                marks = ",".join("?" * len(some))
                yield from self._connection.execute(f"{select} IN ({marks})", some).fetchall()


def _bytes(row: Row) -> bytes:
    assert isinstance(row.stream, UUID), "ledgers have no other streams"
    return row.stream.bytes


def _row(position: int, stream: bytes, version: int, topic: str, state: bytes) -> Row:
    return Row(position, UUID(bytes=stream), version, topic, state)
