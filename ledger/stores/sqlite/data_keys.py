"""Data keys: one per contact, wrapped by the server's master key, kept apart from the events.

A backup of ``events.sqlite`` therefore holds no key, and without a contact's key nobody can read
what was personal about them. Encryption is AES-256-GCM. Source: NIST SP 800-38D. The keys that sign
the transparency log lie in the same file, wrapped in the same way: see
``ledger.stores.sqlite.signing_keys``.
"""

from __future__ import annotations

import os
import sqlite3
from collections import OrderedDict
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Corrupt, Unavailable
from ledger.master_keys import as_master_key
from ledger.stores.events import NOTHING_RECORDED
from ledger.stores.keys import KEY_BYTES
from ledger.stores.sqlite import destroyed_keys
from ledger.stores.sqlite.connections import LAYOUT, connect
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.signing_keys import SCHEMA as SIGNING_KEYS
from ledger.stores.sqlite.signing_keys import SigningKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from uuid import UUID

    from ledger.master_keys import MasterKey

NOT_DESTROYED = ": the erasure is recorded, and its key not destroyed yet; ask again"
"""The detail of errors that kept a key in the file after its contact was erased."""

KEPT_KEYS = 50_000
"""How many unwrapped keys stay in memory; the rest is read again when needed."""

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
MASTER_PROOF = b"rapport master key"
"""What the master key wraps as a proof that it is the right one."""


