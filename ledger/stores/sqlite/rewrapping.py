"""Changing the master key: every key is wrapped again, and no event is touched.

Old and new key are both there until all is wrapped by the new one. Each ledger's keys are changed
in one transaction, so that a file is wholly under one of the two, and its proof says under which.
Killed at any moment, the next start or the next try continues where it ended.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from domain.errors import Corrupt, Unavailable
from ledger.files import flush_folder, write_whole
from ledger.master_keys import MASTER_KEY_BYTES, FileMasterKey, next_of
from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.data_keys import APPLICATION_ID, MASTER_PROOF
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.signing_keys import CONTEXT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from ledger.master_keys import MasterKey

_PAGE = 1000


def begin(file: Path) -> None:
    """Make the new key beside the old one, unless there is one from a rotation that was cut off.

    Raises:
        OSError: it could not be written.
    """
    following = next_of(file)
    if not following.exists():
        write_whole(following, os.urandom(MASTER_KEY_BYTES))
        flush_folder(file.parent)


def finish(file: Path, key_files: Iterable[Path]) -> int:
    """Complete a rotation that was begun; returns the number of keys that were wrapped again.

    Where none was begun, nothing is done.

    Raises:
        Corrupt: a key is damaged, or neither of both opens a file; both keys stay as they are.
        Unavailable: something could not be written; the next try continues.
    """
    following = next_of(file)
    if not following.exists():
        return 0
    new = FileMasterKey(following)
    old = FileMasterKey(file)
    count = sum([rewrap(one, old, new) for one in key_files])
    following.replace(file)
    flush_folder(file.parent)
    return count


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
    connection.execute("BEGIN IMMEDIATE")
    try:
        count = _data_keys(connection, old, new) + _signing_keys(connection, old, new)
        connection.execute("UPDATE master SET proof = ?", (new.wrap(MASTER_PROOF, b""),))
        connection.execute("COMMIT")
    except InvalidTag:
        connection.execute("ROLLBACK")
        raise Corrupt(f"{path}: a key in it is damaged: restore it from a backup") from None
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
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
