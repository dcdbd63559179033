"""Filling ``events.sqlite`` with events that were recorded elsewhere, before anybody opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ledger.stores.sqlite.connections import APPLICATION_ID, connect
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.events import LedgerFactory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.stores.reading import EventColumns


class SqliteRestoredEvents:
    """``events.sqlite`` being filled, without its indexes until all is there."""

    def __init__(self, path: Path) -> None:
        """Make the tables; ``position`` is how far it is filled."""
        self._path = path
        factory = LedgerFactory({LedgerFactory.SQLITE_DBNAME: str(path)})
        try:
            factory.application_recorder()  # which makes the tables
        finally:
            factory.close()
        self.position = 0

    def __enter__(self) -> Self:
        self._connection = connect(self._path, APPLICATION_ID)
        run = self._connection.execute
        # Whatever a crash leaves of this is swept: the folder does not have its name yet.
        run("PRAGMA synchronous=OFF")
        run("PRAGMA journal_mode=OFF")
        self._indexes = run(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in self._indexes:
            run(f"DROP INDEX {name}")
        run("BEGIN")
        return self

    def add(self, rows: Sequence[EventColumns]) -> None:
        """Keep these events, which continue from those before.

        Raises:
            Unavailable: they could not be written.
        """
        with ledger_errors(self._path):
            self._connection.executemany("INSERT INTO stored_events VALUES (?,?,?,?,?,?)", rows)
        self.position = rows[-1][0]

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                with ledger_errors(self._path):
                    for _, statement in self._indexes:
                        self._connection.execute(statement)
                    self._connection.execute("COMMIT")
                    self._connection.execute("PRAGMA journal_mode=WAL")
        finally:
            self._connection.close()
