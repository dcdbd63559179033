"""The agenda of a day: what exists at any instant that is left of it, and in which state.

Source: the care document, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from domain.agenda.items import HIDDEN
from domain.instants import start_of_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.agenda.agenda import Agenda
    from domain.agenda.items import Item

MOST_DAYS_AHEAD = 366
"""How far ahead an agenda can be asked for."""


@dataclass(frozen=True)
class Day:
    """What is left of a day: [``begins_at``, ``ends_at``), of a day that has passed all of it.

    ``first_at`` is the first instant that is looked at: the last one of a day that has passed.
    """

    on: date
    begins_at: int
    ends_at: int
    first_at: int


class DayItem(NamedTuple):
    """An item with its state on the day."""

    item: Item
    state: str


def day_on(on: date, time_zone: str, now: int) -> Day:
    """The day as it is left at ``now``, in the ledger's time zone."""
    starts_at = start_of_day(on, time_zone)
    ends_at = max(start_of_day(on + timedelta(days=1), time_zone), starts_at + 1)
    if starts_at <= now < ends_at:
        return Day(on, now, ends_at, now)
    if ends_at <= now:
        return Day(on, starts_at, ends_at, ends_at - 1)
    return Day(on, starts_at, ends_at, starts_at)


def listed_on(day: Day, agenda_at: Callable[[int], Agenda]) -> list[DayItem]:
    """What exists on a day, each item as it is at the first instant at which it exists.

    An item that is muted or deferred then, and is neither later on that day, is as it is later.
    """
    found: dict[str, DayItem] = {}
    at: int | None = day.first_at
    while at is not None and at < day.ends_at:
        seen = agenda_at(at)
        for item in seen.items:
            known = found.get(item.key)
            if known is None or known.state in HIDDEN:
                state = item.state(day.begins_at, day.ends_at, at)
                if known is None or state not in HIDDEN:
                    found[item.key] = DayItem(item, state)
        at = seen.changes_at
    return sorted(found.values(), key=lambda one: one.item.order)
