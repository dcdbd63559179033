"""The live tables of a projection for as long as a read lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Invalid, ProjectionBehind

if TYPE_CHECKING:
    from projections.generations import Tables

_AHEAD = "lies ahead of what lists hold: with as_known_at beside it, or by a replay, it is folded"


@dataclass(frozen=True)
class Snapshot:
    """Tables that hold at ``as_of``, with the position that they reflect.

    ``until`` is the instant at which a row changes without an event, ``now`` the present.
    """

    tables: Tables
    position: int
    as_of: int
    now: int
    until: int | None

    def require_known(self, at: int) -> None:
        """Let pass the instants for which the intervals are known.

        Raises:
            Invalid: it lies ahead.
            ProjectionBehind: it has come, and the rows are not made for it yet.
        """
        if self.until is None or at <= self.as_of or at < self.until:
            return
        if at <= self.now:
            raise ProjectionBehind("the stages at that instant are being worked out")
        raise Invalid.at("/as_of", "invalid-time", _AHEAD)
