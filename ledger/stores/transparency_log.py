"""The transparency log of one ledger as a store keeps it: a protocol, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.transparency.tiles import TileAt


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint as it was signed: ``note`` is what is served; ``signed_at`` in microseconds."""

    size: int
    root: bytes
    note: bytes
    signed_at: int


@dataclass(frozen=True)
class VerifierKey:
    """A public key that signs, or did until ``retired_at``; instants in microseconds of UTC."""

    public: bytes
    made_at: int
    retired_at: int | None


class TransparencyLogStore(Protocol):
    """Tiles, checkpoints and verifier keys. Any thread may call.

    Every method raises ``Corrupt`` where what it reads is damaged, and ``Unavailable`` where the
    store cannot be used now; what it was to write is then not written.
    """

    def tile(self, at: TileAt) -> bytes:
        """The hashes of a tile, fewer than its width where it has not grown so far."""

    def newest(self) -> StoredCheckpoint:
        """The checkpoint signed last; that of the empty tree is there from the beginning."""

    def checkpoints(self, after_size: int) -> Iterator[StoredCheckpoint]:
        """Every checkpoint of a tree beyond that size, by size."""

    def verifier_keys(self) -> list[VerifierKey]:
        """Every key that ever signed or is going to, the newest first."""

    def add_keys(self, keys: Iterable[tuple[bytes, int]]) -> None:
        """List further keys, (public, made_at); they sign from the next checkpoint on."""

    def add(
        self,
        signed: StoredCheckpoint,
        tiles: Iterable[tuple[TileAt, bytes]],
        retired: Sequence[bytes] = (),
    ) -> None:
        """Keep a checkpoint, in one transaction with the tiles that are new or have grown since.

        The public keys ``retired`` signed for the last time.
        """

    def adopt(
        self,
        keys: Sequence[VerifierKey],
        checkpoints: Sequence[StoredCheckpoint],
        tiles: Iterable[tuple[TileAt, bytes]],
    ) -> None:
        """Keep, in one transaction, what another store has of the same log.

        ``keys`` are all of it, as they are there; ``checkpoints`` are of trees beyond the newest
        here, and ``tiles`` those that are new or have grown since.
        """

    def close(self) -> None:
        """Close the store."""
