"""What a leaf of the log says about an event, without telling what the event holds.

An entry is the msgpack of ``[1, stream id (16 bytes), version, topic, recorded_at in microseconds,
SHA-256 of the stored state]``. The state holds a random salt, so that nobody can guess from its
hash what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, TypeGuard
from uuid import UUID

from domain.errors import Corrupt, Unproven
from ledger.codec import pack, unpack

if TYPE_CHECKING:
    from ledger.stores.events import Row

ENTRY_FORM = 1
"""The first element of every entry: the number of its form."""

_RECORDED_AT = 3
_MOST_WHOLE = 2**63 - 1


class EntryRefused(Unproven):
    """The bytes are not an entry of a ledger's log."""


@dataclass(frozen=True)
class Entry:
    """What an entry says; ``recorded_at`` is in microseconds since 1970, UTC."""

    stream: UUID
    version: int
    topic: str
    recorded_at: int
    state_sha256: bytes


def entry(stream: UUID, version: int, topic: str, recorded_at: int, state: bytes) -> bytes:
    """The entry of an event with this stored state; ``recorded_at`` in microseconds."""
    return _pack(stream, version, topic, recorded_at, sha256(state).digest())


def entry_of_row(row: Row) -> bytes:
    """The entry of a stored event, whose stored state says when it was recorded.

    Raises:
        Corrupt: the row is not as this program writes them.
    """
    if not isinstance(row.stream, UUID) or not _is_version(row.version):
        raise Corrupt(f"position {row.position} stands in no stream")
    topic: object = row.topic
    state: object = row.state
    if not isinstance(topic, str) or not isinstance(state, bytes):
        raise Corrupt(f"position {row.position} has no topic or no state")
    try:
        recorded_at = unpack(state)[_RECORDED_AT]
        if not _is_whole(recorded_at):
            raise ValueError("no instant stands where it was recorded")
        return entry(row.stream, row.version, topic, recorded_at, state)
    except (ValueError, TypeError, LookupError) as error:
        # What the state holds stays out of the error, which is logged.
        detail = f"the stored state at position {row.position} does not say when it was recorded"
        raise Corrupt(detail) from error


def read_entry(content: bytes) -> Entry:
    """What these bytes say, and no other bytes say it.

    Raises:
        EntryRefused: they are not an entry in every detail.
    """
    try:
        values = unpack(content)
    except ValueError:
        raise EntryRefused("the entry is not msgpack") from None
    match values:
        case [int(), bytes(stream), int(version), str(topic), int(recorded_at), bytes(digest)]:
            pass
        case _:
            raise EntryRefused("the entry has other fields than an entry")
    if values[0] != ENTRY_FORM:
        raise EntryRefused("the entry is of a form that is not known here")
    if len(stream) != 16 or len(digest) != 32:
        raise EntryRefused("a stream's id has 16 bytes, and a hash 32")
    if not _is_version(version) or not _is_whole(recorded_at):
        raise EntryRefused("versions count from 1, and instants are microseconds")
    found = Entry(UUID(bytes=stream), version, topic, recorded_at, digest)
    if _pack(found.stream, version, topic, recorded_at, digest) != content:
        raise EntryRefused("the entry is another way to write its fields")
    return found


def _pack(stream: UUID, version: int, topic: str, recorded_at: int, digest: bytes) -> bytes:
    return pack([ENTRY_FORM, stream.bytes, version, topic, recorded_at, digest])


def _is_version(value: object) -> TypeGuard[int]:
    return _is_whole(value) and value >= 1


def _is_whole(value: object) -> TypeGuard[int]:
    """Whether it is a whole number of 64 bits, which excludes flags."""
    return type(value) is int and -_MOST_WHOLE <= value <= _MOST_WHOLE
