"""Empty generations filled together, in one pass over the contacts.

The events of a contact are read and decoded once and made into one history, whatever number of
projections is filled. What each makes of it is collected, and written for many contacts at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.history import effective_history
from projections.build import Build, naming
from projections.contact_walk import Walk
from projections.folding import write_merge
from projections.generations import Tables
from projections.limits import LIMITS
from projections.row_writing import NewRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.history import History
    from domain.recorded import RecordedEvent
    from projections.builds import AnyFilling
    from projections.contact_walk import KnownLedger
    from projections.folding import Projection
    from projections.generations import Generation, Table
    from projections.limits import Limits
    from projections.operations import Work
    from projections.tables import TableStore, Transaction

_REDUCED_CONTACTS = 500


def fill(
    fillings: Sequence[AnyFilling],
    known: KnownLedger,
    store: TableStore,
    work: Work,
    limits: Limits = LIMITS,
) -> None:
    """Take every contact into all of these, and write what each makes of it.

    Their indexes, and what rests on several contacts, are left for ``finish`` of each.

    Raises:
        Cancelled: the work was; what was written stays.
        Stumbled: the log holds something that a projection cannot deal with.
    """
    moment = known.moment(fillings[0].generation.as_of)
    walk = Walk(known.source, known.aliases, known.position)
    with store.write() as connection:
        for filling in fillings:
            filling.begin(connection)
    waiting_count = 0
    for contact, events in walk:
        with naming(contact, moment):
            history = effective_history(events, contact)
            for filling in fillings:
                filling.take(contact, events, history)
        waiting_count += len(events)
        if waiting_count >= limits.filled_events:
            _write(fillings, store)
            work.advance(walk.done, walk.total)
            waiting_count = 0
    _write(fillings, store)
    work.advance(walk.done, walk.total)


def _write(fillings: Sequence[AnyFilling], store: TableStore) -> None:
    with store.write() as connection:
        for filling in fillings:
            filling.write(connection)


class ContactFilling:
    """An empty generation of a projection whose rows are folded contact by contact."""

    def __init__(
        self, projection: Projection, generation: Generation, known: KnownLedger, limits: Limits
    ) -> None:
        self.generation = generation
        self._projection = projection
        self._known = known
        self._limits = limits
        self._moment = known.moment(generation.as_of)
        self._rows = NewRows(projection.tables)

    def begin(self, connection: Transaction) -> None:
        """Write what the tables say beside the rows of contacts."""
        tables = Tables(connection, self.generation)
        for merge in self._known.merges:
            write_merge(tables, merge)

    def take(self, contact: UUID, events: Sequence[RecordedEvent], history: History) -> None:
        """Collect the rows of a survivor of whom anything is known."""
        if history.facts or history.retracted:
            measured = self._projection.measure(contact, history, self._moment)
            self._projection.collect(self._rows, contact, measured)

    def write(self, connection: Transaction) -> None:
        """Write what was collected."""
        self._rows.write(Tables(connection, self.generation))
        self._rows.clear()

    def finish(self, store: TableStore, work: Work) -> Build:
        """Make the rows that depend on those of other contacts, and the indexes.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds something that the projection cannot deal with.
        """
        self._reduce_all(store, work)
        index_tables(self._projection.tables, self.generation, store, work)
        return Build(self._projection, self.generation, store, self._known.source, self._limits)

    def _reduce_all(self, store: TableStore, work: Work) -> None:
        after: UUID | None = None
        while True:
            with store.write() as connection:
                tables = Tables(connection, self.generation)
                contacts = self._projection.reducible(tables, after, _REDUCED_CONTACTS)
                for contact in contacts:
                    with naming(contact, self._moment):
                        self._projection.reduce(tables, contact, self._moment)
            if not contacts:
                return
            after = contacts[-1]
            work.check()


def index_tables(
    tables: Sequence[Table], generation: Generation, store: TableStore, work: Work
) -> None:
    """Make the indexes of tables that were filled without them, each in a transaction.

    Rows come in the order of their keys, and an index in the order of something else: made at the
    end it is sorted once, and kept up with every row it is searched for each.
    """
    for table in tables:
        if table.indexes:
            with store.write() as connection:
                Tables(connection, generation).create_indexes(table)
            work.check()
