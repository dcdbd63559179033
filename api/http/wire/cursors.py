"""Cursors: where a page ended, opaque to clients, refused where they were made up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Any

import msgpack

from domain.errors import Invalid, Refused

if TYPE_CHECKING:
    from ledger.ledger import Ledger

_CHECK_BYTES = 8
_HERE = os.urandom(32)


def make_cursor(ledger: Ledger, kind: str, *place: object) -> str:
    """A cursor into the list ``kind`` after ``place``, which holds what msgpack knows natively."""
    packed = msgpack.packb([kind, *place])
    return _encode(packed + _check(ledger, packed))


def is_of_kind(cursor: str, begins: str) -> bool:
    """Whether a cursor claims to be of a list whose kind begins with this. It is not checked
    further.
    """
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        kind = msgpack.unpackb(packed[:-_CHECK_BYTES])[0]
    except (ValueError, LookupError, TypeError, msgpack.UnpackException):
        return False
    return isinstance(kind, str) and kind.startswith(begins)


def read_place(ledger: Ledger, cursor: str | None, kind: str, *start: Any) -> list[Any]:
    """Where a page of the list ``kind`` begins: after the cursor, or at ``start`` without one.

    Raises:
        Invalid: it is not a cursor that this ledger gave out for that list.
    """
    if cursor is None:
        return list(start)
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
    except ValueError:
        raw = b""
    packed, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    # The last letter has bits to spare, so that several texts say the same: only one was given.
    given = bool(packed) and cursor == _encode(raw)
    if not given or not hmac.compare_digest(check, _check(ledger, packed)):
        raise Invalid.at("/cursor", "bad-cursor", "must be a next_cursor as it was given")
    found: list[Any] = msgpack.unpackb(packed)
    if found[0] != kind:
        raise Invalid.at("/cursor", "bad-cursor", "is the cursor of another list")
    return found[1:]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _check(ledger: Ledger, packed: bytes) -> bytes:
    """Keyed with what only this ledger knows, so that what is read was written here.

    A ledger without its namespace has a secret of this process, for as long as that runs.
    """
    try:
        secret = ledger.namespace.bytes
    except Refused:
        secret = _HERE + ledger.name.encode()
    key = hashlib.sha256(b"cursors" + secret).digest()
    return hmac.digest(key, packed, "sha256")[:_CHECK_BYTES]
