"""Row 2: single events appended over HTTP into PostgreSQL, beside an empty POST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.database import databases
from benchmarks.measure import Goal, Line, Outcome, in_turns
from benchmarks.rows.appending import Till, empty_posts
from benchmarks.served import bare, rapport

if TYPE_CHECKING:
    from benchmarks.bench import Bench

GOAL = Goal(0.35, 0.60)


def measure(bench: Bench) -> Outcome:
    """Requests a second of both, as in row 1."""
    size = bench.size
    with databases() as database:
        url = database()
        with rapport(bench.fresh(), url) as ours, bare() as theirs:
            till = Till(ours, url, size.contacts_at_till)
            appended, empty = in_turns(
                size.runs,
                lambda: till.rate(size.appends),
                lambda: empty_posts(theirs, size.appends),
            )
    return Outcome(
        (
            Line(
                row="2",
                what="single-event durable appends over HTTP, 64 connections, PostgreSQL",
                unit="appends/s",
                ours=appended,
                beside="an empty POST of the same bodies, read into a model, same server program",
                theirs=empty,
                goal=GOAL,
            ),
        ),
        "Row 2: a PostgreSQL on the same machine, with `fsync` and `synchronous_commit` on.\n",
    )
