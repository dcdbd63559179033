"""Row 5: a rebuild in as many processes as there are cores, beside one process times cores."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from benchmarks.database import databases
from benchmarks.measure import Goal, Line, Outcome, in_turns
from benchmarks.rows.rebuild import rebuild_all

if TYPE_CHECKING:
    from api.service.server import OpenLedger
    from benchmarks.bench import Bench

GOAL = Goal(0.80, 0.95)


def measure(bench: Bench) -> Outcome:
    """Events a second of both, from files and from PostgreSQL."""
    with bench.opened(bench.copy()) as served:
        lines = [_line(bench, served, "SQLite")]
    with databases() as database:
        url, folder = database(), bench.fresh()
        bench.import_into(folder, url)
        with bench.opened(folder, url) as served:
            lines.append(_line(bench, served, "PostgreSQL"))
    return Outcome(tuple(lines))


def _line(bench: Bench, served: OpenLedger, store: str) -> Line:
    events, cores = served.ledger.head(), len(os.sched_getaffinity(0))
    ours, theirs = in_turns(
        bench.size.runs,
        lambda: events / rebuild_all(served, cores),
        lambda: cores * events / rebuild_all(served),
    )
    return Line(
        row="5",
        what=f"rebuild of all projections in {cores} processes, {store} ({bench.file.label})",
        unit="events/s",
        ours=ours,
        beside=f"one process, times {cores} cores",
        theirs=theirs,
        goal=GOAL,
    )
