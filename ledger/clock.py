"""The wall clock of a ledger, the instants of recording, and how far the one lies behind the other.

"Now" is the wall clock, in every default and limit. Instants of recording never decrease: where the
clock was put back, they stay at the newest one until it gets there again. Source: the HTTP
contract, "The clock".
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, NamedTuple

from domain.instants import SECOND, format_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[], int]
    """The present instant, in microseconds of UTC."""

_log = logging.getLogger("rapport.ledger")


class Stamp(NamedTuple):
    """One reading of the clock: the present, and what is to stand as the instant of recording."""

    now: int
    recorded_at: int

    @property
    def is_behind(self) -> bool:
        """Whether the clock lies behind what was recorded before."""
        return self.now < self.recorded_at


class RecordingClock:
    """Stamps what is recorded. Instants are microseconds of UTC."""

    def __init__(self, clock: Clock, newest_at: int) -> None:
        """``newest_at`` is the newest instant of recording so far; 0 where there is none."""
        self._clock = clock
        self._newest_at = newest_at

    def stamp(self) -> Stamp:
        """The present, with the instant of recording that goes with it."""
        now = self._clock()
        self._newest_at = max(now, self._newest_at)
        return Stamp(now, self._newest_at)


class ClockWatch:
    """Looks how far the clock lies behind the newest event, and logs when that begins and ends.

    Any thread may call. Less than a second is nothing: clocks are set right by that much.
    """

    def __init__(self, ledger_name: str, clock: Clock) -> None:
        self._ledger_name = ledger_name
        self._clock = clock
        self._lock = threading.Lock()
        self._is_behind = False

    def behind_seconds(self, newest_at: int) -> int:
        """How many whole seconds the clock lies behind an instant of recording; 0 if it does not.

        It is logged once when the clock falls behind, and once when it has caught up.
        """
        behind_seconds = max(newest_at - self._clock(), 0) // SECOND
        if (behind_seconds > 0) != self._is_behind:
            with self._lock:
                self._turn(behind_seconds, newest_at)
        return behind_seconds

    def _turn(self, behind_seconds: int, newest_at: int) -> None:
        is_behind = behind_seconds > 0
        if is_behind == self._is_behind:
            return  # another thread was first
        self._is_behind = is_behind
        if is_behind:
            _log.warning(
                "the clock lies %s s behind the newest event of ledger %s, which was recorded at "
                "%s: events are recorded as of that instant until the clock gets there; set the "
                "clock right",
                behind_seconds,
                self._ledger_name,
                format_instant(newest_at),
            )
        else:
            _log.warning("the clock has caught up with ledger %s", self._ledger_name)
