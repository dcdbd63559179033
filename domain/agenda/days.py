"""The agenda of a day: what exists at any instant that is left of it, and in which state.

Source: the care document, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

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


class SeenItems(NamedTuple):
    """What exists in a span of time: each item as it is when it is seen first, and that instant.

    ``changes_at`` is the first instant after the beginning at which anything may change, None where
    nothing ever does. ``is_whole`` says whether the span was looked through to its end.
    """

    items: tuple[tuple[Item, int], ...]
    changes_at: int | None
    is_whole: bool


def seen_in(
    begins_at: int, ends_at: int, agenda_at: Callable[[int], Agenda], most_looks: int | None = None
) -> SeenItems:
    """What exists at any instant of a span, or what up to ``most_looks`` changes in it show."""
    found: dict[str, tuple[Item, int]] = {}
    looked = agenda_at(begins_at)
    changes_at, at, looks = looked.changes_at, begins_at, 1
    while True:
        for item in looked.items:
            found.setdefault(item.key, (item, at))
        if looked.changes_at is None or looked.changes_at >= ends_at:
            return SeenItems(tuple(found.values()), changes_at, is_whole=True)
        if looks == most_looks:
            return SeenItems(tuple(found.values()), changes_at, is_whole=False)
        at, looks = looked.changes_at, looks + 1
        looked = agenda_at(at)


def listed_on(day: Day, agenda_at: Callable[[int], Agenda]) -> list[DayItem]:
    """What exists on a day, each item as it is at the first instant at which it exists."""
    seen = seen_in(day.first_at, day.ends_at, agenda_at)
    return sorted(
        (as_listed(item, day, at) for item, at in seen.items), key=lambda one: one.item.order
    )


def as_listed(item: Item, day: Day, at: int) -> DayItem:
    """An item that is seen first at an instant of the day, with its state."""
    return DayItem(item, item.state(day.begins_at, day.ends_at, at))
