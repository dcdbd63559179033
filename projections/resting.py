"""How long what gives way rests after steps that cost far more than their events are worth."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 9
"""How many times as long as such steps took it rests: a contact whose long history is folded for
each of its late events takes a tenth of a core, and what comes meanwhile is folded together."""

MOST_SECONDS = 60.0


class Rests:
    """Who rests for how long. A step's cost counts from the step after the last written one on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spent: dict[str, float] = {}
        self._until: dict[str, float] = {}

    def spend(self, name: str, seconds: float, *, wrote: bool, is_dear: bool) -> None:
        """A step took some seconds of the processor; it may have written what it and others did."""
        spent = self._spent.pop(name, 0.0) + seconds
        if not wrote:
            self._spent[name] = spent
        elif is_dear:
            self._until[name] = self._clock() + min(spent * TIMES, MOST_SECONDS)
        else:
            self._until.pop(name, None)

    def is_resting(self, name: str) -> bool:
        """Whether it is to wait for more to come together."""
        return self._clock() < self._until.get(name, 0.0)
