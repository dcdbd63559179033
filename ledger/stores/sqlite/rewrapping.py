"""Putting the keys of a file under another master key: see ``ledger.rotation``.

They are changed in one transaction, so that a file is wholly under one of the two keys, and its
proof says under which.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from domain.errors import Corrupt, Unavailable
from ledger.stores.sqlite.connections import connect, writing
from ledger.stores.sqlite.data_keys import APPLICATION_ID
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.wrapped_keys import MASTER_PROOF
from ledger.stores.wrapped_signing_keys import CONTEXT

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from ledger.master_keys import MasterKey

_PAGE = 1000


def rewrap(path: Path, old: MasterKey, new: MasterKey) -> int:
    """Put the keys in this file under the new master key; how many that were, 0 if all are already.

    Raises:
        Corrupt: a key is damaged, or neither master key opens the file.
        Unavailable: it could not be written; the file is as it was.
    """
    with closing(connect(path, APPLICATION_ID)) as connection, ledger_errors(path):
        connection.execute("PRAGMA secure_delete=ON")
        (proof,) = connection.execute("SELECT proof FROM master").fetchone() or (b"",)
        if _opens(new, proof):
            count = 0
        elif not _opens(old, proof):
            raise Corrupt(f"{path} was made with another master key: put that key back")
        else:
            count = _rewrap(connection, path, old, new)
        # What was wrapped by the old key leaves the write-ahead log too, also after a kill.
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise Unavailable(f"another program is reading {path}: try again")
    return count


def _rewrap(connection: sqlite3.Connection, path: Path, old: MasterKey, new: MasterKey) -> int:
    try:
        with writing(connection):
            count = _data_keys(connection, old, new) + _signing_keys(connection, old, new)
            connection.execute("UPDATE master SET proof = ?", (new.wrap(MASTER_PROOF, b""),))
    except InvalidTag:
        raise Corrupt(f"{path}: a key in it is damaged: restore it from a backup") from None
    return count


def _data_keys(connection: sqlite3.Connection, old: MasterKey, new: MasterKey) -> int:
    count, after = 0, b""
    while page := connection.execute(
        "SELECT contact, wrapped FROM data_keys WHERE contact > ? ORDER BY contact LIMIT ?",
        (after, _PAGE),
    ).fetchall():
        connection.executemany(
            "UPDATE data_keys SET wrapped = ? WHERE contact = ?",
            [(new.wrap(old.unwrap(wrapped, one), one), one) for one, wrapped in page],
        )
        count, after = count + len(page), page[-1][0]
    return count


def _signing_keys(connection: sqlite3.Connection, old: MasterKey, new: MasterKey) -> int:
    rows = connection.execute("SELECT public, wrapped FROM signing_keys").fetchall()
    contexts = [(public, CONTEXT + public, wrapped) for public, wrapped in rows]
    connection.executemany(
        "UPDATE signing_keys SET wrapped = ? WHERE public = ?",
        [(new.wrap(old.unwrap(w, context), context), public) for public, context, w in contexts],
    )
    return len(rows)


def _opens(key: MasterKey, proof: bytes) -> bool:
    try:
        return key.unwrap(proof, b"") == MASTER_PROOF
    except InvalidTag:
        return False
