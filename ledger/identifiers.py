"""Ids that the ledger gives, and the names of contacts that it reads."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from domain.recorded import POLICY_STREAM

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


def contact_id_of(name: str, named: Callable[[str], UUID]) -> UUID:
    """The contact of a UUID's text or of ``source:ref``, which is ``named`` in the namespace.

    Raises:
        ValueError: it is neither.
    """
    if _UUID.fullmatch(name):
        contact_id = UUID(name)
        if contact_id == POLICY_STREAM:
            raise ValueError("the nil UUID is no contact")
        return contact_id
    source, colon, ref = name.partition(":")
    if not colon or not _SOURCE.fullmatch(source):
        raise ValueError("must be a UUID, or source:ref with a source of a-z, 0-9, . and -")
    try:
        size = len(ref.encode())
    except UnicodeEncodeError:
        raise ValueError("the ref is not valid Unicode") from None
    if not 1 <= size <= _MOST_REF_BYTES:
        raise ValueError("the ref must have 1 to 200 bytes")
    return named(name)
