"""Row 13: the status of one contact over HTTP, beside an empty GET on a bare FastAPI program."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.bench import PRESET
from benchmarks.load import closed_loop
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, percentile
from benchmarks.recount import recount
from benchmarks.served import LEDGER, bare, catch_up, rapport
from benchmarks.till import stored_head
from domain.instants import parse_instant
from domain.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.bench import Bench
    from benchmarks.load import Loaded, Request

GOAL = Goal(2.0, 1.3, at_least=False)
CONNECTIONS = 16


def measure(bench: Bench) -> Outcome:
    """Milliseconds of both at 16 connections; every contact is read once in a run."""
    folder = bench.copy()
    customers = list(dict.fromkeys(one.customer for one in bench.purchases))[: bench.size.reads]
    asked = [("GET", f"{LEDGER}/contacts/cdnow:{one}/status", "") for one in customers]
    ours: list[Loaded] = []
    theirs: list[Loaded] = []
    with rapport(folder) as port, bare() as bare_port:
        catch_up(port, stored_head(folder))
        for _ in range(bench.size.runs):
            ours.append(_asked(port, asked))
            theirs.append(_asked(bare_port, asked))
    _check(bench, customers, ours[-1])
    return Outcome((_line(99, ours, theirs, GOAL), _line(50, ours, theirs, None)))


def _asked(port: int, requests: Sequence[Request]) -> Loaded:
    loaded = closed_loop(port, requests, CONNECTIONS)
    agree("reads answered", {reply.status for reply in loaded.replies}, {200})
    return loaded


def _line(rank: int, ours: list[Loaded], theirs: list[Loaded], goal: Goal | None) -> Line:
    return Line(
        row="13",
        what=f"a read of one status over HTTP, 16 connections, p{rank}",
        unit="ms",
        ours=_ms(rank, ours),
        beside="an empty GET on a bare FastAPI program, same server",
        theirs=_ms(rank, theirs),
        goal=goal,
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
    agree("stages read", dict(Counter(one["stage"] for one in answers)), count.stages)
