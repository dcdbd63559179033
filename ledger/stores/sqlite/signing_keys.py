"""The private keys that sign a ledger's checkpoints, in ``keys.sqlite`` beside the data keys.

They lie apart from the log they sign, wrapped by the master key, so that no copy of the log holds
one. A retired key stays, since an older copy of the log may have to continue under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import Corrupt
from ledger.stores.keys import SigningKey
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path
    from threading import RLock

SEED_BYTES = 32
"""The length of an Ed25519 private key. Source: RFC 8032, section 5.1.5."""

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS signing_keys (public BLOB PRIMARY KEY, name TEXT NOT NULL,"
    " made_at INTEGER NOT NULL, wrapped BLOB NOT NULL) WITHOUT ROWID"
)

CONTEXT = b"rapport signing key "
"""Begins the associated data of every wrapped signing key; its public key follows."""


class SigningKeys:
    """The signing keys of one ledger. Any thread may call."""

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
        self._connection = connection
        self._path = path
        self._lock = lock
        self._wrap = wrap
        self._unwrap = unwrap
        self._entropy = entropy

    def keys_of(self, name: str) -> list[SigningKey]:
        """Every key of that name, the oldest first.

        Raises:
            Corrupt: one of them is damaged, or the file is.
            Unavailable: they cannot be read now.
        """
        with self._lock, ledger_errors(self._path):
            rows = self._connection.execute(
                "SELECT public, made_at, wrapped FROM signing_keys WHERE name = ?"
                " ORDER BY made_at, public",
                (name,),
            ).fetchall()
        return [self._decrypt(name, *row) for row in rows]

    def make(self, name: str, made_at: int) -> SigningKey:
        """A new key of that name, durable before it is answered.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: it could not be written; there is no new key then.
        """
        return self.adopt(name, made_at, self._entropy(SEED_BYTES))

    def adopt(self, name: str, made_at: int, seed: bytes) -> SigningKey:
        """The key of that name whose private key, of 32 bytes, was made elsewhere; now durable.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: it could not be written.
        """
        private = Ed25519PrivateKey.from_private_bytes(seed)
        public = private.public_key().public_bytes_raw()
        with self._lock, ledger_errors(self._path):
            # One statement outside of a transaction is one transaction.
            self._connection.execute(
                "INSERT INTO signing_keys (public, name, made_at, wrapped) VALUES (?, ?, ?, ?)",
                (public, name, made_at, self._wrap(seed, CONTEXT + public)),
            )
        return SigningKey(name, public, made_at, private)

    def _decrypt(self, name: str, public: bytes, made_at: int, wrapped: bytes) -> SigningKey:
        damaged = Corrupt(f"{self._path}: a signing key is damaged: restore it from a backup")
        try:
            seed = self._unwrap(wrapped, CONTEXT + public)
        except (InvalidTag, ValueError, TypeError):
            raise damaged from None
        private = Ed25519PrivateKey.from_private_bytes(seed)
        if private.public_key().public_bytes_raw() != public:
            raise damaged
        return SigningKey(name, public, made_at, private)
