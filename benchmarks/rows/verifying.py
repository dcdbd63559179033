"""The row verify: a whole check of a folder, beside a loop that reads and hashes every row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import msgpack

from api.cli.output import progress
from api.cli.verifying.folder import VerifyOptions, verify_folder
from benchmarks.measure import Line, Outcome, agree, in_turns, seconds
from ledger.stores.sqlite.file_names import EVENTS_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench


def measure(bench: Bench) -> Outcome:
    """Events a second of both: in process, with the master key at hand and everything sealed."""
    folder = bench.copy()
    with bench.opened(folder) as served:
        events = served.ledger.head()
        agree("events sealed", served.ledger.transparency.sign_head().size, events)
    path = folder / "ledgers" / "main" / EVENTS_FILE
    ours, theirs = in_turns(
        bench.size.runs,
        lambda: events / seconds(lambda: verify(folder, events)),
        lambda: events / seconds(lambda: agree("rows hashed", read_and_hash(path), events)),
    )
    return Outcome(
        (
            Line(
                row="verify",
                what="`rapport verify` of a folder: every event, tile and checkpoint "
                f"({bench.file.label})",
                unit="events/s",
                ours=ours,
                beside="a loop that reads every row, unpacks it and hashes it",
                theirs=theirs,
            ),
        )
    )


def verify(folder: Path, events: int) -> None:
    """Verify the folder.

    Raises:
        Disagreement: it is not sound, or not all of it was looked at.
    """
    outcome = verify_folder(folder, None, VerifyOptions(progress=partial(progress, quiet=True)))
    (report,) = outcome.reports
    agree("faults", [str(fault) for fault in report.faults], [])
    agree("events verified", report.checked["events"], events)
    agree("what was skipped", report.skipped, [])


def read_and_hash(path: Path) -> int:
    """Read every stored event, unpack its state and hash it; answers how many there are."""
    count = 0
    with closing(sqlite3.connect(path)) as connection:
        for (state,) in connection.execute("SELECT state FROM stored_events ORDER BY position"):
            msgpack.unpackb(state)
            sha256(state).digest()
            count += 1
    return count
