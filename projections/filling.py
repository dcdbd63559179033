"""An empty generation filled: both steps of a projection over everything up to its position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.history import effective_history
from projections.build import naming, refold
from projections.contact_walk import Walk, aliases_at
from projections.folding import Moment, write_merge
from projections.generations import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from domain.history import History
    from projections.folding import Projection
    from projections.generations import Generation
    from projections.operations import Work
    from projections.source import EventSource
    from projections.tables import TableStore

_CHUNK_EVENTS = 500
_CHUNK_CONTACTS = 500


def fill(
    projection: Projection,
    store: TableStore,
    source: EventSource,
    generation: Generation,
    work: Work,
) -> None:
    """Make the rows of a generation whose tables are empty, at its position and instant.

    Raises:
        Cancelled: the work was; what was written stays.
        Stumbled: the log holds something that the projection cannot deal with.
    """
    position = generation.position
    policies = source.policies(position)
    aliases, merges = aliases_at(source, position)
    moment = Moment(position, generation.as_of, policies, source.time_zone, aliases)
    walk = Walk(source, aliases, position)
    with store.write() as connection:
        for merge in merges:
            write_merge(Tables(connection, generation), merge)
    for chunk in _chunks(walk, moment):
        with store.write() as connection:
            tables = Tables(connection, generation, fresh=True)
            for contact, history in chunk:
                refold(projection, tables, contact, history, moment)
        work.advance(walk.done, walk.total)
    _reduce_all(projection, store, generation, moment, work)


def _chunks(walk: Walk, moment: Moment) -> Iterator[list[tuple[UUID, History]]]:
    """Every survivor with its history, in short lists, so that no transaction is long."""
    chunk: list[tuple[UUID, History]] = []
    events_held = 0
    for contact, events in walk:
        with naming(contact, moment):
            history = effective_history(events, contact)
        chunk.append((contact, history))
        events_held += len(events)
        if events_held >= _CHUNK_EVENTS or len(chunk) >= _CHUNK_CONTACTS:
            yield chunk
            chunk, events_held = [], 0
    yield chunk


def _reduce_all(
    projection: Projection, store: TableStore, generation: Generation, moment: Moment, work: Work
) -> None:
    after: UUID | None = None
    while True:
        with store.write() as connection:
            tables = Tables(connection, generation)
            contacts = projection.reducible(tables, after, _CHUNK_CONTACTS)
            for contact in contacts:
                with naming(contact, moment):
                    projection.reduce(tables, contact, moment)
        if not contacts:
            return
        after = contacts[-1]
        work.check()
