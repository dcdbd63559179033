"""The two ends of a move from one store to the other: protocols.

A move copies every ledger of a data folder beside the server, and then exchanges what is served for
the copies. The keys stay in the folder in any case. Everything here can be done again after it was
cut off, with the same end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from ledger.stores.reading import EventColumns
    from ledger.stores.store import LedgerStore, Store

MOVED = "moved"
"""The folder in a data folder for what was served before a move, by the id of the move."""


class CopiedEvents(Protocol):
    """The events of a copy, which nobody else reads or writes."""

    position: int
    """How far they are there, durably as far as the process is concerned."""

    def add(self, rows: Sequence[EventColumns]) -> None:
        """Keep these events, which continue from those before, in one transaction."""

    def rows(self, after: int, upto: int, limit: int) -> Sequence[EventColumns]:
        """A page of the events beyond a position up to another, in order."""

    def close(self) -> None:
        """Let them go."""


class Copies(Protocol):
    """The copies of ledgers in the store that a move leads to."""

    @property
    def store(self) -> Store:
        """Where access keys and trails of the copies are; its ledgers are the copies, by name."""

    def receive(self, move: UUID) -> None:
        """Get ready for the copies of that move, which may have begun before.

        Raises:
            FolderUnusable: there are ledgers already, or another move has begun there.
        """

    def names(self) -> list[str]:
        """The names of the ledgers of which there is a copy, or the beginning of one."""

    def ledger(self, name: str) -> LedgerStore:
        """The copy of that ledger, begun where there is none."""

    def events(self, name: str) -> CopiedEvents:
        """The events of a copy that was begun."""

    def identities(self) -> Mapping[str, UUID] | None:
        """Under which id the keys of each copy will be; None where they will be under its name."""

    def drop(self, name: str) -> None:
        """Take a copy away."""

    def flush(self) -> None:
        """Make every copy durable."""


class MoveEnd(Protocol):
    """A store as what a move leads from, or to."""

    @property
    def kind(self) -> str:
        """``files`` or ``database``."""

    @property
    def store(self) -> Store:
        """What is served while there is no move."""

    @property
    def copies(self) -> Copies:
        """What is being copied to here."""

    def require_served(self) -> None:
        """Let pass a store that has the ledgers of the data folder.

        Raises:
            FolderUnusable: another one has them.
        """

    def identities(self) -> Mapping[str, UUID] | None:
        """Under which id the keys of each ledger are; None where they are under its name."""

    def fence(self) -> AbstractContextManager[None]:
        """While this lasts, no process records in the ledgers that are served."""

    def put_aside(self, move: UUID, ledgers: Mapping[str, UUID]) -> None:
        """Have what was served be served no more; it stays, under other names."""

    def take(self, move: UUID, ledgers: Mapping[str, UUID]) -> None:
        """Have the copies be the ledgers."""

    def complete(self, move: UUID) -> None:
        """Have the data folder say that this store has its ledgers."""
