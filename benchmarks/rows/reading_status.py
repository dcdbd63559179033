"""Row 13: the status of one contact over HTTP, beside an empty GET on a bare FastAPI program."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.bench import PRESET
from benchmarks.load import closed_loop
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, percentile
from benchmarks.recount import recount
from benchmarks.served import LEDGER, bare, rapport, settle
from benchmarks.till import stored_head
from domain.instants import parse_instant
from domain.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.bench import Bench
    from benchmarks.load import Loaded, Request

AGAIN = Goal(1.5, 1.2, at_least=False)
FIRST = Goal(5.0, 3.0, at_least=False)
CONNECTIONS = 16


def measure(bench: Bench) -> Outcome:
    """Milliseconds of all at 16 connections; every contact is read twice in a run.

    Each run has a server of its own, which keeps no status before the first reads; those that it
    then keeps are what is read again.
    """
    folder = bench.copy()
    customers = list(dict.fromkeys(one.customer for one in bench.purchases))[: bench.size.reads]
    asked = [("GET", f"{LEDGER}/contacts/cdnow:{one}/status", "") for one in customers]
    first: list[Loaded] = []
    again: list[Loaded] = []
    theirs: list[Loaded] = []
    with rapport(folder) as port:
        settle(port, stored_head(folder))
    for _ in range(bench.size.runs):
        with rapport(folder) as port, bare() as bare_port:
            first.append(_asked(port, asked))
            again.append(_asked(port, asked))
            theirs.append(_asked(bare_port, asked))
    for loaded in (first[-1], again[-1]):
        _check(bench, customers, loaded)
    lines = [
        _line(f"{which}, p{rank}", rank, ours, theirs, goal)
        for which, ours, goal in (
            ("that was read before", again, AGAIN),
            ("for the first time", first, FIRST),
        )
        for rank in (99, 50)
    ]
    return Outcome(tuple(lines))


def _asked(port: int, requests: Sequence[Request]) -> Loaded:
    loaded = closed_loop(port, requests, CONNECTIONS)
    agree("reads answered", {reply.status for reply in loaded.replies}, {200})
    return loaded


def _line(which: str, rank: int, ours: list[Loaded], theirs: list[Loaded], goal: Goal) -> Line:
    return Line(
        row="13",
        what=f"a read of one status over HTTP, 16 connections, {which}",
        unit="ms",
        ours=_ms(rank, ours),
        beside="an empty GET on a bare FastAPI program, same server",
        theirs=_ms(rank, theirs),
        goal=goal if rank == 99 else None,
    )


def _ms(rank: int, runs: list[Loaded]) -> Spread:
    return Spread(
        tuple(1000 * percentile((reply.seconds for reply in run.replies), rank) for run in runs)
    )


def _check(bench: Bench, customers: Sequence[str], loaded: Loaded) -> None:
    """The stages that were answered are those that the rules make of the file.

    Raises:
        Disagreement: they are not.
    """
    answers = [json.loads(reply.body) for reply in loaded.replies]
    asked = set(customers)
    purchases = [one for one in bench.purchases if one.customer in asked]
    (count,) = recount(purchases, PRESETS[PRESET], parse_instant(answers[-1]["as_of"]))
    agree("stages read", dict(Counter(one["stage"] for one in answers)), count)
