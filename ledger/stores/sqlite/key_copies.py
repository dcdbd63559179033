"""A file of keys that was copied from another kind of store, to be checked as a file."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.data_keys import APPLICATION_ID, SCHEMA
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.file_names import KEYS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class CopiedKeys(NamedTuple):
    """All rows of a store of keys, wrapped as they are, by the columns of the file."""

    proof: bytes
    data_keys: Iterable[tuple[bytes, bytes]]
    signing_keys: Iterable[tuple[bytes, str, int, bytes]]
    destroyed: Iterable[tuple[bytes, int]]


def write_key_file(folder: Path, keys: CopiedKeys) -> None:
    """Make ``keys.sqlite`` in a folder that has none.

    Raises:
        Unavailable: it cannot be written.
    """
    path = folder / KEYS_FILE
    with closing(connect(path, APPLICATION_ID)) as connection, ledger_errors(path):
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO master VALUES (1, ?)", (keys.proof,))
        connection.executemany("INSERT INTO data_keys VALUES (?, ?)", keys.data_keys)
        connection.executemany("INSERT INTO signing_keys VALUES (?, ?, ?, ?)", keys.signing_keys)
        connection.executemany("INSERT INTO destroyed VALUES (?, ?)", keys.destroyed)
        connection.execute("COMMIT")
