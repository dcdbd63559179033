"""The ids that events have before they are sent."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTER_BITS = 12
_RANDOM_BITS = 62


class EventIds:
    """Makes UUIDs of version 7, each greater than the one before. Any thread may call.

    Within one millisecond the 12 bits after the timestamp count up. When they are used up, or when
    the clock goes back, the timestamp runs ahead of the clock.
    Source: RFC 9562 sections 5.7 and 6.2, method 1. ``uuid.uuid7`` exists from Python 3.14 on.
    """

    def __init__(
        self,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._clock_ms = clock_ms
        self._entropy = entropy
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> UUID:
        """An id that is greater than all ids before it."""
        # The counter starts in its lower half, at random, so that there is room to count up.
        start = int.from_bytes(self._entropy(2)) & (2 ** (_COUNTER_BITS - 1) - 1)
        random = int.from_bytes(self._entropy(8)) & (2**_RANDOM_BITS - 1)
        earliest = self._clock_ms() << _COUNTER_BITS | start
        with self._lock:
            self._last = max(self._last + 1, earliest)
            timestamp, counter = divmod(self._last, 2**_COUNTER_BITS)
        return UUID(int=timestamp << 80 | 7 << 76 | counter << 64 | 2 << 62 | random)
