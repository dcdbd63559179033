"""How rows of a projection's tables are written: many new ones, or one over that of its key."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from projections.generations import Table, Tables

Row = tuple[object, ...]

NEVER = -(2**63)
"""Stands for no instant in ``since`` and ``changed_at``: it sorts after every instant."""


class NewRows:
    """Rows of tables that have none of their keys yet, collected to be written together.

    Of 100,000 rows one statement for each costs three times as much as one for 2,000.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self._rows: dict[str, tuple[Table, list[Row]]] = {one.name: (one, []) for one in tables}

    def add(self, table: Table, row: Row) -> None:
        """One row more."""
        self._rows[table.name][1].append(row)

    def extend(self, table: Table, rows: Iterable[Row]) -> None:
        """Some rows more."""
        self._rows[table.name][1].extend(rows)

    def take(self) -> list[Sequence[Row]]:
        """What was collected since the last time, table by table."""
        taken: list[Sequence[Row]] = []
        for name, (table, rows) in self._rows.items():
            taken.append(rows)
            self._rows[name] = table, []
        return taken

    def write(self, tables: Tables, taken: Iterable[Sequence[Row]]) -> None:
        """Write what was taken, here or from the rows of the same tables in another process."""
        for (table, _), rows in zip(self._rows.values(), taken, strict=True):
            if rows:
                tables.executemany(insertion(tables[table.name], table), rows)


def put(tables: Tables, table: Table, row: Row) -> None:
    """Write a row of a table, whether or not there was one of its key."""
    tables.execute(upsert(tables[table.name], table), row)


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
    differs = " OR ".join(f"kept.{column} IS NOT excluded.{column}" for column in rest)
    return (
        f"INSERT INTO {name} AS kept VALUES ({places})"
        f" ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {assignments} WHERE {differs}"
    )
