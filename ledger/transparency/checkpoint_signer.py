"""Takes a ledger's events into its tree and signs the new root, unless that would contradict the
past.

A checkpoint is a promise forever: nothing signed here may contradict what was signed before. So
before it signs, the signer checks whether its tiles still give the last signed root and whether the
events under it are still there. Where they do not, it stops, and signs nothing until somebody has
put the right files back.
"""

from __future__ import annotations

import logging
import sys
from threading import RLock
from typing import TYPE_CHECKING

from domain.errors import Corrupt, LogRefused, Unproven
from ledger.stores.transparency_log import StoredCheckpoint
from ledger.subscriptions.pacing import SIGNER
from ledger.transparency.checkpoints import Checkpoint, verify_checkpoint
from ledger.transparency.entries import entry_of_row
from ledger.transparency.merkle import Frontier, leaf_hashes
from ledger.transparency.tiles import TILE_WIDTH, TileAt, TileHashes, grown_tiles, hashes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.stores.events import Row
    from ledger.stores.store import PartNames
    from ledger.stores.transparency_log import TransparencyLogStore
    from ledger.subscriptions.pacing import Pacing
    from ledger.transparency.signing import LogKeys

SIGNING, STOPPED = "sealing", "stopped"

_log = logging.getLogger("rapport.ledger")


class CheckpointSigner:
    """Grows the tree of one ledger and signs it. Any thread may call; one step runs at a time."""

    def __init__(
        self,
        store: TransparencyLogStore,
        keys: LogKeys,
        rows: Callable[[int, int], Sequence[Row]],
        head: Callable[[], int],
        clock: Callable[[], int],
        names: PartNames,
        *,
        signs: bool = True,
        pacing: Pacing = SIGNER,
    ) -> None:
        """``rows`` answers the committed events beyond a position up to another, in order.

        One that never ``signs`` needs no key: it is kept as it was signed elsewhere. ``pacing``
        says how many events one checkpoint takes in at most, so that catching up holds little in
        memory, and how many are read and hashed at a time. Messages call the parts by ``names``.
        """
        self._step_leaves = pacing.step_events or sys.maxsize
        self._page_leaves = pacing.part_events or self._step_leaves
        self._signs = signs
        self._store = store
        self._keys = keys
        self._rows = rows
        self._head = head
        self._clock = clock
        self._names = names
        self._stepping = RLock()
        self.problem: str | None = None
        """Why nothing more is signed, once that is so."""
        self.signed = store.newest()
        """The checkpoint signed last."""

    def check(self) -> None:
        """Check whether this log may be signed further; if not, stop, and log the reason."""
        try:
            self._check()
        except Corrupt as error:
            self.stop(str(error))

    def step(self, upto: int, breathe: Callable[[], bool] = lambda: True) -> StoredCheckpoint:
        """Take in events up to that position, at most one step's, and sign what is then.

        ``breathe`` is called between pages; where it answers False, what was taken in is signed at
        once. Answers the checkpoint signed last, the same as before if there was nothing new.

        Raises:
            LogRefused: this would contradict what was signed, or did so before.
            Corrupt: an event or the log is damaged; nothing more is signed from then on.
            Unavailable: a file cannot be read or written now.
        """
        with self._stepping:
            if self.problem is not None:
                raise LogRefused(self.problem)
            if upto <= self.signed.size:
                return self.signed
            try:
                self._step(min(upto, self.signed.size + self._step_leaves), breathe)
            except Corrupt as error:
                self.stop(str(error))
                raise
            return self.signed

    def _step(self, upto: int, breathe: Callable[[], bool]) -> None:
        size = self.signed.size
        frontier = self._frontier()
        leaves: list[bytes] = []
        while frontier.size < upto:
            page = self._leaves(frontier.size, min(upto, frontier.size + self._page_leaves))
            leaves += page
            frontier.extend(page)
            if not breathe():
                break
        tiles = []
        for at, hashes in grown_tiles(size, leaves, self._store.tile):
            tiles.append((at, hashes))
            breathe()
        checkpoint = Checkpoint(self._keys.origin, frontier.size, frontier.root())
        note, retired = self._keys.sign(checkpoint.text())
        # Like instants of recording, they never decrease: the verification relies on it.
        signed_at = max(self._clock(), self.signed.signed_at)
        signed = StoredCheckpoint(checkpoint.size, checkpoint.root, note, signed_at)
        self._store.add(signed, tiles, retired)
        if retired:
            self._keys.refresh()
        self.signed = signed

    def _frontier(self) -> Frontier:
        """The right edge of the tree as its tiles have it, which must be the one that was signed.

        Raises:
            LogRefused: it is another one.
        """
        if self._store.newest() != self.signed:
            raise LogRefused(f"somebody else has changed {self._names.log} meanwhile")
        size = self.signed.size
        try:
            frontier = Frontier.of(TileHashes(self._store.tile, size), size)
        except Unproven as error:
            raise LogRefused(f"{error}: restore {self._names.log} from a backup") from error
        if frontier.root() != self.signed.root:
            raise LogRefused(
                f"the tiles no longer give the root that was signed for {size} events: "
                f"restore {self._names.log} from a backup"
            )
        return frontier

    def _check(self) -> None:
        """Whether tiles, checkpoint and events of the last signed tree belong together.

        Raises:
            LogRefused: they do not.
        """
        if self._signs:
            self._keys.check()
        self._frontier()
        signed = self.signed
        try:
            said = verify_checkpoint(signed.note, self._keys.verifiers())
        except Unproven as error:
            raise LogRefused(f"the last checkpoint is not this log's: {error}") from error
        if said != Checkpoint(self._keys.origin, signed.size, signed.root):
            raise LogRefused(
                f"the last checkpoint does not speak of the {signed.size} events it is kept for: "
                f"restore {self._names.log} from a backup"
            )
        if (head := self._head()) < signed.size:
            raise LogRefused(
                f"{signed.size} events are signed for, and the ledger ends at {head}: "
                f"restore a newer {self._names.events}"
            )
        if signed.size:
            self._check_last_bundle(signed.size)

    def _check_last_bundle(self, size: int) -> None:
        n = (size - 1) // TILE_WIDTH
        start = n * TILE_WIDTH
        if self._leaves(start, size) != hashes_in(self._store.tile(TileAt(0, n, size - start))):
            raise LogRefused(
                f"the events from {start + 1} to {size} are not those that were signed for: "
                f"restore an {self._names.events} that was not written to since"
            )

    def _leaves(self, after: int, upto: int) -> list[bytes]:
        """The leaf hashes of the events beyond a position up to another.

        Raises:
            LogRefused: one of them is missing.
        """
        rows = self._rows(after, upto)
        if len(rows) != upto - after or rows[-1].position != upto:
            raise LogRefused(f"events are missing between positions {after + 1} and {upto}")
        return leaf_hashes(map(entry_of_row, rows))

    def stop(self, problem: str) -> None:
        """Sign nothing more until the ledger is opened again, and log why, once."""
        if self.problem is None:
            self.problem = problem
            _log.error("log %s is not signed any more: %s", self._keys.origin, problem)
