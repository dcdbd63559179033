"""Birthdays, anniversaries and other days of theirs: kind 8 of the agenda.

Their dates are personal: what is made here stands in no file. Source: the care document, section 2.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from domain.events.care import GreetingSent
from domain.events.contacts import OccasionLearned
from domain.instants import DAY, day_of, start_of_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.agenda.items import Item
    from domain.agenda.view import ContactView
    from domain.history import Fact

GONE_DAYS = 2
"""How many days after the start of its day an occasion is over, in days of 24 hours."""


class Occasion(NamedTuple):
    """An occasion: when it was learned first, its date as it was learned last, and every time that
    it was learned, in order.
    """

    first: Fact
    newest: OccasionLearned
    learned: tuple[tuple[int, OccasionLearned], ...]

    def known_at(self, day: date) -> int:
        """Since when its date in that year was known without another in between."""
        since = self.first.occurred_at
        for at, event in reversed(self.learned):
            if day_in(event, day.year) != day:
                break
            since = at
        return since


def occasions_in(seen: ContactView) -> list[Occasion]:
    """Every occasion whose date can be read, in the order in which they were learned."""
    found: dict[tuple[int, str], Occasion] = {}
    for fact, event in seen.of(OccasionLearned):
        key = fact.scope, event.occasion_id
        known = found.get(key)
        before = known.learned if known else ()
        learned = (*before, (fact.occurred_at, event))
        found[key] = Occasion(known.first if known else fact, event, learned)
    return [one for one in found.values() if isinstance(one.newest.month, int)]


def day_in(occasion: OccasionLearned, year: int) -> date | None:
    """The day of an occasion in a year; None before its own year, or outside the calendar.

    29 February is 28 February in other years.
    """
    month, day, own = occasion.month, occasion.day, occasion.year
    if not (isinstance(month, int) and isinstance(day, int) and 1 <= year <= date.max.year):
        return None
    if isinstance(own, int) and year < own:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 2, 28) if (month, day) == (2, 29) else None


def occasions(seen: ContactView) -> Iterator[Item]:
    """The days of theirs that are near, and on which nobody greeted them yet."""
    this_year = date.fromordinal(day_of(seen.at, seen.time_zone)).year
    for occasion in occasions_in(seen):
        first, newest = occasion.first, occasion.newest
        greeted = [
            fact.occurred_at
            for fact, one in seen.of(GreetingSent)
            if one.occasion_id == newest.occasion_id and fact.scope == first.scope
        ]
        for year in range(this_year - 1, this_year + 3):
            day = day_in(newest, year)
            if day is None:
                continue
            starts_at = start_of_day(day, seen.time_zone)
            opens_at = max(starts_at - seen.care.occasion_days * DAY, occasion.known_at(day))
            if any(at >= opens_at for at in greeted if at < starts_at + GONE_DAYS * DAY):
                continue
            own = newest.year
            yield from seen.item(
                "occasion",
                first,
                opens_at,
                starts_at,
                subject=f"{first.id}/{year:04}",
                gone_at=starts_at + GONE_DAYS * DAY,
                occasion=newest.kind,
                on=day.isoformat(),
                years=year - own if isinstance(own, int) else None,
            )