class KeyStore:
    """The data keys of one ledger. Any thread may read; only the committer makes keys."""

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
        self._master = as_master_key(master_key, entropy)
        self._entropy = entropy
        self._most_kept = most_kept
        self._lock = RLock()
        # All by the numbers of the contacts' ids, because a UUID hashes itself in Python. A cipher
        # is made of a key in a microsecond, and takes thirteen times its memory.
        self._open: OrderedDict[int, bytes] = OrderedDict()
        self._unsaved: dict[int, bytes] = {}
        self._doomed: set[int] = set()
        self._expected: Sequence[UUID] = ()
        self._keyless: set[int] = set()
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
            return
        try:
            self._master.unwrap(row[0], b"")
        except InvalidTag:
            detail = f"{path} was made with another master key: put that key back"
            raise Corrupt(detail) from None

    def key(self, contact_id: UUID) -> AESGCM | None:
        """The contact's key, or None where there is none: never made, or destroyed.

        Raises:
            Corrupt: the stored key is damaged, or the file is.
            Unavailable: it cannot be read now.
        """
        number = contact_id.int
        with self._lock:
            if (known := self._open.get(number)) is not None:
                self._open.move_to_end(number)
                return AESGCM(known)
            if number in self._doomed:
                return None
            with ledger_errors(self._path):
                row = self._connection.execute(
                    "SELECT wrapped FROM data_keys WHERE contact = ?", (contact_id.bytes,)
                ).fetchone()
            if row is None:
                return None
            try:
                plain = self._master.unwrap(row[0], contact_id.bytes)
            except InvalidTag:
                raise Corrupt(f"the data key of contact {contact_id} is damaged") from None
            return self._remember(number, plain)

    def read_together(self, contact_ids: Sequence[UUID]) -> None:
        """Read the keys of these contacts with one question, so that ``key`` need not ask for each.

        A damaged one is left for ``key`` to raise.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: they cannot be read now.
        """
        with self._lock, ledger_errors(self._path):
            there, doomed = self._open, self._doomed
            unread = [one for one in contact_ids if one.int not in there and one.int not in doomed]
            for start in range(0, len(unread), _TOGETHER):
                some = {one.bytes: one for one in unread[start : start + _TOGETHER]}
                marks = ",".join("?" * len(some))
                select = f"SELECT contact, wrapped FROM data_keys WHERE contact IN ({marks})"  # noqa: S608  # only marks
                for contact, wrapped in self._connection.execute(select, list(some)).fetchall():
                    with suppress(InvalidTag):
                        plain = self._master.unwrap(wrapped, contact)
                        self._remember(some[contact].int, plain)

    def expect(self, contact_ids: Sequence[UUID]) -> None:
        """Say who may well have no key yet: they are looked up together, once one is asked for."""
        with self._lock:
            self._expected, self._keyless = contact_ids, set()

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        """The contact's key, a new one if need be; ``save`` makes new ones durable."""
        number = contact_id.int
        with self._lock:
            if (known := self._open.get(number)) is not None:
                self._open.move_to_end(number)
                return AESGCM(known)
            if self._expected:
                self._look_up_expected()
            if number in self._keyless:
                self._keyless.discard(number)
            elif (cipher := self.key(contact_id)) is not None:
                return cipher
            plain = self._unsaved.setdefault(number, self._entropy(KEY_BYTES))
            return self._remember(number, plain)

    def _look_up_expected(self) -> None:
        expected, self._expected = self._expected, ()
        with ledger_errors(self._path):
            for start in range(0, len(expected), _TOGETHER):
                some = {one.bytes: one for one in expected[start : start + _TOGETHER]}
                marks = ",".join("?" * len(some))
                select = f"SELECT contact FROM data_keys WHERE contact IN ({marks})"  # noqa: S608  # only marks
                for (known,) in self._connection.execute(select, list(some)).fetchall():
                    del some[known]
                self._keyless.update(one.int for one in some.values())

    def _remember(self, number: int, plain: bytes) -> AESGCM:
        self._open[number] = plain
        most_kept = max(self._most_kept(), 1)
        while len(self._open) > most_kept:
            self._open.popitem(last=False)
        return AESGCM(plain)

    def save(self) -> None:
        """Make every new key durable, in one transaction: before the events that need them.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: they could not be written; they are kept for the next try.
        """
        with self._lock, ledger_errors(self._path, NOTHING_RECORDED):
            if not self._unsaved:
                return
            rows: list[bytes] = []
            for number, plain in self._unsaved.items():
                contact = number.to_bytes(16)
                rows += (contact, self._master.wrap(plain, contact))
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for start in range(0, len(rows), 2 * _TOGETHER):
                    some = rows[start : start + 2 * _TOGETHER]
                    marks = ",".join(["(?,?)"] * (len(some) // 2))
                    insert = f"INSERT INTO data_keys VALUES {marks}"  # noqa: S608  # only marks
                    self._connection.execute(insert, some)
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._unsaved.clear()

    def try_saving(self) -> None:
        """Find out whether a new key could be made durable now, without making one.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: it could not: the file cannot be written, or the master key not be asked.
        """
        with self._lock, ledger_errors(self._path, NOTHING_RECORDED):
            self._master.wrap(MASTER_PROOF, b"")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute(f"PRAGMA user_version={LAYOUT}")
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def erasure_list(self) -> list[UUID]:
        """Every contact whose key was destroyed here, whether or not the events say so.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: it cannot be read now.
        """
        with self._lock, ledger_errors(self._path):
            return destroyed_keys.read_list(self._connection)

    def destroy(self, contact_ids: Iterable[UUID], at: int) -> int:
        """Make the keys of these contacts unreadable forever, here and in memory.

        How many of them had one. From the first moment on none is given out any more, whatever
        becomes of the file. What was deleted is overwritten there, and the write-ahead log that
        held it is cut to nothing, so that neither file has the bytes any more. The contacts are
        listed in the same transaction, with the instant ``at``, in microseconds of UTC.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: it could not be written, or another process is reading it; ask again.
        """
        doomed = {contact_id.int for contact_id in contact_ids}
        with self._lock, ledger_errors(self._path, NOT_DESTROYED):
            self._doomed |= doomed
            for number in doomed:
                self._open.pop(number, None)
                self._unsaved.pop(number, None)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                contacts = [number.to_bytes(16) for number in doomed]
                count = destroyed_keys.destroy(self._connection, contacts, at)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                name = f"{self._path.parent.name}/{self._path.name}"
                raise Unavailable(f"another program is reading {name}{NOT_DESTROYED}")
            self._doomed -= doomed
            return count

    def adopt(self, keys: Iterable[tuple[UUID, bytes]]) -> None:
        """Take over keys that were made elsewhere, in one transaction.

        Those of contacts whose keys were destroyed here are left out.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: they could not be written; none was.
        """
        with self._lock, ledger_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                wrapped = (
                    (contact_id.bytes, self._master.wrap(plain, contact_id.bytes))
                    for contact_id, plain in keys
                )
                destroyed_keys.adopt(self._connection, wrapped)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file and forget every key."""
        with self._lock:
            self._open.clear()
            self._connection.close()
