"""Row 8: how long after an append the status list reflects it, under half of what it can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.load import open_loop
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, percentile, shown
from benchmarks.rows.appending import CONNECTIONS, Till
from benchmarks.served import VISIBLE, catch_up, rapport
from benchmarks.till import check_appended, purchases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.bench import Bench
    from benchmarks.load import Sight

GOAL = Goal(50, 20, at_least=False, absolute=True)
LOAD = 0.5
WATCH_EVERY = 10
"""Every how manieth append is watched: its status is asked for, and the answer waits for it."""


def measure(bench: Bench) -> Outcome:
    """Milliseconds at half the rate that the same server answered just before, clients waiting."""
    folder, size = bench.fresh(), bench.size
    runs: list[tuple[Sight, ...]] = []
    with rapport(folder) as port:
        till = Till(port, folder, size.contacts_at_till)
        most = Spread(tuple(till.rate(size.appends) for _ in range(size.runs)))
        rate = LOAD * most.median
        asked = purchases(till.contacts, max(int(rate * size.visible_seconds), 2 * WATCH_EVERY))
        for _ in range(size.runs):
            loaded = open_loop(
                port, asked, CONNECTIONS, rate=rate, watch=VISIBLE, watch_every=WATCH_EVERY
            )
            till.head = check_appended(loaded.replies, folder, till.head)
            agree("appends watched", len(loaded.sights), -(-len(asked) // WATCH_EVERY))
            catch_up(port, till.head)
            runs.append(loaded.sights)
            asked = purchases(till.contacts, len(asked))
    p99 = Spread(tuple(_ms(99, (one.since_answered for one in run)) for run in runs))
    p50 = Spread(tuple(_ms(50, (one.since_answered for one in run)) for run in runs))
    sent = Spread(tuple(_ms(99, (one.since_sent for one in run)) for run in runs))
    what = f"from the answer to an append to a status list with it, at {shown(rate)} appends/s"
    return Outcome(
        (
            Line(row="8", what=f"{what}, p99", unit="ms", ours=p99, goal=GOAL),
            Line(row="8", what="the same, p50", unit="ms", ours=p50),
            Line(row="8", what="the same from when the append was due, p99", unit="ms", ours=sent),
        ),
        f"Row 8: appends were due at {LOAD:.0%} of {most} a second, which 64 connections that wait "
        f"for their answers got from the same server before; {len(runs[0]):,} of {len(asked):,} "
        "were watched in each run.\n",
    )


def _ms(rank: float, seconds: Iterable[float]) -> float:
    return 1000 * percentile(seconds, rank)
