"""The walk over all events in the order of their positions: each by itself, and each in its place.

It reads in pages, each a transaction of its own, up to the head that it found at the beginning:
what stands below it never changes in a ledger that is sound, so a server continues undisturbed.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.errors import Corrupt
from ledger.stores.sqlite.errors import damage
from ledger.verification.strictness import Loose, strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.verification.faults import Report

PAGE_EVENTS = 2000
_SELECT = (
    "SELECT position, originator_id, originator_version, topic, state, event_id"
    " FROM stored_events WHERE position >= ? AND position <= ? ORDER BY position LIMIT ?"
)
_LEAST, _MOST = -(2**63), 2**63 - 1
_MOST_GAP = 1000
"""The walk ends at a gap of more positions than this: what follows cannot be checked."""

_MOST_UNREADABLE = 100
"""The walk ends after this number of rows that cannot be read."""

_TYPES = (int, bytes, int, str, bytes, bytes)
_RECORDED_AT = 3
_ID = 2


class StoredRow(NamedTuple):
    """One event as its columns hold it, with the values of its state, None if that is damaged."""

    position: int
    stream: bytes
    version: int
    topic: str
    state: bytes
    values: list[Any] | None


def head_of(connection: sqlite3.Connection, path: Path) -> int:
    """The newest position, 0 where there is none.

    Raises:
        Corrupt: the table cannot be read.
        Unavailable: the file cannot be read now.
    """
    try:
        (head,) = connection.execute("SELECT max(position) FROM stored_events").fetchone()
    except sqlite3.Error as error:
        raise Corrupt(damage(error, path)) from error
    return head or 0


def walk(
    connection: sqlite3.Connection,
    head: int,
    report: Report,
    advance: Callable[[int, str], None],
) -> Iterator[StoredRow | None]:
    """Every event up to ``head``, checked by itself; None where a position has none.

    Positions must count from 1 without gaps, columns agree with the state, and the instants of
    recording never decrease. What is not so is reported, and the walk continues.
    """
    wanted, newest = 1, _LEAST
    for row in _rows(connection, head):
        position = row[0]
        assert isinstance(position, int)
        if position < wanted:
            report.add("events", position, "positions count from 1, and this one stands before")
            continue
        if position > wanted:
            last = f" to {position - 1:,}" if position - 1 > wanted else ""
            report.add("events", wanted, f"position {wanted:,}{last} is missing")
            if position - wanted > _MOST_GAP:
                return
            yield from [None] * (position - wanted)
        wanted = position + 1
        stored = _check_row(row, report)
        if stored is not None and stored.values is not None:
            recorded_at = stored.values[_RECORDED_AT]
            if recorded_at < newest:
                report.add("events", position, "recorded_at is before that of the event before")
            newest = max(newest, recorded_at)
        yield stored
        if position % PAGE_EVENTS == 0 or position == head:
            advance(position, f"{position:,} of {head:,} events")


def _rows(connection: sqlite3.Connection, head: int) -> Iterator[tuple[object, ...]]:
    """Every row, in pages; where one cannot be read, its place with nothing in it.

    After an error single rows are read, so that the one that is damaged is known.
    """
    start, size, failed = _LEAST, PAGE_EVENTS, 0
    while True:
        try:
            rows = connection.execute(_SELECT, (start, head, size)).fetchall()
        except sqlite3.Error:
            if size == 1:
                start = max(start, 1)
                yield start, None, None, None, None, None
                start, failed = start + 1, failed + 1
                if failed > _MOST_UNREADABLE or start > head:
                    return
            size = 1
            continue
        yield from rows
        if len(rows) < size or rows[-1][0] == _MOST:
            return
        start = rows[-1][0] + 1


def _check_row(row: tuple[object, ...], report: Report) -> StoredRow | None:
    """The event of these columns; None where they are of no event at all."""
    position, stream, version, topic, state, event_id = row
    assert isinstance(position, int)
    if stream is None and state is None:
        report.add("events", position, "it cannot be read: the file is damaged here")
        return None
    if not all(type(value) is kind for value, kind in zip(row, _TYPES, strict=True)):
        report.add("events", position, "a column holds what it cannot hold")
        return None
    assert isinstance(stream, bytes)
    assert isinstance(version, int)
    assert isinstance(topic, str)
    assert isinstance(state, bytes)
    values: list[Any] | None = None
    try:
        if len(stream) != len(b"stream id of 16 "):
            raise Loose("its stream is no UUID")
        values = strict(stream, version, topic, state)
        if values[_ID] != event_id:
            raise Loose("the event is kept under another id than its own")
    except Loose as error:
        report.add("events", position, str(error))
    return StoredRow(position, stream, version, topic, state, values)
