"""Row 11: bytes on disk per event, everything included, beside the stock program's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import stock
from benchmarks.bench import bytes_in
from benchmarks.measure import Goal, Line, Outcome, Spread, agree
from benchmarks.rows.rebuild import rebuild_all
from ledger.stores.sqlite.file_names import EVENTS_FILE, KEYS_FILE, LOG_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

GOAL = Goal(0.67, 0.59, at_least=False)


def measure(bench: Bench) -> Outcome:
    """Bytes of all files by the number of events, once each: nothing here varies."""
    folder = bench.copy()
    with bench.opened(folder) as served:
        policies = len(served.ledger.policies().versions)
        events = served.ledger.head() - policies
    ours, parts = bytes_in(folder), _parts(folder / "ledgers" / "main", events)
    with bench.opened(folder) as served:
        rebuild_all(served)
    rebuilt = bytes_in(folder)

    stock_folder = bench.fresh()
    stock_folder.mkdir()
    shop = stock.Shop(env=stock.stored_in(stock_folder / "events.sqlite"))
    agree("events", stock.record(shop, bench.purchases), events)
    shop.close()
    theirs = bytes_in(stock_folder)
    line = Line(
        row="11",
        what=f"bytes on disk per event: events, keys, log, projections ({bench.file.label})",
        unit="bytes",
        ours=Spread((ours / events,)),
        beside="stock program, JSON: events alone",
        theirs=Spread((theirs / events,)),
        goal=GOAL,
    )
    remarks = (
        f"Row 11: {parts}. A rebuild holds two builds at a time, and the file keeps the room: "
        f"{rebuilt / events:.0f} bytes per event after one.\n"
    )
    return Outcome((line,), remarks)


def _parts(folder: Path, events: int) -> str:
    names = {
        "events": EVENTS_FILE,
        "keys": KEYS_FILE,
        "log": LOG_FILE,
        "projections": "projections.sqlite",
    }
    return ", ".join(
        f"{what} {(folder / name).stat().st_size / events:.0f}" for what, name in names.items()
    )
