"""How fresh the lists of a page are, for which a page waits a moment where little is missing."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import ProjectionBehind

if TYPE_CHECKING:
    from api.service.server import OpenLedger

MOST_AWAITED = 20
"""How many events may be missing in a list for which a page waits; where more are, it says so at
once."""

AWAITED_SECONDS = 1.0
"""How long a page waits for its lists; then it shows them as they are, and says so."""


@dataclass(frozen=True)
class Freshness:
    """Up to which position the lists of a page reflect what is recorded, of how much there was."""

    position: int
    head: int

    @property
    def is_behind(self) -> bool:
        """Whether something is recorded that the lists do not reflect yet."""
        return self.position < self.head


def freshness(served: OpenLedger, *projections: str) -> Freshness:
    """What the lists of these projections reflect, after a moment in which the last is taken in."""
    head, until = served.ledger.head(), time.monotonic() + AWAITED_SECONDS
    return Freshness(
        min(_awaited_position(served, name, head, until) for name in projections), head
    )


def _awaited_position(served: OpenLedger, name: str, head: int, until: float) -> int:
    projections = served.projections
    if head - MOST_AWAITED <= projections.wait_for(0, 0, name) < head:
        with suppress(ProjectionBehind):
            return projections.wait_for(head, max(until - time.monotonic(), 0), name)
    return projections.wait_for(0, 0, name)
