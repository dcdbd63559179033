"""Chunks of events: read strictly, and never at many times their size."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import msgpack
import pytest

from ledger.archive.chunks import chunk_rows, read_rows, rows_written
from ledger.archive.layout import CHUNK_BYTES, CHUNK_EVENTS
from ledger.archive.refusals import ArchiveRefused

if TYPE_CHECKING:
    from ledger.stores.reading import EventColumns

ROW: EventColumns = (1, bytes(16), 1, "visit-made", b"state", bytes(15) + b"x")


def test_what_was_written_is_read() -> None:
    rows = [(n, *ROW[1:]) for n in range(1, 50)]
    assert read_rows(rows_written(rows), "events") == rows
    assert read_rows(b"", "events") == []


@pytest.mark.parametrize(
    "row",
    [
        ROW[:5],
        (*ROW, 1),
        (0, *ROW[1:]),
        (True, *ROW[1:]),
        ("1", *ROW[1:]),
        (1, bytes(15), *ROW[2:]),
        (1, "x" * 16, *ROW[2:]),
        (*ROW[:2], 2**63, *ROW[3:]),
        (*ROW[:3], b"visit-made", *ROW[4:]),
        (*ROW[:4], "state", ROW[5]),
        (*ROW[:5], None),
        (*ROW[:5], bytes(17)),
        (*ROW[:3], "t" * 300, *ROW[4:]),
    ],
)
def test_other_rows_are_refused(row: tuple[object, ...]) -> None:
    with pytest.raises(ArchiveRefused):
        read_rows(rows_written([ROW]) + msgpack.packb(list(row)), "events")


@pytest.mark.parametrize(
    "content",
    [
        rows_written([ROW])[:-1],
        rows_written([ROW]) + b"\xc1",
        rows_written([ROW]) + b"\xc0",
        rows_written([ROW]).replace(b"\xc4\x05state", b"\xc5\x00\x05state"),
        b"\x81\x01\x02",
    ],
)
def test_another_way_to_write_a_row_is_refused(content: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        read_rows(content, "events")


@pytest.mark.parametrize(
    "filling", [b"\x90" * 6_000_000, b"\x80" * 6_000_000, b"\xcd\x12\x34" * 2_000_000]
)
def test_a_chunk_that_would_become_huge_is_not_unpacked(filling: bytes) -> None:
    content = b"\xdd" + (6_000_000).to_bytes(4, "big") + filling
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveRefused):
            read_rows(content, "events")
        assert tracemalloc.get_traced_memory()[1] < 4 * len(content)
    finally:
        tracemalloc.stop()


def test_chunks_end_after_so_many_events_or_bytes() -> None:
    small = [(n, *ROW[1:]) for n in range(1, CHUNK_EVENTS + 2)]
    assert [len(chunk) for chunk in chunk_rows(small)] == [CHUNK_EVENTS, 1]
    large = [(n, *ROW[1:4], bytes(CHUNK_BYTES // 2), ROW[5]) for n in range(1, 6)]
    assert [len(chunk) for chunk in chunk_rows(large)] == [2, 2, 1]
