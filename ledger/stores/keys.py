"""The keys of one ledger as a store keeps them: protocols, and the key that signs.

They lie apart from the events, so that a backup of the events holds none. Where they are is not
decided by what keeps the events: in a file of the ledger's folder, or in a database of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from uuid import UUID

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from ledger.master_keys import MasterKey
    from ledger.stores.examination import PartCheck
    from ledger.stores.upgrading import PartLayout

KEYS_ELSEWHERE_FILE = "keys.json"
"""Says in the folder of a ledger that its keys are in a database, and under which id."""

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


class KeyReader(Protocol):
    """The keys of one ledger, which are only read, page by page. Every method raises
    ``Corrupt`` where they are damaged and ``Unavailable`` where they cannot be read.
    """

    def close(self) -> None:
        """Close the store."""

    def data_keys(self, after: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """A page of the contacts beyond one with their wrapped keys, by contact."""

    def signing_keys(self, unwrap: Callable[[bytes, bytes], bytes]) -> SigningKeyReader:
        """The keys that sign the log; ``unwrap`` opens what is wrapped, with its context."""


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


class KeyPlace(Protocol):
    """Where the keys of one ledger are.

    Every method raises ``Corrupt`` where they are damaged, and ``Unavailable`` where they cannot be
    used now, or are in another kind of place than this.
    """

    name: str
    """How messages call them."""

    is_file: bool
    """Whether they are a file in the folder of the ledger."""

    def exists(self) -> bool:
        """Whether there is a store of them."""

    def check(self) -> None:
        """Let pass a store of this program's layout that can be written; there must be one."""

    def state(self) -> object:
        """A value that is another one once a key was written or the store exchanged."""

    def open(
        self, master_key: MasterKey | bytes, *, make: bool, most_kept: Callable[[], int]
    ) -> LedgerKeyStore:
        """The keys; see ``ledger.stores.store.LedgerStore.open_keys``."""

    def read(self, *, at_rest: bool) -> KeyReader:
        """The keys to read beside the process that writes them."""

    def rewrap(self, old: MasterKey, new: MasterKey) -> int:
        """Put them under another master key; see ``LedgerStore.rewrap_keys``."""

    def copy_into(self, folder: Path) -> None:
        """A copy of them in a file, in the folder of a copy of the ledger."""

    def remove(self) -> None:
        """Destroy them, where they do not go with the folder of the ledger."""

    def part_checks(self) -> Sequence[PartCheck]:
        """What they say of themselves, where they are no file of the ledger's folder."""


class KeyPlaces(Protocol):
    """Where the keys of all ledgers of a data folder are; raises as ``KeyPlace``."""

    def of(self, folder: Path) -> KeyPlace:
        """The place of the keys of the ledger with that folder."""

    def prepare(self) -> None:
        """Get ready to keep keys; ``Unavailable`` where they would not be apart from the events."""

    def layouts(self) -> list[PartLayout]:
        """Which layout they have, where they are in no file of the data folder."""

    def upgrade(self) -> None:
        """Bring them to this program's layout, as ``ledger.stores.store.Store.upgrade``."""
