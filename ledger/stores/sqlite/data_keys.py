"""Data keys: one per contact, wrapped by the server's master key, kept apart from the events.

A backup of ``events.sqlite`` therefore holds no key, and without a contact's key nobody can read
what was personal about them. The keys that sign the transparency log lie in the same file, wrapped
in the same way: see ``ledger.stores.sqlite.signing_keys``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from domain.errors import Corrupt, Unavailable
from ledger.stores.sqlite import destroyed_keys
from ledger.stores.sqlite.connections import LAYOUT, connect, writing
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.signing_keys import SCHEMA as SIGNING_KEYS
from ledger.stores.sqlite.signing_keys import SigningKeys
from ledger.stores.wrapped_keys import KEPT_KEYS, MASTER_PROOF, NOT_DESTROYED, WrappedKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from uuid import UUID

    from ledger.master_keys import MasterKey
    from ledger.stores.wrapped_keys import WrappedKey

APPLICATION_ID = 0x52505059
"""Marks ``keys.sqlite`` as ours: "RPPY"."""

_TOGETHER = 400
"""How many keys one statement is about; SQLite before 3.32 takes at most 999 parameters."""

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS data_keys (contact BLOB PRIMARY KEY, wrapped BLOB NOT NULL)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS master"
    " (id INTEGER PRIMARY KEY CHECK (id = 1), proof BLOB NOT NULL)",
    SIGNING_KEYS,
    destroyed_keys.SCHEMA,
)
"""What makes the tables of ``keys.sqlite``."""


class KeyStore(WrappedKeys):
    """The data keys of one ledger in a file."""

    def __init__(
        self,
        path: Path,
        master_key: MasterKey | bytes,
        *,
        make: bool = True,
        entropy: Callable[[int], bytes] = os.urandom,
        most_kept: Callable[[], int] = lambda: KEPT_KEYS,
    ) -> None:
        """Open the store, or ``make`` it; an empty one would read as if all had been erased.

        ``most_kept`` is how many unwrapped keys stay in memory at most.

        Raises:
            Corrupt: the file is not a key store, is empty, or belongs to another master key.
            Unavailable: it cannot be opened or written.
        """
        super().__init__(master_key, entropy=entropy, most_kept=most_kept)
        self._path = path
        self._connection = connect(path, APPLICATION_ID)
        try:
            with ledger_errors(path):
                self._connection.execute("PRAGMA secure_delete=ON")
                for statement in SCHEMA:
                    self._connection.execute(statement)
                self._check_master(path, make=make)
        except BaseException:
            self._connection.close()
            raise
        self.signing = SigningKeys(
            self._connection,
            path,
            self._lock,
            wrap=self._master.wrap,
            unwrap=self._master.unwrap,
            entropy=entropy,
        )
        """The keys that sign this ledger's checkpoints."""

    def _check_master(self, path: Path, *, make: bool) -> None:
        row = self._connection.execute("SELECT proof FROM master").fetchone()
        if row is None and not make:
            raise Corrupt(f"{path} holds no keys: restore it from a backup")
        if row is None:
            proof = self._master.wrap(MASTER_PROOF, b"")
            self._connection.execute("INSERT INTO master VALUES (1, ?)", (proof,))
        elif not self._opens(row[0]):
            raise Corrupt(f"{path} was made with another master key: put that key back")

    def _errors(self, outcome: str = "") -> AbstractContextManager[None]:
        return ledger_errors(self._path, outcome)

    def _read_one(self, contact: bytes) -> bytes | None:
        row = self._connection.execute(
            "SELECT wrapped FROM data_keys WHERE contact = ?", (contact,)
        ).fetchone()
        return None if row is None else row[0]

    def _read(self, contacts: Sequence[bytes]) -> Iterable[WrappedKey]:
        for start in range(0, len(contacts), _TOGETHER):
            some = contacts[start : start + _TOGETHER]
            marks = ",".join("?" * len(some))
            select = f"SELECT contact, wrapped FROM data_keys WHERE contact IN ({marks})"  # noqa: S608  # only marks
            yield from self._connection.execute(select, some).fetchall()

    def _having(self, contacts: Sequence[bytes]) -> Iterable[bytes]:
        for start in range(0, len(contacts), _TOGETHER):
            some = contacts[start : start + _TOGETHER]
            marks = ",".join("?" * len(some))
            select = f"SELECT contact FROM data_keys WHERE contact IN ({marks})"  # noqa: S608  # only marks
            for (contact,) in self._connection.execute(select, some).fetchall():
                yield contact

    def _add(self, keys: Sequence[WrappedKey]) -> Iterable[WrappedKey]:
        with writing(self._connection):
            for start in range(0, len(keys), _TOGETHER):
                some = keys[start : start + _TOGETHER]
                marks = ",".join(["(?,?)"] * len(some))
                insert = f"INSERT INTO data_keys VALUES {marks}"  # noqa: S608  # only marks
                self._connection.execute(insert, [part for key in some for part in key])
        return ()

    def _try(self) -> None:
        with writing(self._connection):
            self._connection.execute(f"PRAGMA user_version={LAYOUT}")

    def _list(self) -> list[UUID]:
        return destroyed_keys.read_list(self._connection)

    def _destroy(self, contacts: Sequence[bytes], at: int) -> int:
        """What was deleted is overwritten, and the write-ahead log that held it cut to nothing."""
        with writing(self._connection):
            count = destroyed_keys.destroy(self._connection, contacts, at)
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            name = f"{self._path.parent.name}/{self._path.name}"
            raise Unavailable(f"another program is reading {name}{NOT_DESTROYED}")
        return count

    def _adopt(self, keys: Iterable[WrappedKey]) -> None:
        with writing(self._connection):
            destroyed_keys.adopt(self._connection, keys)

    def _close(self) -> None:
        self._connection.close()
