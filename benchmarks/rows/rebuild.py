"""Row 4: a rebuild of all projections, beside a loop that reads every row and unpacks it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import msgpack

from benchmarks.measure import Goal, Line, Outcome, Spread, agree, in_turns, seconds
from domain.history import effective_history
from domain.instants import DAY
from domain.relationship import fold
from ledger.stores.sqlite.file_names import EVENTS_FILE
from ledger.stores.sqlite.store import SqliteLedgerStore

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.server import OpenLedger
    from benchmarks.bench import Bench
    from ledger.ledger import Ledger

GOAL = Goal(0.20, 0.40)
_WAIT_SECONDS = 600.0


def measure(bench: Bench) -> Outcome:
    """Events a second of both, and of the fold without the database."""
    with bench.opened(bench.copy()) as served:
        events, path = served.ledger.head(), events_file_of(served.ledger)
        ours, theirs = in_turns(
            bench.size.runs,
            lambda: events / rebuild_all(served),
            lambda: events / seconds(lambda: agree("rows read", read_and_unpack(path), events)),
        )
        folded = Spread(
            tuple(events / seconds(lambda: fold_all(served)) for _ in range(bench.size.runs))
        )
    beside = "a loop that reads every row and unpacks it"
    what = f"rebuild of all projections: fold, write, compare, switch ({bench.file.label})"
    return Outcome(
        (
            Line(
                row="4", what=what, unit="events/s", ours=ours, beside=beside, theirs=theirs,
                goal=GOAL,
            ),
            Line(
                row="4", what="of that: read, decode and fold every status, write nothing",
                unit="events/s", ours=folded, beside=beside, theirs=theirs,
            ),
        )
    )  # fmt: skip  # one argument a line would bury the lines


def rebuild_all(served: OpenLedger, jobs: int = 1) -> float:
    """Rebuild every projection in one pass, in so many processes; answers in how many seconds.

    Raises:
        Disagreement: a rebuilt projection is not what the live one was.
    """
    projections = served.projections
    operation = projections.rebuild_all(jobs)
    taken = seconds(partial(projections.operations.wait, operation.id, _WAIT_SECONDS))
    operation = projections.operation(operation.id)
    agree("rebuild of all projections", operation.state, "succeeded")
    assert operation.result is not None
    rebuilds = operation.result["rebuilds"]
    assert isinstance(rebuilds, list)
    for rebuilt in rebuilds:
        agree(f"digest of {rebuilt['projection']}", rebuilt["digest"], rebuilt["live_digest"])
    return taken


def events_file_of(ledger: Ledger) -> Path:
    """The file of a ledger's events."""
    assert isinstance(ledger.store, SqliteLedgerStore)
    return ledger.store.folder / EVENTS_FILE


def read_and_unpack(path: Path) -> int:
    """Read every stored event of a ledger and unpack its state; answers how many there are."""
    count = 0
    with closing(sqlite3.connect(path)) as connection:
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchone()
        rows = connection.execute(
            "SELECT position, originator_id, originator_version, topic, state"
            f" FROM {table} ORDER BY position"
        )
        for *_, state in rows:
            msgpack.unpackb(state)
            count += 1
    return count


def fold_all(served: OpenLedger) -> None:
    """Work out every contact's status and keep none."""
    ledger = served.ledger
    at, policies = ledger.recorded_at(ledger.head()) + DAY, ledger.policies()
    for contact, recorded in ledger.streams(upto=ledger.head()):
        relationship = fold(effective_history(recorded, contact), policies, ledger.time_zone, at)
        assert relationship.flags is not None
