"""Reading segments, as the events of a ledger at rest."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import OrderedDict
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar, cast

import fsspec
import pyarrow as pa
from pyarrow import parquet

from domain.errors import Corrupt, Unavailable
from domain.recorded import POLICY_STREAM
from ledger.events_at_rest import EventsAtRest
from ledger.segments.form import INDEX, LOOKED_UP, rows_of_table, segments_of_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from ledger.segments.form import Segment
    from ledger.stores.events import EventStore, Row

T = TypeVar("T")

_KEPT = 4
"""How many segments are in memory at once: that of the walk, and those of merged contacts."""


class SegmentEvents:
    """What a pass over contacts asks of an ``EventStore``, read from segments. For one thread.

    Raises, as all its methods do:
        Corrupt: a file is not as it was written.
        Unavailable: it cannot be read now.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        try:
            self._files, self._path = fsspec.url_to_fs(folder)
        except (OSError, ImportError, ValueError) as error:
            raise Unavailable(f"{folder} is not an address of segments: {error}") from error
        self._kept: OrderedDict[str, dict[UUID, list[Row]]] = OrderedDict()
        index = self._parse(INDEX, self._content(INDEX), segments_of_index)
        by_name = {one.file: one for one in index}
        if LOOKED_UP not in by_name:
            raise Corrupt(f"{folder}/{INDEX} names no {LOOKED_UP}")
        self._looked_up = self._read(by_name.pop(LOOKED_UP))
        self._segments = [one for one in by_name.values() if one.last is not None]
        self._lasts = [cast("UUID", one.last) for one in self._segments]

    def errors(self, outcome: str = "") -> AbstractContextManager[None]:
        """What goes wrong is one of our errors already."""
        return nullcontext()

    def rows_after(
        self,
        position: int,
        upto: int | None = None,
        topics: Sequence[str] = (),
        streams: Sequence[UUID] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """The events beyond a position up to another that concern the whole ledger, in order.

        ``topics`` are some of ``writing.LOOKED_UP_TOPICS``; without any, only the newest event is
        there.
        """
        rows = self._looked_up
        assert not streams, "segments are not read by contact here"
        if topics:
            wanted = [one for one in rows if one.topic in topics]
        else:
            assert not rows or position + 1 == rows[-1].position, (
                "segments are not read by position"
            )
            wanted = rows
        found = [
            one
            for one in wanted
            if one.position > position and (upto is None or one.position <= upto)
        ]
        return found if limit is None else found[:limit]

    def rows_of_stream(
        self,
        stream: UUID,
        version: int = 0,
        topics: Sequence[str] = (),
        upto: int | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The events of a stream beyond that version, by version; ``upto`` is a position."""
        found = [
            one
            for one in self._stream(stream)
            if one.version > version
            and (upto is None or one.position <= upto)
            and (not topics or one.topic in topics)
        ]
        return found if limit is None else found[:limit]

    def rows_in_stream_order(self, stream: UUID, version: int, upto: int, limit: int) -> list[Row]:
        """Events up to a position beyond a stream's version, by stream and version."""
        rows: list[Row] = []
        first = 0 if stream == POLICY_STREAM else bisect_left(self._lasts, stream)
        for segment in self._segments[first:]:
            streams = self._streams(segment)
            names = list(streams)
            for name in names[bisect_left(names, stream) :]:
                beyond = version if name == stream else 0
                rows += [
                    one for one in streams[name] if one.version > beyond and one.position <= upto
                ]
                if len(rows) >= limit:
                    return rows[:limit]
        return rows

    def _stream(self, stream: UUID) -> list[Row]:
        if stream == POLICY_STREAM:
            return [one for one in self._looked_up if one.stream == stream]
        place = bisect_left(self._lasts, stream)
        if place == len(self._segments):
            return []
        return self._streams(self._segments[place]).get(stream, [])

    def _streams(self, segment: Segment) -> dict[UUID, list[Row]]:
        """The streams of a segment, in the order of their ids."""
        kept = self._kept.pop(segment.file, None)
        if kept is None:
            kept = {}
            for row in self._read(segment):
                kept.setdefault(cast("UUID", row.stream), []).append(row)
        self._kept[segment.file] = kept
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept

    def _read(self, segment: Segment) -> list[Row]:
        content = self._content(segment.file)
        if hashlib.sha256(content).hexdigest() != segment.sha256:
            raise Corrupt(f"{self._folder}/{segment.file} is not as it was written")
        return self._parse(segment.file, content, rows_of_table)

    def _content(self, name: str) -> bytes:
        try:
            content: bytes = self._files.cat_file(f"{self._path}/{name}")
        except (OSError, ImportError) as error:
            raise Unavailable(f"{self._folder}/{name} cannot be read: {error}") from error
        return content

    def _parse(self, name: str, content: bytes, parse: Callable[[pa.Table], list[T]]) -> list[T]:
        try:
            return parse(parquet.read_table(pa.BufferReader(content)))
        except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
            raise Corrupt(f"{self._folder}/{name} is damaged") from error


@contextmanager
def segment_events(folder: str, time_zone: str | None, head: int) -> Iterator[EventsAtRest]:
    """The events of a ledger up to the head at which they were written to that folder.

    Raises:
        Corrupt: a file is not as it was written.
        Unavailable: it cannot be read now.
    """
    yield EventsAtRest(cast("EventStore", SegmentEvents(folder)), head, time_zone)
