"""Ids that the ledger gives, and the names of contacts that it reads."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from unicodedata import normalize
from uuid import UUID, uuid5

from domain.errors import Invalid
from domain.instants import format_instant
from domain.recorded import POLICY_STREAM
from domain.text import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.clock import Clock

_RANDOM_BITS = 62
_COUNTER_BITS = 12

_SOURCE = re.compile(r"[a-z0-9.-]{1,32}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_REF_BYTES = 200


class EventIds:
    """UUIDs of version 7 that only ever grow. Source: RFC 9562 sections 5.7 and 6.2, method 1.

    Within a millisecond, the 12 bits after the timestamp count; where they run out, or the clock
    goes back, the timestamp runs ahead of the clock.
    """

    def __init__(self, clock: Clock, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._entropy = entropy
        self._last = 0

    def next(self) -> UUID:
        """An id greater than all given before."""
        millisecond = self._clock() // 1000
        # The counter starts in its lower half, at random, so that there is room to count.
        start = int.from_bytes(self._entropy(2)) & (2 ** (_COUNTER_BITS - 1) - 1)
        self._last = max(self._last + 1, millisecond << _COUNTER_BITS | start)
        timestamp, counter = divmod(self._last, 2**_COUNTER_BITS)
        random = int.from_bytes(self._entropy(8)) & (2**_RANDOM_BITS - 1)
        return UUID(int=timestamp << 80 | 7 << 76 | counter << 64 | 2 << 62 | random)


def companion_id(namespace: UUID, event_id: UUID) -> UUID:
    """The id of the event that the ledger writes beside another one: always the same."""
    return uuid5(namespace, f"companion\n{event_id}")


def address_id(namespace: UUID, event_id: UUID, contact_id: UUID) -> UUID:
    """The id of the merge by which a name becomes an address, because of what an event tells."""
    return uuid5(namespace, f"address\n{event_id}\n{contact_id}")


def undo_id(namespace: UUID, event_id: UUID) -> UUID:
    """The id of the retraction by which undoing an import takes an event back."""
    return uuid5(namespace, f"undo\n{event_id}")


def renewed_id(namespace: UUID, event_id: UUID, undone: int) -> UUID:
    """The id under which a row is recorded that undoing took back so often; its own at first."""
    return uuid5(namespace, f"again\n{undone}\n{event_id}") if undone else event_id


def calendar_entry_id(namespace: UUID, contact_id: UUID, item: str) -> UUID:
    """The id of an item of the agenda in a calendar: always the same, by contact and key."""
    return uuid5(namespace, f"calendar\n{contact_id}\n{item}")


def message_id(
    namespace: UUID, kind: str, contact_id: UUID | None, key: str, instant: int, position: int
) -> UUID:
    """The id of a message to webhooks: the same for the same fact, however often it is derived.

    ``key`` is the id of an event, the key of an item, a stage or a standing; ``instant`` in
    microseconds of UTC. Source: the care document, section 8.
    """
    contact = "" if contact_id is None else contact_id
    return uuid5(namespace, f"{kind}\n{contact}\n{key}\n{format_instant(instant)}\n{position}")


def _none_exists(_: UUID) -> bool:
    return False


def contact_id_of(
    name: str, named: Callable[[str], UUID], exists: Callable[[UUID], bool] = _none_exists
) -> UUID:
    """The contact of a UUID's text or of ``source:ref``, which is ``named`` in the namespace.

    Refs are in NFC. Streams that are older than this rule have the UUIDv5 of the bytes as they were
    sent: where one ``exists`` under these bytes, or under those of a system that takes letters
    apart (NFD), it is the contact, so that no second stream is begun beside it.

    Raises:
        ValueError: it is neither.
        Invalid: ``invalid-text``: no ref can be that, and no contact from before is called so.
    """
    if _UUID.fullmatch(name):
        contact_id = UUID(name)
        if contact_id == POLICY_STREAM:
            raise ValueError("the nil UUID is not a contact")
        return contact_id
    source, colon, ref = name.partition(":")
    if not colon or not _SOURCE.fullmatch(source):
        raise ValueError(
            "must be a contact's UUID, or source:ref such as pos:17850, with a source of 1 to 32 "
            "of a-z, 0-9, . and -"
        )
    try:
        kept = IDENTIFIER.apply(ref)
    except Invalid:
        if _is_encodable(ref) and exists(as_sent := named(name)):
            return as_sent
        raise
    if not 1 <= len(kept.encode()) <= _MOST_REF_BYTES:
        raise ValueError("must be source:ref such as pos:17850, with a ref of 1 to 200 bytes")
    found = named(f"{source}:{kept}")
    if ref.isascii():
        return found
    if ref != kept and exists(as_sent := named(name)):
        return as_sent
    apart = named(f"{source}:{normalize('NFD', kept)}")
    return apart if apart != found and exists(apart) and not exists(found) else found


def _is_encodable(ref: str) -> bool:
    """Whether it holds no half of a character, which has no bytes to make a UUID of."""
    return ref.encode(errors="replace").decode() == ref
