"""The contacts' keys, read without the power to make or lose one."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Corrupt
from ledger.master_keys import as_master_key
from ledger.stores.keys import KEY_BYTES
from ledger.stores.sqlite.errors import damage
from ledger.stores.wrapped_keys import KEPT_KEYS, MASTER_PROOF
from ledger.stores.wrapped_signing_keys import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ledger.master_keys import MasterKey
    from ledger.stores.sqlite.verification.signatures import ListedKey


class KeysAtRest:
    """The data keys in a connection to ``keys.sqlite``, opened by the master key."""

    def __init__(
        self, connection: sqlite3.Connection, master_key: MasterKey | bytes, path: Path
    ) -> None:
        self._connection = connection
        self._master = as_master_key(master_key)
        self._path = path
        self._kept: OrderedDict[UUID, AESGCM | None] = OrderedDict()
        self.opens = False
        """Whether the master key is the right one, once ``faults`` looked."""

    def key(self, contact_id: UUID) -> AESGCM | None:
        """The contact's key, or None where there is none.

        Raises:
            Corrupt: it does not open, or the file is damaged.
        """
        if contact_id in self._kept:
            self._kept.move_to_end(contact_id)
            return self._kept[contact_id]
        try:
            row = self._connection.execute(
                "SELECT wrapped FROM data_keys WHERE contact = ?", (contact_id.bytes,)
            ).fetchone()
        except sqlite3.Error as error:
            raise Corrupt(damage(error, self._path)) from error
        key = None if row is None else AESGCM(self._unwrap_key(row[0], contact_id.bytes))
        self._kept[contact_id] = key
        if len(self._kept) > KEPT_KEYS:
            self._kept.popitem(last=False)
        return key

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        """Nothing is encrypted here."""
        raise AssertionError("a verification encrypts nothing")

    def is_listed(self, contact_id: UUID) -> bool:
        """Whether the contact is on the list of those whose keys were destroyed.

        Raises:
            Corrupt: the file is damaged.
        """
        select = "SELECT 1 FROM destroyed WHERE contact = ?"
        try:
            row = self._connection.execute(select, (contact_id.bytes,)).fetchone()
        except sqlite3.Error as error:
            raise Corrupt(damage(error, self._path)) from error
        return row is not None

    def forget(self) -> None:
        """Read every key again when it is asked for next."""
        self._kept.clear()

    def faults(self, origin: str | None, listed: Sequence[ListedKey]) -> Iterator[str]:
        """What is wrong with the keys themselves: each must open, for whom it is.

        Those that sign for ``origin`` must be those that the log has ``listed``.
        """
        rows = self._connection.execute("SELECT id, proof FROM master").fetchall()
        if len(rows) != 1 or rows[0][0] != 1:
            yield "it does not say by which master key it was made"
        try:
            self.opens = any(self._unwrap(row[1], b"") == MASTER_PROOF for row in rows)
        except InvalidTag:
            self.opens = False
        if not self.opens:
            yield "it was made with another master key, or its proof of it is damaged"
            return
        for contact, wrapped in self._connection.execute("SELECT contact, wrapped FROM data_keys"):
            if not isinstance(contact, bytes) or len(contact) != len(UUID(int=0).bytes):
                yield "a key is of no contact"
                continue
            try:
                self._unwrap_key(wrapped, contact)
            except Corrupt as error:
                yield str(error)
        for contact, at in self._connection.execute("SELECT contact, at FROM destroyed"):
            if not isinstance(contact, bytes) or len(contact) != len(UUID(int=0).bytes):
                yield "the list of destroyed keys names no contact"
            if not isinstance(at, int):
                yield "the list of destroyed keys does not say when"
        yield from self._signing_faults(origin, listed)

    def _signing_faults(self, origin: str | None, listed: Sequence[ListedKey]) -> Iterator[str]:
        kept: dict[bytes, object] = {}
        rows = self._connection.execute("SELECT public, name, made_at, wrapped FROM signing_keys")
        for public, name, made_at, wrapped in rows:
            try:
                seed = self._unwrap(wrapped, CONTEXT + public)
                private = Ed25519PrivateKey.from_private_bytes(seed)
                if private.public_key().public_bytes_raw() != public or name != origin:
                    raise ValueError("another key")
            except (InvalidTag, ValueError, TypeError):
                yield "a signing key does not open, or is of another log"
                continue
            kept[public] = made_at
        for key in listed:
            public = key.verifier.public.public_bytes_raw()
            if public not in kept:
                yield "a signing key that the log lists is missing"
            elif kept.pop(public) != key.made_at:
                yield "a signing key was made at another instant than the log says"
        if len(kept) > 1:
            yield f"{len(kept)} signing keys are not listed by the log"

    def count(self) -> int:
        """How many contacts have a key."""
        (count,) = self._connection.execute("SELECT count(*) FROM data_keys").fetchone()
        assert isinstance(count, int)
        return count

    def _unwrap_key(self, wrapped: object, contact: bytes) -> bytes:
        with suppress(InvalidTag):
            if len(plain := self._unwrap(wrapped, contact)) == KEY_BYTES:
                return plain
        raise Corrupt(f"the data key of contact {UUID(bytes=contact)} does not open")

    def _unwrap(self, wrapped: object, context: bytes) -> bytes:
        if not isinstance(wrapped, bytes):
            raise InvalidTag
        return self._master.unwrap(wrapped, context)
