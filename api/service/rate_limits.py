"""How often each access key may ask, and how much it may append."""

from __future__ import annotations

import asyncio
import math
import time
from threading import Lock
from typing import TYPE_CHECKING

from api.service.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_MOST_KEYS = 10_000


class RateLimits:
    """What each key still has: as much a minute as it was given, saved up for one.

    A request is one, and so is each event of it beyond the first: what is appended stays forever,
    and a key that may ask once a second must not fill the disk with one request.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = Lock()
        self._left: dict[str, tuple[float, float, int]] = {}

    def take(self, key_id: str, per_minute: int | None) -> None:
        """Count one request.

        Raises:
            RateLimited: there is none left; it says when there will be.
        """
        if per_minute is None:
            return
        with self._lock:
            left = self._now_left(key_id, per_minute)
            allowed = left >= 1
            self._keep(key_id, left - allowed, per_minute)
        if not allowed:
            raise RateLimited(math.ceil((1 - left) * 60 / per_minute))

    def owe(self, key_id: str, count: int) -> float:
        """Count further events of a request that was taken; in how many seconds they are made up.

        Until then the key may not ask again. One without a limit owes nothing.
        """
        with self._lock:
            if (found := self._left.get(key_id)) is None:
                return 0.0
            per_minute = found[2]
            left = self._now_left(key_id, per_minute) - count
            self._keep(key_id, left, per_minute)
        return max(0.0, -left * 60 / per_minute)

    def pace(self, key_id: str) -> Pace | None:
        """The pace of a stream of that key's; None where it has no limit."""
        found = self._left.get(key_id)
        return None if found is None else Pace(self, key_id, found[2], self._sleep)

    def _now_left(self, key_id: str, per_minute: int) -> float:
        now = self._now()
        left, at, _ = self._left.get(key_id, (float(per_minute), now, per_minute))
        return min(per_minute, left + (now - at) * per_minute / 60)

    def _keep(self, key_id: str, left: float, per_minute: int) -> None:
        self._left.pop(key_id, None)
        self._left[key_id] = left, self._now(), per_minute
        while len(self._left) > _MOST_KEYS:
            del self._left[next(iter(self._left))]  # the key whose last request is the oldest


class Pace:
    """How fast the lines of one key are taken: ``at_once`` together, about those of a second."""

    def __init__(
        self,
        rates: RateLimits,
        key_id: str,
        per_minute: int,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.at_once = max(1, per_minute // 60)
        self._rates = rates
        self._key_id = key_id
        self._sleep = sleep

    async def take(self, count: int) -> None:
        """Count these lines, and wait until the limit allows them."""
        if seconds := self._rates.owe(self._key_id, count):
            await self._sleep(seconds)
