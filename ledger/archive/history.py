"""Every checkpoint ever signed: written as lines, and checked against the tree of the events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import LedgerError
from domain.instants import format_instant, parse_instant
from ledger.archive.layout import CHUNK_CHECKPOINTS, CHUNK_EVENTS, line
from ledger.archive.refusals import ArchiveRefused
from ledger.transparency.checkpoints import verify_checkpoint
from ledger.transparency.notes import from_base64, to_base64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.archive.body import Body
    from ledger.transparency.notes import Verifier

MOST_WAITING = 20 * CHUNK_EVENTS
"""How many checkpoints may stand before one chunk of events, which has a thousand at most."""


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint as it was signed; ``signed_at`` in microseconds of UTC."""

    size: int
    root: bytes
    note: bytes
    signed_at: int


def checkpoint_line(checkpoint: SignedCheckpoint) -> bytes:
    """The checkpoint as a line."""
    return line(
        {
            "size": checkpoint.size,
            "root": to_base64(checkpoint.root),
            "signed_at": format_instant(checkpoint.signed_at),
            "note": checkpoint.note.decode(),
        }
    )


def read_line(text: bytes) -> SignedCheckpoint:
    """The checkpoint of a line, without its newline; nothing of it is verified here.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: it is not such a line.
    """
    values = json.loads(text)
    return SignedCheckpoint(
        size=values["size"],
        root=from_base64(values["root"]),
        note=values["note"].encode(),
        signed_at=parse_instant(values["signed_at"]),
    )


class RootDiffers(ArchiveRefused):
    """The events do not give a root that was signed.

    ``first`` and ``last`` bound the positions of the event that was changed: ``last`` is the size
    of the checkpoint, ``first`` stands after the largest one before it that holds. ``checkpoint``
    says in words which one it is, by the line of its member.
    """

    def __init__(self, first: int, last: int, member: str, number: int) -> None:
        self.first, self.last = first, last
        self.checkpoint = f"line {number} of {member}"
        super().__init__(f"the events do not give the root in {self.checkpoint}", member, first)


class History:
    """The checkpoints of an archive that is being read, checked as they come."""

    def __init__(self, origin: str, verifiers: Sequence[Verifier]) -> None:
        self.count = 0
        self.members = 0
        """How many checkpoints, and how many members of them, were taken."""
        self.last: SignedCheckpoint | None = None
        self._origin = origin
        self._verifiers = verifiers
        self._waiting: list[tuple[int, bytes, str, int]] = []
        self._held = 0
        """The size of the largest checkpoint that the events gave."""

    def take(self, content: bytes, member: str) -> None:
        """Read a member of lines: each signed by a key of the log, and none smaller than before.

        Raises:
            ArchiveRefused: one is not.
        """
        self.members += 1
        lines = content.split(b"\n")
        if lines.pop() or not 1 <= len(lines) <= CHUNK_CHECKPOINTS:
            raise ArchiveRefused("is damaged: a chunk of checkpoints has 1 to 1,000 lines", member)
        for number, text in enumerate(lines, 1):
            try:
                checkpoint = self._read(text)
            except (LedgerError, ValueError, LookupError, TypeError, AttributeError) as error:
                raise ArchiveRefused(
                    f"line {number} is not a checkpoint: {error}", member
                ) from None
            if self.last is not None and checkpoint.size <= self.last.size:
                why = f"line {number} is not a larger log than the one before"
                raise ArchiveRefused(why, member)
            self.last = checkpoint
            self.count += 1
            self._waiting.append((checkpoint.size, checkpoint.root, member, number))
        if len(self._waiting) > MOST_WAITING:
            raise ArchiveRefused("has too many checkpoints for the events that follow", member)

    def _read(self, text: bytes) -> SignedCheckpoint:
        found = read_line(text)
        signed = verify_checkpoint(found.note, self._verifiers)
        if signed.origin != self._origin:
            raise ValueError("it is another log's")
        if (signed.size, signed.root) != (found.size, found.root) or checkpoint_line(
            found
        ) != text + b"\n":
            raise ValueError("it is not what an export writes")
        return found

    def check(self, body: Body) -> None:
        """Take the leaves of the newest chunk into the tree, and hold the checkpoints against it.

        Raises:
            RootDiffers: a checkpoint has another root than the events give.
            ArchiveRefused: one is of a size that other events give.
        """
        before, leaves, done = body.tree.size, body.leaves, 0
        for size, root, member, number in self._waiting:
            upto = size - before
            if upto > len(leaves) or (upto <= 0 and size > 0):
                raise ArchiveRefused(f"line {number} is of a size that other events give", member)
            body.tree.extend(leaves[done:upto])
            done = max(done, upto)
            if root != body.tree.root():
                raise RootDiffers(min(self._held + 1, size), size, member, number)
            self._held = size
        body.tree.extend(leaves[done:])
        self._waiting.clear()
