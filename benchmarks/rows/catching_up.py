"""Row 16: catching up after many lines in bulk, beside the seconds that taking them took.

On files, and on PostgreSQL.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.database import databases
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, seconds
from benchmarks.pouring import EVENTS_A_CONTACT, pour
from benchmarks.served import rapport, settle
from benchmarks.till import POLICY_EVENTS, stored_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

GOAL = Goal(0.3, 0.1, at_least=False)
_MOST_SECONDS = 3_600.0


def measure(bench: Bench) -> Outcome:
    """Seconds from the last outcome until every projection reflects the last line."""
    return Outcome(
        (_line(bench, "SQLite", lambda: None),), "Row 16: with `--full`, a million lines.\n"
    )


def measure_postgresql(bench: Bench) -> Outcome:
    """The same with the ledger in PostgreSQL."""
    with databases() as database:
        return Outcome((_line(bench, "PostgreSQL", database),))


def _line(bench: Bench, store: str, database: Callable[[], str | None]) -> Line:
    count = bench.size.poured_lines
    taken, caught_up = [], []
    for _ in range(bench.size.runs):
        folder, url = bench.fresh(), database()
        head = POLICY_EVENTS + count
        with rapport(folder, url) as port:
            taken.append(pour(port, count))
            agree("the log's head", stored_head(url or folder), head)
            caught_up.append(seconds(partial(settle, port, head, _MOST_SECONDS)))
    return Line(
        row="16",
        what=f"catching up after {count:,} lines in one request, of contacts of "
        f"{EVENTS_A_CONTACT} events, {store}",
        unit="s",
        ours=Spread(tuple(caught_up)),
        beside="taking the lines, from the first byte sent to the last outcome read",
        theirs=Spread(tuple(taken)),
        goal=GOAL,
    )
