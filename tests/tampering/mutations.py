"""Every way in which a table can be changed, enumerated from the database itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Mutation:
    """One change of a database. ``position`` is that of the event it touches, where it does."""

    file: str
    table: str
    column: str | None
    what: str
    statements: tuple[tuple[str, tuple[Any, ...]], ...]
    position: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.table}" + (f".{self.column}" if self.column else "")
        return f"{place}: {self.what}"

    def apply(self, path: Path) -> None:
        """Change the database at this path; checks of the table itself are not minded.

        Raises:
            sqlite3.IntegrityError: an index does not let it pass.
        """
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA ignore_check_constraints=ON")
            connection.execute("PRAGMA writable_schema=ON")
            for statement, values in self.statements:
                connection.execute(statement, values)
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=WAL")


def table_mutations(path: Path) -> Iterator[Mutation]:
    """Every table of the file: values changed, rows dropped, doubled and swapped, indexes gone."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        ).fetchall()
        for (table,) in tables:
            yield from _of_table(connection, path.name, table)
        indexes = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
    for (index,) in indexes:
        yield Mutation(path.name, index, None, "index dropped", ((f"DROP INDEX {index}", ()),))


def _of_table(connection: sqlite3.Connection, file: str, table: str) -> Iterator[Mutation]:
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    names = [name for _, name, *_ in columns]
    keys = [name for _, name, _, _, _, key in columns if key]
    order = ", ".join(keys)
    rows = connection.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
    yield Mutation(file, table, None, "table dropped", ((f"DROP TABLE {table}", ()),))
    if rows:
        yield Mutation(file, table, None, "table emptied", ((f"DELETE FROM {table}", ()),))
    chosen = sorted({0, len(rows) // 3, len(rows) - 1} & set(range(len(rows))))
    where = " AND ".join(f"{key} IS ?" for key in keys)

    def key_of(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(row[names.index(key)] for key in keys)

    def position_of(row: tuple[Any, ...]) -> int | None:
        return row[0] if table == "stored_events" else None

    for place in chosen:
        row = rows[place]
        statement = f"DELETE FROM {table} WHERE {where}"
        change = ((statement, key_of(row)),)
        yield Mutation(file, table, None, f"row {place} dropped", change, position_of(row))
        yield _inserted(file, table, names, row, place)
        for at, name in enumerate(names):
            update = f"UPDATE {table} SET {name} = ? WHERE {where}"
            for what, value in _others(row[at]):
                change = ((update, (value, *key_of(row))),)
                told = f"row {place} {what}"
                yield Mutation(file, table, name, told, change, position_of(row))
    if len(rows) > 1:
        one, two = rows[len(rows) // 2 - 1], rows[len(rows) // 2]
        for at, name in enumerate(names):
            if name not in keys and one[at] != two[at]:
                update = f"UPDATE {table} SET {name} = ? WHERE {where}"
                # By way of something else, so that a unique index lets it pass.
                away = (update, (None if name == "event_id" else b"away", *key_of(one)))
                there = (update, (one[at], *key_of(two)))
                back = (update, (two[at], *key_of(one)))
                changes = (away, there, back)
                yield Mutation(file, table, name, "swapped", changes, position_of(one))


def _inserted(
    file: str, table: str, names: list[str], row: tuple[Any, ...], place: int
) -> Mutation:
    """The row once more under other keys."""
    marks = ", ".join("?" * len(names))
    values = tuple(
        value + 1_000_003
        if isinstance(value, int) and not at
        else bytes(byte ^ 0x55 for byte in value)
        if isinstance(value, bytes) and name in {"event_id", "contact", "public", "originator_id"}
        else value + "x"
        if isinstance(value, str) and not at
        else value
        for at, (name, value) in enumerate(zip(names, row, strict=True))
    )
    change = ((f"INSERT INTO {table} VALUES ({marks})", values),)
    return Mutation(file, table, None, f"row {place} inserted again", change)


def _others(value: object) -> Iterator[tuple[str, object]]:
    """Other values: near ones, broken ones, and none."""
    if value is not None:
        yield "nothing", None
    if isinstance(value, bytes):
        for at in sorted({0, len(value) // 2, len(value) - 1} & set(range(len(value)))):
            flipped = bytes((*value[:at], value[at] ^ 1, *value[at + 1 :]))
            yield f"bit flipped in byte {at}", flipped
        yield "one byte short", value[:-1]
        yield "one byte more", value + b"\x00"
        yield "empty", b""
        yield "text", "text"
    elif isinstance(value, int):
        yield "one more", value + 1
        yield "one less", value - 1
        yield "a text", "7x"
        yield "large", value + 2**40
    elif isinstance(value, str):
        if value:
            yield "another last letter", value[:-1] + chr(ord(value[-1]) ^ 1)
            yield "one letter short", value[:-1]
        yield "one letter more", value + "x"
        yield "bytes", value.encode()
    else:
        yield "a number", 7
        yield "bytes", b"\x07" * 16
