"""What may be counted of a ledger's writing; who counts, and how, is not known here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class CommitObserver(Protocol):
    """Told by the committer's thread, which waits for it: it must return at once."""

    def committed(self, events: int, seconds: float) -> None:
        """So many events became durable in one transaction, which took so long."""

    def answered(self, outcomes: Sequence[object]) -> None:
        """What became of appends, told before who appended is.

        Each is ``Appended``, ``PolicyVersion``, ``Erased``, the error that kept it out, or a list
        of those.
        """

    def turned_away(self) -> None:
        """An append was not taken, since too many wait. From the thread that appends."""


class Unobserved:
    """An observer that takes no notice."""

    def committed(self, events: int, seconds: float) -> None:
        """Take no notice."""

    def answered(self, outcomes: Sequence[object]) -> None:
        """Take no notice."""

    def turned_away(self) -> None:
        """Take no notice."""
