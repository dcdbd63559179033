"""The private keys that sign a ledger's checkpoints, in ``keys.sqlite`` beside the data keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.wrapped_signing_keys import WrappedSigningKeys

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path
    from threading import RLock

    from ledger.stores.wrapped_signing_keys import SigningColumns

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS signing_keys (public BLOB PRIMARY KEY, name TEXT NOT NULL,"
    " made_at INTEGER NOT NULL, wrapped BLOB NOT NULL) WITHOUT ROWID"
)


class SigningKeys(WrappedSigningKeys):
    """The signing keys of one ledger in a file. Any thread may call."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        lock: RLock,
        *,
        wrap: Callable[[bytes, bytes], bytes],
        unwrap: Callable[[bytes, bytes], bytes],
        entropy: Callable[[int], bytes],
    ) -> None:
        """For ``KeyStore``, whose file, lock and way of wrapping these are."""
        super().__init__(str(path), wrap=wrap, unwrap=unwrap, entropy=entropy)
        self._connection = connection
        self._path = path
        self._lock = lock

    def _rows(self, name: str) -> list[SigningColumns]:
        with self._lock, ledger_errors(self._path):
            return self._connection.execute(
                "SELECT public, made_at, wrapped FROM signing_keys WHERE name = ?"
                " ORDER BY made_at, public",
                (name,),
            ).fetchall()

    def _insert(self, name: str, row: SigningColumns) -> None:
        public, made_at, wrapped = row
        with self._lock, ledger_errors(self._path):
            # One statement outside of a transaction is one transaction.
            self._connection.execute(
                "INSERT INTO signing_keys (public, name, made_at, wrapped) VALUES (?, ?, ?, ?)",
                (public, name, made_at, wrapped),
            )
