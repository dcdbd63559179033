"""What a data folder says, apart from how its files are laid out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PRAGMAS = ("application_id", "user_version", "encoding", "integrity_check")


def contents(folder: Path) -> dict[str, object]:
    """By file: all rows of all tables with their types, or the bytes of what is no database."""
    return {
        str(path.relative_to(folder)): _database(path)
        if path.suffix == ".sqlite"
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in {".sqlite", ".json", ".key"}
    }


def _database(path: Path) -> object:
    """None for one that cannot be read to its end."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
            connection.text_factory = lambda text: text.decode(errors="surrogateescape")
            schema = connection.execute("SELECT * FROM sqlite_schema ORDER BY name").fetchall()
            tables = [row[1] for row in schema if row[0] == "table"]
            rows = {
                table: sorted(map(repr, connection.execute(f"SELECT * FROM {table} NOT INDEXED")))
                for table in tables
            }
            pragmas = [connection.execute(f"PRAGMA {name}").fetchall() for name in _PRAGMAS]
            return [[row[:3] + row[4:] for row in schema], rows, pragmas]
    except sqlite3.Error:
        return None
