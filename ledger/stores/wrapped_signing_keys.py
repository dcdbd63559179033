"""The private keys that sign a ledger's checkpoints, wrapped by a master key.

They lie apart from the log they sign, so that no copy of the log holds one. A retired key stays,
since an older copy of the log may have to continue under it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import Corrupt
from ledger.stores.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable

SEED_BYTES = 32
"""The length of an Ed25519 private key. Source: RFC 8032, section 5.1.5."""

CONTEXT = b"rapport signing key "
"""Begins the associated data of every wrapped signing key; its public key follows."""

SigningColumns = tuple[bytes, int, bytes]
"""A signing key as it is stored: public key, when it was made, and the wrapped private key."""


class WrappedSigningKeys(ABC):
    """The signing keys of one ledger. See ``ledger.stores.keys.SigningKeyStore``."""

    def __init__(
        self,
        place: str,
        *,
        wrap: Callable[[bytes, bytes], bytes],
        unwrap: Callable[[bytes, bytes], bytes],
        entropy: Callable[[int], bytes],
    ) -> None:
        """``place`` is how messages call the store, which says how keys are wrapped."""
        self._place = place
        self._wrap = wrap
        self._unwrap = unwrap
        self._entropy = entropy

    @abstractmethod
    def _rows(self, name: str) -> list[SigningColumns]:
        """The keys of that name, the oldest first."""

    @abstractmethod
    def _insert(self, name: str, row: SigningColumns) -> None:
        """Make a key durable."""

    def keys_of(self, name: str) -> list[SigningKey]:
        """Every key of that name, the oldest first.

        Raises:
            Corrupt: one of them is damaged, or the store is.
            Unavailable: they cannot be read now.
        """
        return [self._decrypt(name, *row) for row in self._rows(name)]

    def make(self, name: str, made_at: int) -> SigningKey:
        """A new key of that name, durable before it is answered.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it could not be written; there is no new key then.
        """
        return self.adopt(name, made_at, self._entropy(SEED_BYTES))

    def adopt(self, name: str, made_at: int, seed: bytes) -> SigningKey:
        """The key of that name whose private key, of 32 bytes, was made elsewhere; now durable.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it could not be written.
        """
        private = Ed25519PrivateKey.from_private_bytes(seed)
        public = private.public_key().public_bytes_raw()
        self._insert(name, (public, made_at, self._wrap(seed, CONTEXT + public)))
        return SigningKey(name, public, made_at, private)

    def _decrypt(self, name: str, public: bytes, made_at: int, wrapped: bytes) -> SigningKey:
        damaged = Corrupt(f"{self._place}: a signing key is damaged: restore it from a backup")
        try:
            seed = self._unwrap(wrapped, CONTEXT + public)
        except (InvalidTag, ValueError, TypeError):
            raise damaged from None
        private = Ed25519PrivateKey.from_private_bytes(seed)
        if private.public_key().public_bytes_raw() != public:
            raise damaged
        return SigningKey(name, public, made_at, private)
