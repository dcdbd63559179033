"""Whether a database is whole, and is the one that this program makes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from ledger.stores.sqlite.connections import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_SAID = 5


def faults_of(
    connection: sqlite3.Connection, application_id: int, statements: Iterable[str]
) -> Iterator[tuple[int | None, str]]:
    """What is wrong with the file: positions, where a row is named, and details.

    Its header, its tables and indexes as ``statements`` make them and no others, and SQLite's own
    check of every page, of every index against its table and of what must be unique.
    """
    try:
        for pragma, wanted in (("application_id", application_id), ("user_version", LAYOUT)):
            (found,) = connection.execute(f"PRAGMA {pragma}").fetchone()
            if found != wanted:
                yield None, f"the header's {pragma} is {found}, not {wanted}"
        yield from _tables(connection, statements)
        yield from _pages(connection)
    except sqlite3.Error as error:
        yield None, f"it cannot be read: {error}"


def _tables(
    connection: sqlite3.Connection, statements: Iterable[str]
) -> Iterator[tuple[int | None, str]]:
    with sqlite3.connect(":memory:") as model:
        for statement in statements:
            model.execute(statement)
        wanted = _schema(model)
    model.close()
    found = _schema(connection)
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield None, f"{name} is missing"
        elif name not in wanted:
            yield None, f"{name} does not belong here"
        elif wanted[name] != found[name]:
            yield None, f"{name} is defined otherwise than this program defines it"


def _schema(connection: sqlite3.Connection) -> dict[str, tuple[object, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return {f"the {kind} {name}": (table, sql) for kind, name, table, sql in rows}


def _pages(connection: sqlite3.Connection) -> Iterator[tuple[int | None, str]]:
    for (said,) in connection.execute(f"PRAGMA integrity_check({_MOST_SAID})"):
        if said == "ok":
            continue
        words = said.split()
        row = words[1] if words[0] == "row" and words[1].isdigit() else None
        yield (int(row) if row else None), f"integrity_check: {said}"
