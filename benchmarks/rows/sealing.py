"""Row 12: appends while the transparency log seals, beside appends while it does not."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks.filling import fill, opened
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, in_turns, seconds
from benchmarks.rows.appending import CONNECTIONS, Till
from benchmarks.served import rapport, unsealed
from benchmarks.till import stored_head
from ledger.stores.sqlite.file_names import LOG_FILE
from ledger.transparency.entries import entry_of_row

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

GOAL = Goal(0.95, 0.98)


def measure(bench: Bench) -> Outcome:
    """Appends over HTTP to both in turns; then how fast events are taken into the tree."""
    sealed, bare, size = bench.fresh(), bench.fresh(), bench.size
    with rapport(sealed) as ours, unsealed(bare) as theirs:
        till = Till(ours, sealed, size.contacts_at_till)
        other = Till(theirs, bare, size.contacts_at_till)
        with_log, without = in_turns(
            size.runs, lambda: till.rate(size.appends), lambda: other.rate(size.appends)
        )
    agree("events sealed", newest_size(sealed), stored_head(sealed))
    agree("events sealed where nothing is", newest_size(bare), 0)
    leaves, read = _sealing(bench)
    return Outcome(
        (
            Line(
                row="12",
                what=f"appends over HTTP while the log is signed, {CONNECTIONS} connections",
                unit="appends/s",
                ours=with_log,
                beside="the same server whose log stands still",
                theirs=without,
                goal=GOAL,
            ),
            Line(
                row="12",
                what="events taken into the tree and signed, in process, nothing else under way",
                unit="leaves/s",
                ours=leaves,
                beside="a loop that makes the same entries and throws them away",
                theirs=read,
            ),
        )
    )


def newest_size(folder: Path) -> int:
    """How many events the newest checkpoint in the file is signed for."""
    path = folder / "ledgers" / "main" / LOG_FILE
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("SELECT max(size) FROM checkpoints").fetchone()
    return int(size)


def _sealing(bench: Bench) -> tuple[Spread, Spread]:
    folder = bench.fresh()
    fill(folder, bench.size.few_stored_events)

    def sealing() -> float:
        copy = bench.fresh()
        shutil.copytree(folder, copy)
        with opened(copy) as ledger:
            head = ledger.head()
            started = time.perf_counter()
            agree("events sealed", ledger.transparency.sign_head().size, head)
            taken = time.perf_counter() - started
        shutil.rmtree(copy)
        return head / taken

    def reading() -> float:
        with opened(folder) as ledger:
            head = ledger.head()

            def read() -> None:
                for start in range(0, head, 256):
                    rows = ledger.rows(start, min(head, start + 256))
                    agree("rows", len([entry_of_row(row) for row in rows]), len(rows))

            return head / seconds(read)

    return in_turns(bench.size.runs, sealing, reading)
