"""What folds the contacts of one range, in another process or on another machine.

Rows do not depend on the ranges, nor on the order in which they are filled. The process that asked
writes them, and the digests are those of one pass.
"""

from __future__ import annotations

import gc
import zoneinfo
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgpack

from domain.errors import LedgerError
from domain.recorded import POLICY_STREAM
from projections.contact_walk import KnownLedger
from projections.filling import parts_of
from projections.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from projections.builds import AnyFilling, ReadModel
    from projections.generations import Generation
    from projections.operations import Work
    from projections.row_writing import Row
    from projections.source import EventSource
    from projections.tables import TableStore

    ReadEvents = Callable[[int], AbstractContextManager[EventSource]]
    FillElsewhere = Callable[
        [Sequence[ReadModel], Sequence[AnyFilling], KnownLedger, TableStore, Work], None
    ]

_SAMPLES = 500
_SAMPLES_OF_A_RANGE = 8


class WorkerLost(LedgerError):
    """What filled a range of contacts ended without a word."""


@dataclass(frozen=True)
class RangeTask:
    """What is to be done: these projections, for the contacts in a range.

    Contacts come after ``after``, up to and including ``last``, where they are given.
    ``read_events`` gives the events up to a position, and can be pickled, as all of this.
    """

    read_events: ReadEvents
    projections: Sequence[ReadModel]
    generations: Sequence[Generation]
    filled_events: int
    position: int
    after: UUID | None
    last: UUID | None
    time_zone_path: Sequence[str]
    gc_threshold: tuple[int, int, int]


def range_tasks(
    read_events: ReadEvents,
    projections: Sequence[ReadModel],
    fillings: Sequence[AnyFilling],
    known: KnownLedger,
    bounds: Sequence[UUID],
    filled_events: int,
) -> list[RangeTask]:
    """A task for each range between the bounds, and for those before the first and after the last.

    ``filled_events`` is after how many events rows are given.
    """
    generations = [one.generation for one in fillings]
    zone_path, threshold = zoneinfo.TZPATH, gc.get_threshold()
    return [
        RangeTask(
            read_events, projections, generations, filled_events, known.position, after, last,
            zone_path, threshold,
        )
        for after, last in zip([None, *bounds], [*bounds, None], strict=True)
    ]  # fmt: skip  # one argument a line would bury the list


def packed_parts(task: RangeTask) -> Iterator[bytes]:
    """The rows of a range, part by part: see ``unpack_part``.

    Raises:
        Stumbled: the log holds something that a projection cannot deal with.
    """
    zoneinfo.reset_tzpath(task.time_zone_path)
    gc.set_threshold(*task.gc_threshold)
    limits = replace(LIMITS, filled_events=task.filled_events)
    with task.read_events(task.position) as source:
        known = KnownLedger.at(source, task.position)
        fillings = [
            projection.filling(generation, known, limits)
            for projection, generation in zip(task.projections, task.generations, strict=True)
        ]
        for passed in parts_of(fillings, known, limits, task.after, task.last):
            rows = [one.rows.take() for one in fillings]
            yield msgpack.packb((passed, rows))


def unpack_part(part: bytes) -> tuple[int, list[list[list[Row]]]]:
    """How many events a part has passed, and its rows: of each filling, of each of its tables."""
    passed, rows = msgpack.unpackb(part, use_list=False)
    return passed, rows


def contact_bounds(source: EventSource, position: int, count: int) -> list[UUID]:
    """Contacts that divide the events into a number of about equal parts, by a sample of them."""
    step = max(position // max(_SAMPLES, _SAMPLES_OF_A_RANGE * count), 1)
    sample = []
    for after in range(0, position, step):
        (event,) = source.log(after=after, limit=1, upto=position, decrypt=False)
        sample.append(event.contact_id)
    sample = sorted(one for one in sample if one != POLICY_STREAM)
    found = {sample[len(sample) * part // count] for part in range(1, count) if sample}
    return sorted(found)
