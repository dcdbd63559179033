"""What a log signs: its origin, its size and its root. Source: C2SP tlog-checkpoint v1.0.0."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Unproven
from ledger.transparency import notes
from ledger.transparency.merkle import EMPTY_ROOT, HASH_BYTES, MOST_LEAVES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.transparency.notes import Verifier

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointRefused(Unproven):
    """The text is not a checkpoint, or not one of the log that it should be of."""


@dataclass(frozen=True)
class Checkpoint:
    """The tree of a log at one size; ``root`` has 32 bytes, ``extensions`` are lines.

    Raises:
        CheckpointRefused: no checkpoint can say that.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin:
            raise CheckpointRefused("the origin of a checkpoint is one line")
        if not 0 <= self.size <= MOST_LEAVES:
            raise CheckpointRefused("no tree has less than no or more than 2**63 - 1 leaves")
        if len(self.root) != HASH_BYTES:
            raise CheckpointRefused(f"the root in a checkpoint has {HASH_BYTES} bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointRefused("a tree without leaves has another root")
        if any(not line or "\n" in line for line in self.extensions):
            raise CheckpointRefused("an extension of a checkpoint is one line")

    def text(self) -> str:
        """The text to sign, which ``read`` reads."""
        lines = (self.origin, str(self.size), notes.to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def read(cls, text: str) -> Checkpoint:
        """The checkpoint with this text, and ``text`` gives it again.

        Raises:
            CheckpointRefused: it is not a checkpoint in every detail.
        """
        *lines, rest = text.split("\n")
        if rest or len(lines) < 3:
            raise CheckpointRefused("a checkpoint has three lines at least, each with its newline")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise CheckpointRefused("the second line of a checkpoint is a size in decimal digits")
        try:
            content = notes.from_base64(root)
        except ValueError:
            raise CheckpointRefused("the third line of a checkpoint is a root in base64") from None
        return cls(origin, int(size), content, tuple(extensions))


def verify_checkpoint(content: bytes, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint that this note is, signed by its log: by a key with the name of its origin.

    Raises:
        NoteRefused: the note is refused by ``notes.verify``.
        CheckpointRefused: it is not a checkpoint, or another than its log signed it.
    """
    note = notes.verify(content, verifiers)
    checkpoint = Checkpoint.read(note.text)
    if all(signature.name != checkpoint.origin for signature in note.signatures):
        raise CheckpointRefused("no key with the name of the log signed the checkpoint")
    return checkpoint
