"""How rows of a projection's table are written: as new rows, or over those of the same key."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projections.generations import Table, Tables


def put(tables: Tables, table: Table, row: tuple[object, ...]) -> None:
    """Write a row of a table, whether or not there was one of its key."""
    name = tables[table.name]
    tables.execute(insertion(name, table) if tables.fresh else upsert(name, table), row)


@lru_cache(maxsize=32)
def insertion(name: str, table: Table) -> str:
    """SQL that writes a row whose key is new."""
    return f"INSERT INTO {name} VALUES ({', '.join('?' * len(table.names))})"


@lru_cache(maxsize=32)
def upsert(name: str, table: Table) -> str:
    """SQL that writes a row, and touches no index where the row is there already."""
    rest = [column for column in table.names if column not in table.key]
    places = ", ".join("?" * len(table.names))
    assignments = ", ".join(f"{column} = excluded.{column}" for column in rest)
    differs = " OR ".join(f"{column} IS NOT excluded.{column}" for column in rest)
    return (
        f"INSERT INTO {name} VALUES ({places})"
        f" ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {assignments} WHERE {differs}"
    )
