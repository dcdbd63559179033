"""The keys of a ledger as a process reads them beside the one that makes and destroys them."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from ledger.stores.keys import LedgerKeyStore, SigningKey


class KeysBeside:
    """Gives out the keys of contacts, but for those of contacts that were erased.

    Any thread may call. The process that appends destroys keys in the store; here they are
    forgotten, as soon as the erasure is seen, and not read again while they are still there.
    """

    def __init__(self, opening: Callable[[], LedgerKeyStore]) -> None:
        """``opening`` opens the store, which is done again when keys have to be forgotten.

        Raises:
            Corrupt: the store is damaged, or of another master key.
            Unavailable: it cannot be opened.
        """
        self._opening = opening
        self._lock = RLock()
        self._keys = opening()
        self._erased = {one.int for one in self._keys.erasure_list()}
        self.signing = _SigningKeysBeside(self)
        """The keys that sign, as they stand in the store."""

    def signing_keys_of(self, name: str) -> list[SigningKey]:
        """Every key that signs under that name, the oldest first."""
        with self._lock:
            return self._keys.signing.keys_of(name)

    def key(self, contact_id: UUID) -> AESGCM | None:
        """The contact's key, or None where there is none: never made, or the contact was erased."""
        with self._lock:
            return None if contact_id.int in self._erased else self._keys.key(contact_id)

    def read_together(self, contact_ids: Sequence[UUID]) -> None:
        """Read the keys of these contacts with one question."""
        with self._lock:
            left = [one for one in contact_ids if one.int not in self._erased]
            self._keys.read_together(left)

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        """None is made here.

        Raises:
            Unavailable: in any case.
        """
        raise Unavailable(f"a key of contact {contact_id} is made by the server that records")

    def forget(self, contact_ids: Iterable[UUID]) -> None:
        """Give out none of these keys any more, and have none of them in memory.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it cannot be opened again; none of the keys is given out all the same.
        """
        with self._lock:
            self._erased.update(one.int for one in contact_ids)
            self._keys.close()
            self._keys = self._opening()

    def close(self) -> None:
        """Close the store and forget every key."""
        with self._lock:
            self._keys.close()


class _SigningKeysBeside:
    """The keys that sign, of which none is made here."""

    def __init__(self, keys: KeysBeside) -> None:
        self._keys = keys

    def keys_of(self, name: str) -> list[SigningKey]:
        return self._keys.signing_keys_of(name)

    def make(self, name: str, made_at: int) -> SigningKey:
        raise Unavailable(f"a key of {name} is made by the server that records")

    def adopt(self, name: str, made_at: int, seed: bytes) -> SigningKey:
        raise Unavailable(f"keys of {name} are adopted by the server that records")
