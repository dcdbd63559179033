"""The tiles of a log, read from its file alone."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from ledger.stores.sqlite.errors import damage
from ledger.transparency.merkle import HASH_BYTES, MOST_LEAVES
from ledger.transparency.tiles import MOST_LEVEL, TILE_HEIGHT, TILE_WIDTH

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.verification.faults import Report


class TilesAtRest:
    """The tiles in a connection to ``log.sqlite``."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def tile(self, level: int, n: int) -> bytes | None:
        """All hashes of that tile, or None where there is none that can be read."""
        try:
            row = self._connection.execute(
                "SELECT hashes FROM tiles WHERE level = ? AND n = ?", (level, n)
            ).fetchone()
        except sqlite3.Error as error:
            damage(error, self._path)
            return None
        if row is None:
            return None
        return row[0] if isinstance(row[0], bytes) else b""

    def check_extent(self, report: Report) -> None:
        """Report the tiles that reach beyond the newest checkpoint, which signs for all of them."""
        try:
            self._connection.execute("BEGIN")  # so that both are of one instant
            (size,) = self._connection.execute("SELECT max(size) FROM checkpoints").fetchone()
            rows = self._connection.execute("SELECT level, n, length(hashes) FROM tiles")
            for level, n, length in rows:
                if not (_is_number(level, MOST_LEVEL) and _is_number(n, MOST_LEAVES)):
                    report.add("tiles", None, "a tile has no place")
                    continue
                count = ((size or 0) >> TILE_HEIGHT * level) - n * TILE_WIDTH
                if length > max(min(count, TILE_WIDTH), 0) * HASH_BYTES:
                    first = max((size or 0) + 1, ((n * TILE_WIDTH) << TILE_HEIGHT * level) + 1)
                    detail = f"tile {level}/{n} reaches beyond the newest checkpoint"
                    report.add("tiles", first, detail)
        except (sqlite3.Error, TypeError) as error:
            told = error if isinstance(error, sqlite3.Error) else sqlite3.Error("no numbers")
            report.add("tiles", None, damage(told, self._path))
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _is_number(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
