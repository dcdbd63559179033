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
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from domain.history import History
    from domain.recorded import RecordedEvent
    from projections.builds import AnyFilling
    from projections.contact_walk import KnownLedger
    from projections.folding import Projection
    from projections.generations import Generation, Table
    from projections.limits import Limits
    from projections.operations import Work
    from projections.row_writing import Row
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
    begin(fillings, store)
    done = 0
    for passed in parts_of(fillings, known, limits):
        write_rows(fillings, [one.rows.take() for one in fillings], store)
        done += passed
        work.advance(done, known.contact_events)


def begin(fillings: Sequence[AnyFilling], store: TableStore) -> None:
    """Write what the tables of these say beside the rows of contacts."""
    with store.write() as connection:
        for filling in fillings:
            filling.begin(connection)


def parts_of(
    fillings: Sequence[AnyFilling],
    known: KnownLedger,
    limits: Limits,
    after: UUID | None = None,
    last: UUID | None = None,
) -> Iterator[int]:
    """Take the contacts in a range, and stop whenever enough rows were collected.

    The range begins after ``after`` and ends with ``last``, where they are given. Gives how many
    events were passed since the last stop.

    Raises:
        Stumbled: the log holds something that a projection cannot deal with.
    """
    moment = known.moment(fillings[0].generation.as_of)
    walk = Walk(known.source, known.aliases, known.position, after=after, last=last)
    told = 0
    for contact, events in walk:
        with naming(contact, moment):
            history = effective_history(events, contact)
            for filling in fillings:
                filling.take(contact, events, history)
        if walk.done - told >= limits.filled_events:
            yield walk.done - told
            told = walk.done
    yield walk.done - told


def write_rows(
    fillings: Sequence[AnyFilling], taken: Iterable[Iterable[Sequence[Row]]], store: TableStore
) -> None:
    """Write what was taken of the rows of each, in one short transaction."""
    with store.write() as connection:
        for filling, rows in zip(fillings, taken, strict=True):
            filling.rows.write(Tables(connection, filling.generation), rows)


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
        self.rows = NewRows(projection.tables)

    def begin(self, connection: Transaction) -> None:
        """Write what the tables say beside the rows of contacts."""
        tables = Tables(connection, self.generation)
        for merge in self._known.merges:
            write_merge(tables, merge)

    def take(self, contact: UUID, events: Sequence[RecordedEvent], history: History) -> None:
        """Collect the rows of a survivor of whom anything is known."""
        if history.facts or history.retracted:
            measured = self._projection.measure(contact, history, self._moment)
            self._projection.collect(self.rows, contact, measured)

    def finish(self, store: TableStore, work: Work) -> Build:
        """Make the rows that depend on those of others, and the indexes.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds something that the projection cannot deal with.
        """
        tables = self._projection.tables
        first = [one for one in tables if one.indexed_first]
        index_tables(first, self.generation, store, work)
        self._reduce_all(store, work)
        rest = [one for one in tables if not one.indexed_first]
        index_tables(rest, self.generation, store, work)
        with store.write() as connection:
            self._projection.complete(Tables(connection, self.generation))
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
