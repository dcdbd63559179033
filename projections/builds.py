"""What can be followed: the builds of every projection, whichever way they go through the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from projections.build import Build
from projections.filling import fill
from projections.folding import Projection
from projections.restatements import RestatementProjection
from projections.restating import Restating

if TYPE_CHECKING:
    from projections.generations import Generation
    from projections.operations import Work
    from projections.source import EventSource
    from projections.tables import TableStore

ReadModel: TypeAlias = Projection | RestatementProjection
AnyBuild: TypeAlias = Build | Restating


def open_build(
    projection: ReadModel, generation: Generation, store: TableStore, source: EventSource
) -> AnyBuild:
    """A generation of a projection, to be brought forward."""
    if isinstance(projection, RestatementProjection):
        return Restating(projection, generation, store, source)
    return Build(projection, generation, store, source)


def begins_at(projection: ReadModel, position: int) -> int:
    """Where an empty generation stands that is to be filled up to a position.

    Restatements are taken in event by event, everything else contact by contact.
    """
    return 0 if isinstance(projection, RestatementProjection) else position


def filled(
    projection: ReadModel,
    generation: Generation,
    store: TableStore,
    source: EventSource,
    work: Work,
    upto: int,
) -> AnyBuild:
    """An empty generation made to hold what follows from the log up to position ``upto``.

    Raises:
        Cancelled: the work was; what was written stays.
        Stumbled: the log holds something that the projection cannot deal with.
    """
    if not isinstance(projection, RestatementProjection):
        fill(projection, store, source, generation, work)
        return Build(projection, generation, store, source)
    build = Restating(projection, generation, store, source)
    total = counted(source, upto)
    while build.step(upto, generation.as_of):
        work.advance(counted(source, build.position), total)
    return build


def counted(source: EventSource, position: int) -> int:
    """How many events of contacts there are up to a position."""
    return position - len(source.policies(position).versions)
