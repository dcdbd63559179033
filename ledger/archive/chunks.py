"""Chunks of events: the rows of the event table as msgpack, one array after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack

from ledger.archive.layout import CHUNK_BYTES, CHUNK_EVENTS
from ledger.archive.refusals import ArchiveRefused
from ledger.codec import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.stores.reading import EventColumns

_UUID_BYTES = 16
_COLUMNS = 6
_MOST_TOPIC_BYTES = 200
_MOST_WHOLE = 2**63 - 1


def rows_written(rows: Sequence[EventColumns]) -> bytes:
    """The content of a chunk."""
    return b"".join([pack(list(row)) for row in rows])


def read_rows(content: bytes, member: str, first: int = 1) -> list[EventColumns]:
    """The rows of a chunk, of the right types; nothing else is known of them yet.

    ``first`` is the position that the first one has, to say where a fault is.

    Raises:
        ArchiveRefused: they are not written as an export writes them.
    """
    # Within these bounds no content takes many times its own size in memory.
    unpacker = msgpack.Unpacker(
        max_buffer_size=len(content) or 1,
        max_array_len=_COLUMNS,
        max_map_len=0,
        max_ext_len=0,
        max_str_len=_MOST_TOPIC_BYTES,
    )
    unpacker.feed(content)
    rows: list[EventColumns] = []
    try:
        rows.extend(_row(values) for values in unpacker)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException):
        raise ArchiveRefused(_BROKEN, member, first + len(rows)) from None
    if rows_written(rows) != content:
        raise ArchiveRefused(_BROKEN, member, first + _as_written(rows, content))
    return rows


def _as_written(rows: Sequence[EventColumns], content: bytes) -> int:
    """How many rows from the first one on are written as an export writes them."""
    at = 0
    for number, row in enumerate(rows):
        expected = rows_written([row])
        if not content.startswith(expected, at):
            return number
        at += len(expected)
    return len(rows)


_BROKEN = "is damaged: it is not what an export writes"


def _row(values: Any) -> EventColumns:
    position, stream, version, topic, state, event_id = values
    if not (
        all(type(number) is int and 1 <= number <= _MOST_WHOLE for number in (position, version))
        and all(isinstance(one, bytes) for one in (stream, state, event_id))
        and isinstance(topic, str)
        and len(stream) == len(event_id) == _UUID_BYTES
    ):
        raise ValueError("no row of the event table")
    return position, stream, version, topic, state, event_id


def is_full(events: int, state_bytes: int) -> bool:
    """Whether a chunk with this number of events and bytes of state ends here."""
    return events >= CHUNK_EVENTS or state_bytes >= CHUNK_BYTES


def chunk_rows(rows: Iterable[EventColumns]) -> Iterator[list[EventColumns]]:
    """The rows in chunks as an archive has them: where one ends follows from the rows alone."""
    chunk: list[EventColumns] = []
    state_bytes = 0
    for row in rows:
        chunk.append(row)
        state_bytes += len(row[4])
        if is_full(len(chunk), state_bytes):
            yield chunk
            chunk, state_bytes = [], 0
    if chunk:
        yield chunk
