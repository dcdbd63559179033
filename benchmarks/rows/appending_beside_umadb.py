"""Row 15: appends over HTTP with their decisions, beside UmaDB's server, which decides nothing."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from benchmarks.measure import Goal, Line, Outcome, in_turns
from benchmarks.peers.umadb_server import appends_a_second, python, umadb, version
from benchmarks.rows.appending import CONNECTIONS, Till
from benchmarks.served import rapport
from benchmarks.till import purchases

if TYPE_CHECKING:
    from benchmarks.bench import Bench

GOAL = Goal(0.5, 1.0)


def measure(bench: Bench) -> Outcome:
    """Appends a second of both, each durable before the next of its client is sent.

    Raises:
        NotMeasured: UmaDB is not installed.
    """
    python()
    folder, size = bench.fresh(), bench.size
    with rapport(folder) as ours, umadb(bench.fresh()) as theirs:
        till = Till(ours, folder, size.contacts_at_till)
        asked = count(0, size.appends)
        appended, beside = in_turns(
            size.runs,
            lambda: till.rate(size.appends),
            lambda: appends_a_second(
                theirs, purchases(till.contacts, size.appends), CONNECTIONS, next(asked)
            ),
        )
    return Outcome(
        (
            Line(
                row="15",
                what=f"durable appends over HTTP with their decisions, {CONNECTIONS} clients",
                unit="appends/s",
                ours=appended,
                beside=f"UmaDB {version()} over gRPC, the same bodies with an id and a tag each",
                theirs=beside,
                goal=GOAL,
            ),
        )
    )
