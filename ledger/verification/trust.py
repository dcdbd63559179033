"""What the reader of a verification brings from elsewhere, and how progress is shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.notes import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.master_keys import MasterKey
    from ledger.transparency.notes import Verifier

Progress = Callable[[str, int], AbstractContextManager[Callable[[int, str], None]]]
"""Shows a bar of that name and length; what it gives takes the position and a text."""

COMPANIONS_SKIPPED = (
    "companion ids: they follow from the namespace, which travels only with the keys "
    "(rapport import --keys)"
)
"""What cannot be checked where the namespace is not known."""


@dataclass(frozen=True)
class KeptCheckpoint:
    """A checkpoint that was kept elsewhere: its note, and the name of the file it came in."""

    name: str
    note: bytes

    @property
    def origin(self) -> str:
        """Of which log it says to be.

        Raises:
            Unproven: it is not a checkpoint.
        """
        return Checkpoint.read(Note.read(self.note).text).origin


@dataclass(frozen=True)
class Trust:
    """What the reader brings from elsewhere: the master key, verifier keys, and checkpoints."""

    master_key: MasterKey | bytes | None = None
    verifiers: Sequence[Verifier] = ()
    kept: Sequence[KeptCheckpoint] = field(default=())
