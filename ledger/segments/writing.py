"""Writing segments: those of the same head are used again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import fsspec
import pyarrow as pa
from pyarrow import parquet

from domain.errors import Unavailable
from domain.events.contacts import ContactMerged, MergeReversed
from domain.events.governance import EventCorrected, EventRetracted
from domain.recorded import POLICY_STREAM
from ledger.segments.form import (
    INDEX,
    LOOKED_UP,
    Segment,
    events_table,
    index_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from ledger.stores.events import EventStore, Row

LOOKED_UP_TOPICS = (
    ContactMerged.TYPE,
    MergeReversed.TYPE,
    EventRetracted.TYPE,
    EventCorrected.TYPE,
)
"""Topics of which a pass over contacts asks for all events, whomever they concern."""

_PAGE = 5000


def write_segments(
    events: EventStore,
    folder: str,
    head: int,
    bounds: Sequence[UUID],
    tell: Callable[[int], None] = lambda _events: None,
) -> None:
    """Write the events up to a head into a folder, cut after each of these contacts.

    ``tell`` gets the number of events that are written, and may raise to end it. Segments that are
    there already, of the same head, stay as they are.

    Raises:
        Unavailable: the folder cannot be written to.
    """
    try:
        files, path = fsspec.url_to_fs(folder)
        if files.exists(f"{path}/{INDEX}"):
            return
        files.makedirs(path, exist_ok=True)
        segments, done = [_put(files, path, LOOKED_UP, _looked_up(events, head))], 0
        for number, rows in enumerate(_ranges(events, head, bounds)):
            segments.append(_put(files, path, f"{number:06}.parquet", rows))
            done += len(rows)
            tell(done)
        # Written last, and under its name at once: who finds it finds all of them.
        _write(files, f"{path}/{INDEX}", _parquet(index_table(segments)))
    except (OSError, ImportError, ValueError) as error:
        raise Unavailable(f"segments cannot be written to {folder}: {error}") from error


def _looked_up(events: EventStore, head: int) -> list[Row]:
    with events.errors():
        rows = events.rows_after(0, head, LOOKED_UP_TOPICS)
        rows += events.rows_of_stream(POLICY_STREAM, upto=head)
        rows += events.rows_after(head - 1, head)
    return sorted(set(rows))


def _ranges(events: EventStore, head: int, bounds: Sequence[UUID]) -> Iterator[list[Row]]:
    """The events of contacts, one range after the other, by contact and version."""
    waiting = iter(bounds)
    rows: list[Row] = []
    bound = next(waiting, None)
    for row in _by_contact(events, head):
        if bound is not None and row.stream > bound:  # type: ignore[operator]  # ids, as all streams
            yield rows
            rows, bound = [], next(waiting, None)
            while bound is not None and row.stream > bound:  # type: ignore[operator]  # as above
                bound = next(waiting, None)
        rows.append(row)
    yield rows


def _by_contact(events: EventStore, head: int) -> Iterator[Row]:
    stream, version = POLICY_STREAM, 2**62
    while True:
        with events.errors():
            rows = events.rows_in_stream_order(stream, version, head, _PAGE)
        yield from rows
        if len(rows) < _PAGE:
            return
        stream, version = rows[-1].stream, rows[-1].version  # type: ignore[assignment]  # as above


def _put(files: fsspec.AbstractFileSystem, path: str, name: str, rows: list[Row]) -> Segment:
    content = _parquet(events_table(rows))
    _write(files, f"{path}/{name}", content)
    streams = [] if name == LOOKED_UP or not rows else [rows[0].stream, rows[-1].stream]
    first, last = cast("list[UUID]", streams) or (None, None)
    return Segment(name, first, last, len(rows), hashlib.sha256(content).hexdigest())


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _write(files: fsspec.AbstractFileSystem, path: str, content: bytes) -> None:
    unfinished = f"{path}.unfinished"
    files.pipe_file(unfinished, content)
    files.mv(unfinished, path)
