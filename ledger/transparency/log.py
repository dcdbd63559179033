"""The transparency log of a ledger: what others ask of it, and what keeps it growing.

Leaf n, counted from 0, is the event at position n + 1. Everything is answered for trees that are
signed; an event that is under no checkpoint yet raises ``NotYetSigned``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import (
    Corrupt,
    EventNotFound,
    Invalid,
    LogRefused,
    NotYetSigned,
    TileNotFound,
    Unproven,
)
from ledger.subscriptions.pacing import SIGNER
from ledger.subscriptions.subscription import Subscription
from ledger.transparency import merkle
from ledger.transparency.checkpoint_signer import SIGNING, STOPPED, CheckpointSigner
from ledger.transparency.entries import entry_of_row
from ledger.transparency.opening import open_log
from ledger.transparency.signer_subscriber import SignerSubscriber
from ledger.transparency.tiles import TILE_WIDTH, TileHashes, encode_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.stores.events import Row
    from ledger.stores.keys import SigningKeyStore
    from ledger.stores.store import LedgerStore
    from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
    from ledger.subscriptions.pacing import Pacing
    from ledger.transparency.notes import Verifier
    from ledger.transparency.tiles import BundleAt, TileAt


@dataclass(frozen=True)
class Inclusion:
    """Why an entry is in a tree: its leaf, and the hashes that lead from it to the root."""

    leaf_index: int
    tree_size: int
    leaf_hash: bytes
    root_hash: bytes
    hashes: tuple[bytes, ...]


class TransparencyLog:
    """The log of one open ledger. Any thread may call."""

    def __init__(
        self,
        ledger: LedgerStore,
        origin: str,
        signing: SigningKeyStore,
        *,
        rows: Callable[[int, int], Sequence[Row]],
        head: Callable[[], int],
        on_commit: Callable[[Callable[[int], None]], Callable[[], object]],
        clock: Callable[[], int],
        make: bool,
        signs: bool = True,
        signed_elsewhere: bool = False,
        pacing: Pacing = SIGNER,
    ) -> None:
        """Open the log, or ``make`` it. ``rows`` are the committed events from after to upto.

        ``head`` and ``on_commit`` are of the ledger, as a ``Subscription`` wants them.

        A log that may not continue is opened all the same, and is ``stopped``. One that never
        ``signs`` was signed elsewhere, and nothing is ever added to it. Where it is
        ``signed_elsewhere``, another process signs it now: that one checks it, and here each
        checkpoint is read from the store.

        Raises:
            Corrupt: the file is missing, damaged, or the log of another origin.
            Unavailable: it cannot be opened or written.
        """
        self.origin = origin
        self._rows = rows
        self._head = head
        self._clock = clock
        self._signs = signs
        self._signed_elsewhere = signed_elsewhere
        self.problem_elsewhere: str | None = None
        """Why the process that signs it signs nothing more, where that is another one."""
        self._names = ledger.names
        self._store, self._keys = open_log(ledger, origin, signing, clock, make=make)
        try:
            self._signer = CheckpointSigner(
                self._store,
                self._keys,
                rows,
                head,
                clock,
                self._names,
                signs=signs,
                pacing=pacing,
            )
            if not signed_elsewhere:
                self._signer.check()
        except BaseException:
            self._store.close()
            raise
        self._subscription = Subscription(
            "sealer", head, (SignerSubscriber(self._signer),), pacing, on_commit=on_commit
        )
        self._hashes = TileHashes(self._store.tile, 0)

    def verifiers(self) -> list[Verifier]:
        """The keys that verify its checkpoints, the newest first, retired ones included."""
        if self._signed_elsewhere:
            self._look_again()
        return self._keys.verifiers()

    def key_history(self) -> list[VerifierKey]:
        """The same keys with when they were made and retired, in the same order."""
        if self._signed_elsewhere:
            self._look_again()
        return self._keys.all_keys()

    def rotate(self) -> Verifier:
        """A new key, which signs from the next checkpoint on; that one the old key signs as well.

        Raises:
            LogRefused: nothing is signed any more; a new key would not mend that.
            Unavailable: it could not be made.
        """
        if self._signer.problem is not None:
            raise LogRefused(self._signer.problem)
        if not self._signs:
            raise LogRefused("the ledger was imported without its keys: it signs nothing")
        return self._keys.rotate(self._clock())

    def checkpoint(self) -> StoredCheckpoint:
        """The checkpoint signed last.

        Raises:
            Corrupt: another process signs, and the log is damaged.
            Unavailable: another process signs, and the log cannot be read now.
        """
        if self._signed_elsewhere:
            self._look_again()
        return self._signer.signed

    def _look_again(self) -> None:
        """Read what another process has signed, and whether a key was retired with that."""
        newest = self._store.newest()
        if newest != self._signer.signed:
            self._signer.signed = newest
            self._keys.refresh()

    def checkpoints(self, after_size: int = -1) -> Iterator[StoredCheckpoint]:
        """Every checkpoint ever signed for a tree beyond that size, by size."""
        return self._store.checkpoints(after_size)

    def tile(self, at: TileAt) -> bytes:
        """The hashes of a tile, of 32 bytes each.

        Raises:
            TileNotFound: it lies beyond the last checkpoint, or is wider than it has become.
        """
        hashes = self._store.tile(at)
        if len(hashes) != at.width * merkle.HASH_BYTES:
            raise TileNotFound(f"no tile {at.path} stands under the last checkpoint")
        return hashes

    def bundle(self, at: BundleAt) -> bytes:
        """The entries of a bundle.

        Raises:
            TileNotFound: it lies beyond the last checkpoint, or is wider than it has become.
            Corrupt: an event in it is missing or damaged.
        """
        start = at.n * TILE_WIDTH
        if start + at.width > self.checkpoint().size:
            raise TileNotFound(f"no bundle {at.path} stands under the last checkpoint")
        return encode_bundle(
            [entry_of_row(row) for row in self._read_rows(start, start + at.width)]
        )

    def entry(self, position: int) -> bytes:
        """The entry of the event at that position, also if it is not signed yet.

        Raises:
            EventNotFound: there is none.
            Corrupt: it is damaged.
        """
        self._check_recorded(position)
        return entry_of_row(self._read_rows(position - 1, position)[0])

    def inclusion(self, position: int, tree_size: int | None = None) -> Inclusion:
        """The proof that an event is in the tree of that size, or in the last one signed.

        Raises:
            EventNotFound: there is no such event.
            NotYetSealed: it, or a tree of that size, is under no checkpoint yet.
            Invalid: the tree of that size ends before the event.
            Corrupt: the tiles do not hold together, or are not those of the event.
        """
        signed = self.checkpoint()
        size = signed.size if tree_size is None else tree_size
        self._check_recorded(position)
        self._check_signed(max(size, position), signed)
        if position > size:
            detail = f"a tree of {size} events does not reach position {position}"
            raise Invalid.at("/tree_size", "out-of-range", detail)
        index, leaf = position - 1, merkle.leaf_hash(self.entry(position))
        try:
            hashes = self._hashes_of(size)
            root = signed.root if size == signed.size else merkle.root(hashes, size)
            proof = merkle.inclusion_proof(hashes, index, size)
            merkle.verify_inclusion(leaf, index, size, proof, root)
        except Unproven as error:
            raise Corrupt(
                f"{self._names.log} and position {position} do not fit: {error}"
            ) from error
        return Inclusion(index, size, leaf, root, tuple(proof))

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """The proof that the tree of ``second`` events, or the last, continues from ``first``.

        Raises:
            NotYetSealed: a tree of that size is under no checkpoint yet.
            Invalid: they are negative, or the wrong way round.
            Corrupt: the tiles are damaged.
        """
        signed = self.checkpoint()
        size = signed.size if second is None else second
        self._check_signed(max(first, size), signed)
        if not 0 <= first <= size:
            raise Invalid.at("/first", "out-of-range", f"must be from 0 to {size}")
        try:
            return merkle.consistency_proof(self._hashes_of(size), first, size)
        except Unproven as error:
            raise Corrupt(f"{self._names.log} is damaged: {error}") from error

    def sign_head(self) -> StoredCheckpoint:
        """Take in and sign everything recorded by now; the last checkpoint, if nothing is new.

        Raises:
            LogRefused: that would contradict what was signed before.
            Corrupt: a file is damaged.
            Unavailable: a file cannot be read or written now.
        """
        head = self._head()
        while True:
            signed = self._signer.step(head)
            if signed.size >= head:
                return signed

    @property
    def state(self) -> str:
        """``sealing``, or ``stopped`` where nothing more is signed."""
        return SIGNING if self._stopped_by is None else STOPPED

    @property
    def _stopped_by(self) -> str | None:
        return self._signer.problem or self.problem_elsewhere

    @property
    def problem(self) -> str | None:
        """Why it is stopped, or what keeps it from signing just now."""
        return self._stopped_by or self._subscription.trouble(SignerSubscriber.name)

    def start(self) -> None:
        """Sign from now on, in a separate thread, at least every second."""
        self._subscription.start()

    def wake(self) -> None:
        """Look again for events to sign. From any thread, and cheap."""
        self._subscription.wake()

    def close(self) -> None:
        """Sign what is left, if signing was started, and close the file."""
        self._subscription.close()
        self._store.close()

    def _hashes_of(self, size: int) -> TileHashes:
        """The nodes of the tree of that size; tiles of the size asked for last are remembered.

        They are what they were when they were read, which a proof of inclusion is checked by.
        """
        hashes = self._hashes
        if hashes.size != size:
            hashes = self._hashes = TileHashes(self._store.tile, size)
        return hashes

    def _read_rows(self, after: int, upto: int) -> Sequence[Row]:
        rows = self._rows(after, upto)
        if len(rows) != upto - after:
            raise Corrupt(f"events are missing between positions {after + 1} and {upto}")
        return rows

    def _check_recorded(self, position: int) -> None:
        if not 1 <= position <= self._head():
            raise EventNotFound(f"no event stands at position {position}")

    def _check_signed(self, size: int, signed: StoredCheckpoint) -> None:
        if size > signed.size:
            raise NotYetSigned(f"{signed.size} events are under a checkpoint, not yet {size}")
