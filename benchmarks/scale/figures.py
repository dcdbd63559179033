"""What is measured at each size, and how it may grow with the data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TOLERANCE = 1.25
"""How many times faster than the data something may grow from one size to the next.

Each figure is taken once, on a machine that may do something else meanwhile.
"""


class Kind(Enum):
    """What a figure says about the whole work."""

    RATE = "events a second"
    PER_EVENT = "an event"
    WHOLE = "the whole work"


@dataclass(frozen=True)
class Measure:
    """One figure: its name, and its unit."""

    name: str
    unit: str
    kind: Kind

    def total(self, events: int, figure: float) -> float:
        """What the figure comes to for so many events, in a unit of its own: greater is worse."""
        if self.kind is Kind.RATE:
            return events / figure
        return figure * events if self.kind is Kind.PER_EVENT else figure


IMPORT = Measure("import of a file", "events/s", Kind.RATE)
FILL = Measure("all projections filled", "events/s", Kind.RATE)
APPEND = Measure("appends in process", "appends/s", Kind.RATE)
DISK = Measure("bytes on disk", "bytes an event", Kind.PER_EVENT)
REBUILD = Measure("rebuild of all projections", "events/s", Kind.RATE)
MEMORY = Measure("peak memory of the rebuild", "MiB", Kind.WHOLE)
REPLAY = Measure("replay of the ledger", "events/s", Kind.RATE)
VERIFY = Measure("verify of the folder", "events/s", Kind.RATE)
START = Measure("server to its first answer", "s", Kind.WHOLE)
LIST = Measure("list of 50 statuses, p50", "ms", Kind.WHOLE)
SUMMARY = Measure("summary of stages, p50", "ms", Kind.WHOLE)
SEARCH = Measure("search of a name, p50", "ms", Kind.WHOLE)

MEASURES = (
    IMPORT, FILL, APPEND, DISK, REBUILD, MEMORY, REPLAY, VERIFY, START, LIST, SUMMARY, SEARCH,
)  # fmt: skip  # a list of names reads better in a block


@dataclass(frozen=True)
class Size:
    """What was measured with so many events."""

    events: int
    contacts: int
    figures: Mapping[Measure, float]


def defects(sizes: Sequence[Size]) -> Iterator[str]:
    """What grew faster than the data from one size to the next, in words."""
    for before, after in pairwise(sizes):
        data = after.events / before.events
        for measure in MEASURES:
            earlier = measure.total(before.events, before.figures[measure])
            growth = measure.total(after.events, after.figures[measure]) / earlier
            if growth > TOLERANCE * data:
                yield (
                    f"{measure.name}: from {before.events:,} to {after.events:,} events it grows "
                    f"{growth:.1f} times, and the data {data:.1f} times"
                )
