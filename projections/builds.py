"""What every projection and every build is to the others, whichever way it goes through the log.

A projection makes its own builds, so that nothing else has to know which one it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.history import History
    from domain.recorded import RecordedEvent
    from projections.contact_walk import KnownLedger
    from projections.generations import Generation, Table, Tables
    from projections.limits import Limits
    from projections.operations import Work
    from projections.outbox import Outbox
    from projections.reporting import Reporter
    from projections.row_writing import NewRows
    from projections.source import EventSource, Page
    from projections.tables import TableStore, Transaction


class AnyBuild(Protocol):
    """A generation of a projection on its way forward through the log. Not for two threads."""

    generation: Generation
    outbox: Outbox | None

    @property
    def gives_way(self) -> bool:
        """Whether it waits until the other builds stand at the head of the log."""

    @property
    def is_dear(self) -> bool:
        """Whether its last step cost far more than its events are worth, so that it had rest."""

    @property
    def position(self) -> int:
        """Everything up to this position is taken in."""

    @property
    def next_breakpoint(self) -> int | None:
        """The next instant at which a row changes without an event."""

    def step(self, upto: int, at: int, page: Page | None = None) -> bool:
        """Take in some events up to position ``upto``, and time up to ``at``.

        ``page`` may hold what others have read. False if there was nothing to do, and then nothing
        was written.

        Raises:
            Stumbled: a history or row that the projection cannot deal with; nothing was written.
        """


class AnyFilling(Protocol):
    """An empty generation that is filled in a pass over the contacts, with others or alone."""

    @property
    def generation(self) -> Generation:
        """What is filled."""

    @property
    def rows(self) -> NewRows:
        """What was collected of its rows."""

    def begin(self, connection: Transaction) -> None:
        """Write what the tables say beside the rows of contacts."""

    def take(self, contact: UUID, events: Sequence[RecordedEvent], history: History) -> None:
        """Collect the rows of the next survivor, in the order of their ids.

        ``events`` are all that its history is made of.
        """

    def finish(self, store: TableStore, work: Work) -> AnyBuild:
        """Make what is still missing once every contact was taken; ready to be brought forward.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds something that the projection cannot deal with.
        """


class ReadModel(Protocol):
    """A projection, as everything but its own builds and queries knows it."""

    @property
    def name(self) -> str:
        """What it is called in URLs and in table names."""

    @property
    def title(self) -> str:
        """What it is a list of, for people who do not program."""

    @property
    def version(self) -> int:
        """Changes whenever the same log would give other rows."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables, in the order in which they are digested."""

    @property
    def reporter(self) -> Reporter | None:
        """What reports its rows to the outbox, if anything does."""

    def next_breakpoint(self, tables: Tables) -> int | None:
        """The next instant at which a row changes without an event."""

    def open(
        self, generation: Generation, store: TableStore, source: EventSource, limits: Limits
    ) -> AnyBuild:
        """A generation of it, to be brought forward."""

    def filling(self, generation: Generation, known: KnownLedger, limits: Limits) -> AnyFilling:
        """An empty generation of it without indexes, to be filled with what is known."""


def count_contact_events(source: EventSource, position: int) -> int:
    """How many events of contacts there are up to a position."""
    return position - len(source.policies(position).versions)
