"""Every statement that reaches SQLite, with its file and its thread."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pytest


class Statement(NamedTuple):
    """A statement as it ran, its values filled in."""

    path: Path
    thread: str
    sql: str

    def plan(self) -> list[str]:
        """How SQLite goes about it, step by step."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {self.sql}")]


class Trace:
    """What ran since the last ``take``. Connections that are made after ``install`` are traced."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Trace every connection to a file from now on."""
        connect = sqlite3.connect

        def connect_traced(database: Any, *arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(database, *arguments, **options)
            path = Path(str(database).removeprefix("file://").partition("?")[0])
            if path.is_file():

                def note(sql: str) -> None:
                    self._statements.append(Statement(path, threading.current_thread().name, sql))

                connection.set_trace_callback(note)
            return connection

        patch.setattr(sqlite3, "connect", connect_traced)

    def take(self) -> list[Statement]:
        """What ran since this was called last, which is forgotten then."""
        taken, self._statements = self._statements, []
        return taken
