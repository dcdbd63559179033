"""How often each access key may ask."""

from __future__ import annotations

import math
import time
from threading import Lock
from typing import TYPE_CHECKING

from api.problems import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_KEYS = 10_000


class Rates:
    """How many requests each key still has: as many a minute as it was given, saved up for one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key_id: str, per_minute: int | None) -> None:
        """Count one request.

        Raises:
            RateLimited: there is none left; it says when there will be.
        """
        if per_minute is None:
            return
        now, per_second = self._now(), per_minute / 60
        with self._lock:
            left, at = self._left.pop(key_id, (float(per_minute), now))
            left = min(per_minute, left + (now - at) * per_second)
            allowed = left >= 1
            self._left[key_id] = left - allowed, now
            while len(self._left) > _MOST_KEYS:
                del self._left[next(iter(self._left))]  # whoever asked longest ago
        if not allowed:
            raise RateLimited(math.ceil((1 - left) / per_second))
