"""Stages that somebody set by hand, each until an instant.

Source: the domain document, section 5, rule 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.events.governance import StageOverridden


@dataclass(frozen=True)
class Overrides:
    """The overrides of one contact: when each expires, and its stage, in order of occurrence."""

    expiring: tuple[tuple[int, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.expiring)

    def with_one(self, event: StageOverridden, at: int) -> Overrides:
        """These and one more, which occurs at ``at``, without those that expired by then."""
        kept = tuple(one for one in self.expiring if one[0] > at)
        return Overrides((*kept, (event.expires_at, event.stage)))

    def in_force(self, at: int) -> str | None:
        """The stage of the newest one in force, if any."""
        if not self.expiring:  # as of nearly everybody, at every instant that is judged
            return None
        return next(
            (stage for expires_at, stage in reversed(self.expiring) if at < expires_at), None
        )

    def next_expiry(self, at: int) -> int | None:
        """When the next of them expires."""
        if not self.expiring:
            return None
        return min((one for one, _ in self.expiring if at < one), default=None)


NO_OVERRIDES = Overrides()
"""What nearly everybody has."""
