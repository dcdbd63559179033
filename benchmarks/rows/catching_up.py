"""Row 16: catching up after many lines in bulk, beside the seconds that taking them took."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.measure import Goal, Line, Outcome, Spread, agree, seconds
from benchmarks.pouring import EVENTS_A_CONTACT, pour
from benchmarks.served import rapport, settle
from benchmarks.till import POLICY_EVENTS, stored_head

if TYPE_CHECKING:
    from benchmarks.bench import Bench

GOAL = Goal(0.3, 0.1, at_least=False)
_MOST_SECONDS = 3_600.0


def measure(bench: Bench) -> Outcome:
    """Seconds from the last outcome until every projection reflects the last line."""
    count = bench.size.poured_lines
    taken, caught_up = [], []
    for _ in range(bench.size.runs):
        folder = bench.fresh()
        head = POLICY_EVENTS + count
        with rapport(folder) as port:
            taken.append(pour(port, count))
            agree("the log's head", stored_head(folder), head)
            caught_up.append(seconds(partial(settle, port, head, _MOST_SECONDS)))
    return Outcome(
        (
            Line(
                row="16",
                what=f"catching up after {count:,} lines in one request, of contacts of "
                f"{EVENTS_A_CONTACT} events",
                unit="s",
                ours=Spread(tuple(caught_up)),
                beside="taking the lines, from the first byte sent to the last outcome read",
                theirs=Spread(tuple(taken)),
                goal=GOAL,
            ),
        ),
        "Row 16: with `--full`, a million lines.\n",
    )
