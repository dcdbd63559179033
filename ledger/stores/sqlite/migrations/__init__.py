"""From each layout of our SQLite files to the next: numbered SQL files, by the kind of file.

Layout 1 is made by the modules of the files. What makes a later one of a file that is there is
``<kind>/<layout>_<what>.sql`` here, such as ``events/0002_reasons.sql``; what makes new files is
changed with it. All files have one number: where nothing changes for a kind, only the number does.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from domain.errors import Corrupt
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@cache
def steps_of(kind: str) -> Mapping[int, str]:
    """The statements that lead to each layout after the first, by its number."""
    folder = files("ledger.stores.sqlite.migrations").joinpath(kind)
    if not folder.is_dir():
        return {}
    named = {one.name: one for one in folder.iterdir() if one.name.endswith(".sql")}
    return {int(name[:4]): one.read_bytes().decode() for name, one in named.items()}


def layout_of(path: Path, application_id: int) -> int:
    """The number of the layout of a file of ours.

    Raises:
        Corrupt: it is another program's, or damaged.
        Unavailable: it cannot be read now.
    """
    with ledger_errors(path), closing(_open(path, "ro")) as connection:
        return _layout(connection, path, application_id)


def upgrade_file(path: Path, application_id: int, steps: Mapping[int, str], layout: int) -> None:
    """Bring a file to a layout, with everything in it: all in one transaction, or nothing.

    Raises:
        Corrupt: it is another program's, or damaged; it is as it was.
        Unavailable: it could not be written; it is as it was.
    """
    with ledger_errors(path), closing(_open(path, "rw")) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = _layout(connection, path, application_id)
            for number in range(found + 1, layout + 1):
                for statement in _statements(steps.get(number, "")):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={max(found, layout)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None)


def _layout(connection: sqlite3.Connection, path: Path, application_id: int) -> int:
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found != application_id:
        raise Corrupt(f"{path} is another program's database: move it away")
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    return int(layout)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, each whole: a trigger has semicolons of its own."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    assert not statement.strip(), "a script ends with a statement's semicolon"
