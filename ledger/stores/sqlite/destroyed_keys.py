"""The list of contacts whose keys were destroyed, in ``keys.sqlite`` beside the keys.

It is only added to, in the transaction that destroys a key. So a key that comes back by itself,
from a copy of some rows say, is known as one that must not be there, also where the events are of
a backup from before the erasure. A whole ``keys.sqlite`` from before it has an old list too: there
the events decide. See ``ledger.erasure``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS destroyed (contact BLOB PRIMARY KEY, at INTEGER NOT NULL)"
    " WITHOUT ROWID"
)

_LIST = "INSERT INTO destroyed VALUES (?, ?) ON CONFLICT DO NOTHING"
_DESTROY = "DELETE FROM data_keys WHERE contact = ?"
_ADOPT = (
    "INSERT INTO data_keys SELECT ?1, ?2"
    " WHERE NOT EXISTS (SELECT 1 FROM destroyed WHERE contact = ?1)"
)


def read_list(connection: sqlite3.Connection) -> list[UUID]:
    """Every contact on the list."""
    rows = connection.execute("SELECT contact FROM destroyed").fetchall()
    return [UUID(bytes=contact) for (contact,) in rows]


def destroy(connection: sqlite3.Connection, contacts: Iterable[bytes], at: int) -> int:
    """Delete the keys of these contacts, and list them; how many had one.

    It is called in a transaction. Who is listed already stays so since the first time.
    """
    contacts = list(contacts)
    connection.executemany(_LIST, [(one, at) for one in contacts])
    return connection.executemany(_DESTROY, [(one,) for one in contacts]).rowcount


def adopt(connection: sqlite3.Connection, keys: Iterable[tuple[bytes, bytes]]) -> None:
    """Take over wrapped keys by their contacts, but those of contacts on the list."""
    connection.executemany(_ADOPT, keys)
