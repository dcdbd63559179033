"""Cursors: where a page ended, opaque to clients, refused where they were made up."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import msgpack

from domain.errors import Invalid
from domain.kinds import wrong


def make_cursor(kind: str, *place: object) -> str:
    """A cursor into the list ``kind`` after ``place``, which holds what msgpack knows natively."""
    packed = msgpack.packb([kind, *place])
    return base64.urlsafe_b64encode(packed + _check(packed)).decode().rstrip("=")


def read_cursor(text: str) -> list[Any]:
    """What a cursor was made of, its kind first.

    Raises:
        Invalid: it is not a cursor that was given out.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        packed, check = raw[:-4], raw[-4:]
        if check == _check(packed) and (found := msgpack.unpackb(packed)):
            assert isinstance(found, list)
            return found
    except (ValueError, msgpack.UnpackException):
        pass
    return wrong("bad-cursor", "must be a next_cursor as it was given")


def read_place(cursor: list[Any] | None, kind: str, *start: object) -> list[Any]:
    """Where a page of the list ``kind`` begins: after the cursor, or at ``start`` without one.

    Raises:
        Invalid: the cursor is of another list.
    """
    if cursor is None:
        return list(start)
    if cursor[0] != kind or len(cursor) != len(start) + 1:
        raise Invalid.at("/cursor", "bad-cursor", "is the cursor of another list")
    return cursor[1:]


def _check(packed: bytes) -> bytes:
    # Against accidents and guessing games, not against forgery: a cursor grants nothing.
    return zlib.crc32(packed).to_bytes(4, "big")
