"""The streams: versions from 1 without gaps, in the order in which they were recorded."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from ledger.stores.sqlite.errors import damage
from ledger.stores.sqlite.verification.event_walk import PAGE_EVENTS
from ledger.verification.rules import wrong_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.verification.faults import Report
    from ledger.verification.rules import Place


def check_streams(
    connection: sqlite3.Connection,
    path: Path,
    head: int,
    report: Report,
    advance: Callable[[int, str], None],
) -> None:
    """Look at each stream: its versions count from 1 without gaps, in the order of positions.

    It reads the index of the streams, which was compared with the table before.
    """
    before: Place = (b"", 0, 0)
    done = 0
    try:
        for found, number, position in _in_stream_order(connection):
            done += 1
            if position > head or type(found) is not bytes or type(number) is not int:
                continue  # not yet there when the walk began, or reported by it
            if found != before[0]:
                before = (found, 0, 0)
                report.checked["streams"] += 1
            if (detail := wrong_version(before, (found, number, position))) is not None:
                report.add("events", position, detail)
            before = (found, number, position)
            if done % PAGE_EVENTS == 0:
                advance(min(done, head), f"{done:,} of {head:,} events by stream")
    except sqlite3.Error as error:
        report.add("events.sqlite", None, damage(error, path))


def _in_stream_order(connection: sqlite3.Connection) -> Iterator[Place]:
    """Streams in order with their versions and positions, in pages."""
    beyond: tuple[object, object] = (b"", 0)
    while True:
        rows = connection.execute(
            "SELECT originator_id, originator_version, position FROM stored_events"
            " INDEXED BY stored_events_streams"
            " WHERE (originator_id, originator_version) > (?, ?)"
            " ORDER BY originator_id, originator_version LIMIT ?",
            (*beyond, PAGE_EVENTS),
        ).fetchall()
        yield from rows
        if len(rows) < PAGE_EVENTS:
            return
        beyond = rows[-1][:2]
