"""The form of segments: which files there are, and what an index says of them.

A folder, on this machine or at any address that fsspec knows, holds one folder for each ledger and
head. In that are Parquet files with one row an event: its place, and the stored bytes in msgpack,
in which personal data are encrypted. One holds what concerns the whole ledger, once more. The index
is written last, and has the SHA-256 of each: without it there are no segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import pyarrow as pa

from ledger.stores.events import Row

if TYPE_CHECKING:
    from collections.abc import Iterable

INDEX = "index.parquet"
LOOKED_UP = "looked-up.parquet"
"""Has the events of the topics that are looked up over the whole ledger, and the newest event."""

_ID = pa.binary(16)

EVENTS_FORM = pa.schema(
    [
        ("position", pa.int64()),
        ("stream", _ID),
        ("version", pa.int64()),
        ("topic", pa.dictionary(pa.int32(), pa.string())),
        ("state", pa.binary()),
    ]
)
INDEX_FORM = pa.schema(
    [
        ("file", pa.string()),
        ("first", _ID),
        ("last", _ID),
        ("events", pa.int64()),
        ("sha256", pa.string()),
    ]
)


class Segment(NamedTuple):
    """A file of the index; ``first`` and ``last`` are the contacts with which it begins and ends.

    They are None where it holds no events, or those of the whole ledger.
    """

    file: str
    first: UUID | None
    last: UUID | None
    events: int
    sha256: str


def events_table(rows: Iterable[Row]) -> pa.Table:
    """These events as a table; streams are ids."""
    columns: tuple[list[object], ...] = ([], [], [], [], [])
    for position, stream, version, topic, state in rows:
        assert isinstance(stream, UUID)
        for column, value in zip(
            columns, (position, stream.bytes, version, topic, state), strict=True
        ):
            column.append(value)
    return pa.table(
        [pa.array(column, kind.type) for column, kind in zip(columns, EVENTS_FORM, strict=True)],
        schema=EVENTS_FORM,
    )


def rows_of_table(table: pa.Table) -> list[Row]:
    """The events in a table, in its order."""
    positions, streams, versions, topics, states = (
        table.column(name).to_pylist() for name in EVENTS_FORM.names
    )
    return [
        Row(position, UUID(bytes=stream), version, topic, state)
        for position, stream, version, topic, state in zip(
            positions, streams, versions, topics, states, strict=True
        )
    ]


def index_table(segments: Iterable[Segment]) -> pa.Table:
    """The index of these segments."""
    rows = [
        {
            **one._asdict(),
            "first": None if one.first is None else one.first.bytes,
            "last": None if one.last is None else one.last.bytes,
        }
        for one in segments
    ]
    return pa.Table.from_pylist(rows, schema=INDEX_FORM)


def segments_of_index(table: pa.Table) -> list[Segment]:
    """The segments that an index names."""
    return [
        Segment(
            row["file"],
            None if row["first"] is None else UUID(bytes=row["first"]),
            None if row["last"] is None else UUID(bytes=row["last"]),
            row["events"],
            row["sha256"],
        )
        for row in table.to_pylist()
    ]
