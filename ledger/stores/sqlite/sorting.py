"""Whether streams have no gaps and ids are unique, in bounded memory: SQLite sorts, on disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from ledger.stores.sorting import Sorting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Self

    from ledger.stores.reading import EventColumns


class SqliteEventPlaces:
    """Remembers where events stand, in a temporary file that nobody else sees."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "PRAGMA cache_size=-16000",
            "CREATE TABLE events (position INTEGER PRIMARY KEY, stream BLOB, version INTEGER, "
            "id BLOB)",
            "BEGIN",
        ):
            self._connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def put(self, rows: Sequence[EventColumns]) -> None:
        """Remember these."""
        self._connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?)",
            [(position, stream, version, key) for position, stream, version, _, _, key in rows],
        )

    def fault(self) -> tuple[int, str] | None:
        """The first position that cannot stand, and why, once all are there."""
        found = [
            fault for fault in (self._out_of_turn(), self._first_duplicate()) if fault is not None
        ]
        return min(found, default=None)

    def _out_of_turn(self) -> tuple[int, str] | None:
        (position,) = self._connection.execute(
            "SELECT min(position) FROM (SELECT position, version, row_number() OVER "
            "(PARTITION BY stream ORDER BY position) AS turn FROM events) WHERE version <> turn"
        ).fetchone()
        return None if position is None else (position, "its version is out of turn in its stream")

    def _first_duplicate(self) -> tuple[int, str] | None:
        (position,) = self._connection.execute(
            "SELECT min(position) FROM (SELECT position, row_number() OVER "
            "(PARTITION BY id ORDER BY position) AS turn FROM events) WHERE turn > 1"
        ).fetchone()
        return None if position is None else (position, "another event has its id")


class SqliteStreamOrder:
    """Puts events in the order of their streams, in a temporary file that nobody else sees."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("")  # on disk, and gone with the connection
        self._connection.execute("CREATE TABLE seen (stream, version, position)")

    def put(self, stream: bytes, version: int, position: int) -> None:
        """Remember where an event stands."""
        self._connection.execute("INSERT INTO seen VALUES (?, ?, ?)", (stream, version, position))

    def in_order(self) -> Iterator[tuple[bytes, int, int]]:
        """What was put, by stream, version and position."""
        yield from self._connection.execute("SELECT * FROM seen ORDER BY stream, version, position")

    def close(self) -> None:
        """Forget it all."""
        self._connection.close()


class SqliteSorting(Sorting):
    """Sorts on the disk of this machine; see ``ledger.stores.sorting.Sorting``."""

    def event_places(self) -> SqliteEventPlaces:
        return SqliteEventPlaces()

    def stream_order(self) -> AbstractContextManager[SqliteStreamOrder]:
        return closing(SqliteStreamOrder())
