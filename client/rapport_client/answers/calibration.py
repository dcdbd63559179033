"""How right the falls by silence were, and what clients were worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class ResolvedFalls:
    """Of the falls whose outcome is known, how many were followed by a purchase in time."""

    bought: int
    resolved: int
    percent: int | None


@dataclass(frozen=True, kw_only=True)
class DelayDays:
    """The lower median of the days from the last commerce to the fall; None without falls."""

    median: int | None


@dataclass(frozen=True, kw_only=True)
class WrittenOff:
    """Purchases of contacts who had fallen by silence, of all that former clients made too."""

    purchases: int
    of: int
    percent: int | None


@dataclass(frozen=True, kw_only=True)
class GroupValue:
    """The revenue of a group of contacts in a year, in minor units, and the number who bought."""

    contacts: int
    net_minor: int
    net_minor_per_head: int | None
    repeat_percent: int | None
    share_percent: int | None


@dataclass(frozen=True, kw_only=True)
class Value:
    """The revenue of the clients of a year ago since then, beside that of all other buyers."""

    currency: str
    clients: GroupValue
    others: GroupValue
    ratio_percent: int | None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How right the falls by silence of a period were, and what clients were worth.

    ``from_`` and ``to`` are None where the period is open.
    """

    from_: datetime | None
    to: datetime | None
    position: int
    as_of: datetime
    policy_version: int | None
    falls: int
    premature: ResolvedFalls
    within_365_days: ResolvedFalls
    delay_days: DelayDays
    written_off: WrittenOff
    values: tuple[Value, ...]
