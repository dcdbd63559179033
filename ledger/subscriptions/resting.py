"""The rests of subscribers that give way, after steps that cost far more than their events are
worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.subscriptions.pacing import Pacing


class Rests:
    """Which subscriber rests until when. The costs of steps add up until a step has written."""

    def __init__(self, pacing: Pacing, clock: Callable[[], float]) -> None:
        self._pacing = pacing
        self._clock = clock
        self._spent: dict[str, float] = {}
        self._until: dict[str, float] = {}

    def spend(self, name: str, seconds: float, *, wrote: bool, is_dear: bool) -> None:
        """Count a step's processor seconds. ``wrote``: it has written what it and earlier steps
        did.
        """
        spent = self._spent.pop(name, 0.0) + seconds
        if not wrote:
            self._spent[name] = spent
        elif is_dear:
            self._until[name] = self._clock() + self._pacing.rest_of_the_dear(spent)
        else:
            self._until.pop(name, None)

    def is_resting(self, name: str) -> bool:
        """Whether it is to wait until there are more events."""
        return self._clock() < self._until.get(name, float("-inf"))
