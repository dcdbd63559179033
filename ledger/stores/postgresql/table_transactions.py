"""The statements of projections, which are written for several databases, as PostgreSQL runs them.

Source of the methods: ``projections.tables``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.stores.postgresql.connections import Connection
    from ledger.stores.postgresql.places import Place

PREFIX = "projection_"
"""Begins the names of these tables, which are in one schema with those of the ledger."""

_TYPES = {"BLOB": "bytea", "INTEGER": "bigint", "TEXT": 'text COLLATE "C"'}
_TYPE = re.compile(r"\b(BLOB|INTEGER|TEXT)\b")

_TABLES = (
    "SELECT relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
    " ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'"
    " AND starts_with(relname, %s) ORDER BY relname"
)


class PostgresqlTransaction:
    """A connection inside a transaction."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self.connection = connection
        self._place = place

    def name(self, table: str) -> str:
        """The name that a table has in SQL."""
        return self._place.table(PREFIX + table)

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Any:
        """Run one statement; answers its rows."""
        cursor = self.connection.cursor(binary=True)
        return cursor.execute(cast("Any", translate(statement)), values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Run a statement once for each row of values."""
        with self.connection.cursor() as cursor:
            cursor.executemany(cast("Any", translate(statement)), rows)

    def create_table(
        self, name: str, columns: Sequence[str], key: Sequence[str], indexes: Sequence[str]
    ) -> None:
        """Make an empty table: columns as SQL declares them, the key's names, and the indexes."""
        declared = [_TYPE.sub(lambda found: _TYPES[found[1]], column) for column in columns]
        declared.append(f"PRIMARY KEY ({', '.join(key)})")
        self._run(
            f"CREATE TABLE {self.name(name)} ({', '.join(declared)})"
            " WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)"
        )
        self.create_indexes(name, indexes)

    def create_indexes(self, name: str, indexes: Sequence[str]) -> None:
        """Make the indexes of a table that was made without any."""
        for place, index in enumerate(indexes):
            self._run(f"CREATE INDEX {PREFIX}{name}_by_{place} ON {self.name(name)} {index}")

    def drop_table(self, name: str) -> None:
        """Drop a table, where it exists."""
        self._run(f"DROP TABLE IF EXISTS {self.name(name)}")

    def table_names(self) -> list[str]:
        """The names of all tables."""
        rows = self.connection.execute(_TABLES.encode(), (self._place.schema, PREFIX)).fetchall()
        return [name.removeprefix(PREFIX) for (name,) in rows]

    def _run(self, statement: str) -> None:
        self.connection.execute(statement.encode())


@lru_cache(maxsize=512)
def translate(statement: str) -> str:
    """The statement with our places for values, and the words that PostgreSQL has.

    >>> translate("SELECT a FROM t WHERE instr(b, ?) > 0 AND c LIKE '%'")
    "SELECT a FROM t WHERE strpos(b, %s) > 0 AND c LIKE '%%'"
    """
    return (
        statement.replace("%", "%%")
        .replace("?", "%s")
        .replace("instr(", "strpos(")
        .replace(" IS NOT excluded.", " IS DISTINCT FROM excluded.")
    )
