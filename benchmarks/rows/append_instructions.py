"""Row 1b: instructions of an append over HTTP, beside those of an empty POST on the same server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.cachegrind import Counts, require_valgrind
from benchmarks.measure import Goal, Line, Outcome, Spread
from benchmarks.rows.appending import CONNECTIONS, Till, empty_posts
from benchmarks.served import BARE, Running, counted_server, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.bench import Bench

GOAL = Goal(1.3, 1.0, at_least=False)
CONTACTS = 20
MORE = 3
"""How many times as many the second run of each server answers."""


def measure(bench: Bench) -> Outcome:
    """Each server answers some, and in another run more; what these take more is divided by them.

    Counts hardly differ from run to run, so each run is made once.

    Raises:
        NotMeasured: there is no valgrind.
    """
    require_valgrind()
    few, many = bench.size.counted_appends, MORE * bench.size.counted_appends
    ours = [_appended(bench, count) for count in (few, many)]
    theirs = [_posted(bench, count) for count in (few, many)]
    total, serving, empty = (
        (after - before) / (many - few)
        for before, after in (
            (ours[0][0], ours[1][0]), (ours[0][1], ours[1][1]), (theirs[0][0], theirs[1][0]),
        )
    )  # fmt: skip  # a pair a line
    return Outcome(
        (
            Line(
                row="1b",
                what=f"instructions of an append over HTTP, {CONNECTIONS} connections, followers "
                "and transparency log included",
                unit="instructions",
                ours=Spread((total,)),
                beside="an empty POST of the same bodies, read into a model, same server program",
                theirs=Spread((empty,)),
                goal=GOAL,
            ),
            Line(
                row="1b",
                what="the same in the process that answers, without those beside it",
                unit="instructions",
                ours=Spread((serving,)),
                beside="the same",
                theirs=Spread((empty,)),
            ),
        ),
        f"Row 1b: counted by cachegrind, {few:,} and {many:,} requests in runs of their own. Under "
        "cachegrind a server is slow, so its commits are as large as the connections make them, "
        "and its followers take smaller steps than on a busy server.\n",
    )


def _appended(bench: Bench, count: int) -> tuple[int, int]:
    folder = bench.fresh()
    program = [sys.executable, "-c", "from api.cli import main; main()", "serve"]

    def work(port: int) -> None:
        till = Till(port, folder, CONTACTS)
        settle(port, till.head)
        till.rate(count)
        settle(port, till.head)

    return _counted(bench, [*program, "--data", str(folder), "--port"], work)


def _posted(bench: Bench, count: int) -> tuple[int, int]:
    return _counted(bench, BARE, lambda port: empty_posts(port, count))


def _counted(
    bench: Bench, program: list[str] | tuple[str, ...], work: Callable[[int], object]
) -> tuple[int, int]:
    """The instructions of all processes of a server, and of the one that answers."""
    counts: Path = bench.fresh()
    counts.mkdir()
    with counted_server(program, counts) as running:
        server: Running = running
        work(server.port)
    return Counts(counts).total(), Counts(counts).of(server.process_id)
