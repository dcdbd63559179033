"""The keys of one ledger as a store keeps them: protocols, and the key that signs.

They lie apart from the events, so that a backup of the events holds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


@dataclass(frozen=True)
class SigningKey:
    """A key that signs under a name; ``made_at`` in microseconds of UTC."""

    name: str
    public: bytes
    made_at: int
    private: Ed25519PrivateKey


class SigningKeyReader(Protocol):
    """The keys that sign a ledger's checkpoints, of which none can be made.

    Every method raises ``Corrupt`` where a key is damaged, and ``Unavailable`` where the store
    cannot be used now.
    """

    def keys_of(self, name: str) -> list[SigningKey]:
        """Every key of that name, the oldest first."""


class SigningKeyStore(SigningKeyReader, Protocol):
    """The keys that sign a ledger's checkpoints. Any thread may call."""

    def make(self, name: str, made_at: int) -> SigningKey:
        """A new key of that name, durable before it is answered."""

    def adopt(self, name: str, made_at: int, seed: bytes) -> SigningKey:
        """The key of that name whose private key, of 32 bytes, was made elsewhere; now durable."""


class DataKeyStore(Protocol):
    """One data key per contact. Any thread may read; one makes keys.

    Every method raises ``Corrupt`` where a key is damaged, and ``Unavailable`` where the store
    cannot be used now.
    """

    def key(self, contact_id: UUID) -> AESGCM | None:
        """The contact's key, or None where there is none: never made, or destroyed."""

    def read_together(self, contact_ids: Sequence[UUID]) -> None:
        """Read the keys of these contacts with one question, so that ``key`` need not ask for each.

        A damaged one is left for ``key`` to raise.
        """

    def expect(self, contact_ids: Sequence[UUID]) -> None:
        """Say who may well have no key yet: they are looked up together, once one is asked for."""

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        """The contact's key, a new one if need be; ``save`` makes new ones durable."""

    def save(self) -> None:
        """Make every new key durable, in one transaction: before the events that need them."""

    def try_saving(self) -> None:
        """Find out whether a new key could be made durable now, without making one."""

    def erasure_list(self) -> list[UUID]:
        """Every contact whose key was destroyed in this store, whether or not the events say so."""

    def destroy(self, contact_ids: Iterable[UUID], at: int) -> int:
        """Make the keys of these contacts unreadable forever; how many of them had one.

        From the first moment on none of them is given out, whatever goes wrong after that. The
        contacts are listed in the same transaction, with the instant ``at`` in microseconds of UTC,
        and stay listed forever.
        """

    def adopt(self, keys: Iterable[tuple[UUID, bytes]]) -> None:
        """Take over keys that were made elsewhere, all or none.

        Those of contacts whose keys were destroyed here are left out.
        """

    def close(self) -> None:
        """Close the store and forget every key."""


class LedgerKeyStore(DataKeyStore, Protocol):
    """All keys of one ledger: those of its contacts, and those that sign its checkpoints."""

    @property
    def signing(self) -> SigningKeyStore:
        """The keys that sign."""
