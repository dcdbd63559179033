"""What may be counted of a ledger's writing; who counts, and how, is not known here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class CommitObserver(Protocol):
    """The committer's thread calls it and waits for it: it must return at once."""

    def on_commit(self, events: int, seconds: float) -> None:
        """A number of events became durable in one transaction, after this time."""

    def on_answer(self, outcomes: Sequence[object]) -> None:
        """The outcomes of appends, before they are answered.

        Each is ``AppendResult``, ``PolicyVersion``, ``ErasureResult``, the error that kept it out,
        or a list of those.
        """

    def turned_away(self) -> None:
        """An append was not taken, since too many wait. From the thread that appends."""


class NullObserver:
    """An observer that takes no notice."""

    def on_commit(self, events: int, seconds: float) -> None:
        """Take no notice."""

    def on_answer(self, outcomes: Sequence[object]) -> None:
        """Take no notice."""

    def turned_away(self) -> None:
        """Take no notice."""
