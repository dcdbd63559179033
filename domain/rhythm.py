"""A contact's own rhythm of buying, from the days on which they bought.

Source: the domain document, section 3.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import NamedTuple

from domain.instants import HOUR


class Gaps(NamedTuple):
    """How many gaps lie between neighbouring purchase days, and twice their median, in days."""

    gap_count: int
    median2: int

    def rho_hours(self, expected_gap_days: int) -> int:
        """The rhythm in hours: twice the median gap, shrunk towards the expected one."""
        weighted = 12 * self.gap_count * self.median2 + 48 * expected_gap_days
        return weighted // (self.gap_count + 2)


class Due(NamedTuple):
    """When a contact was due again after a purchase, as it was known then.

    ``purchase_days`` are the days with a purchase up to it, and ``rho_hours`` is their rhythm.
    """

    bought_at: int
    purchase_days: int
    due_at: int
    rho_hours: int


class DueDates:
    """When a contact was due again after each unreversed purchase, and the latest of these.

    Purchases are added in the order in which they occurred. The latest is a running maximum, so
    that a further purchase never brings it nearer.
    """

    def __init__(self) -> None:
        self._bought: list[tuple[int, Gaps]] = []
        # By expected gap: the greatest due date of the first purchase, of the first two, ...
        self._greatest: dict[int, list[int]] = {}

    def add(self, instant: int, gaps: Gaps) -> None:
        """Count a purchase, and the gaps between the days up to and including it."""
        self._bought.append((instant, gaps))

    def cut(self, count: int) -> None:
        """Keep the first ``count`` purchases only."""
        del self._bought[count:]
        for greatest in self._greatest.values():
            del greatest[count:]

    def latest(self, expected_gap_days: int) -> int | None:
        """The greatest due date of all purchases; None where there is none."""
        return self._running(expected_gap_days)[-1] if self._bought else None

    def each(self, expected_gap_days: int) -> list[Due]:
        """When they were due after each purchase, in the order of the purchases."""
        running = self._running(expected_gap_days)
        return [
            Due(instant, gaps.gap_count + 1, due_at, gaps.rho_hours(expected_gap_days))
            for (instant, gaps), due_at in zip(self._bought, running, strict=True)
        ]

    def _running(self, expected_gap_days: int) -> list[int]:
        greatest = self._greatest.setdefault(expected_gap_days, [])
        for instant, gaps in self._bought[len(greatest) :]:
            due_at = instant + gaps.rho_hours(expected_gap_days) * HOUR
            greatest.append(max(due_at, greatest[-1]) if greatest else due_at)
        return greatest


class PurchaseDays:
    """The distinct days with an unreversed purchase, and the gaps between neighbours."""

    def __init__(self) -> None:
        self.days: list[int] = []
        self._instants: dict[int, list[int]] = {}
        self._gaps: list[int] = []

    def add(self, day: int, instant: int) -> None:
        """Count a purchase at ``instant`` on ``day``."""
        instants = self._instants.get(day)
        if instants is not None:
            insort(instants, instant)
            return
        self._instants[day] = [instant]
        place = bisect_left(self.days, day)
        self._divide_gap(place, day)
        self.days.insert(place, day)

    def remove(self, day: int, instant: int) -> None:
        """Take a counted purchase out again."""
        instants = self._instants[day]
        instants.pop(bisect_left(instants, instant))
        if not instants:
            del self._instants[day]
            place = bisect_left(self.days, day)
            self.days.pop(place)
            self._join_gaps(place, day)

    def newest(self, count: int, after_day: int | None = None) -> list[int]:
        """The latest purchase on each of the ``count`` newest days, newest first.

        With ``after_day`` only of the days after that one.
        """
        # Two more than wanted: where clocks fall back over midnight, days and instants can cross.
        start = max(self._first_after(after_day), len(self.days) - count - 2)
        latest = [self._instants[day][-1] for day in self.days[start:]]
        latest.sort(reverse=True)
        return latest[:count]

    def count_after(self, instant: int, after_day: int | None = None) -> int:
        """How many days after ``after_day`` have their latest purchase after an instant."""
        start = self._first_after(after_day)
        place = bisect_right(self.days, instant, lo=start, key=self._latest)
        # Where clocks fall back over midnight, days and instants can cross.
        near = self.days[max(place - 2, start) : place + 2]
        later_count = max(len(self.days) - place - 2, 0)
        return later_count + sum(self._latest(day) > instant for day in near)

    def count_after_day(self, day: int | None) -> int:
        """How many days lie after that one; all of them where there is none."""
        return len(self.days) - self._first_after(day)

    def _first_after(self, day: int | None) -> int:
        return 0 if day is None else bisect_right(self.days, day)

    def _latest(self, day: int) -> int:
        return self._instants[day][-1]

    def rho_hours(self, expected_gap_days: int) -> int:
        """The rhythm in hours: twice the median gap, shrunk towards the expected one.

        >>> days = PurchaseDays()
        >>> for day in (1, 8, 15, 29):
        ...     days.add(day, day)
        >>> days.rho_hours(7)  # gaps 7, 7, 14: (12 x 3 x 14 + 48 x 7) // 5
        168
        """
        return self.gaps().rho_hours(expected_gap_days)

    def gaps(self) -> Gaps:
        """What the rhythm follows from, whatever gap is expected."""
        count = len(self._gaps)
        if not count:
            return Gaps(0, 0)
        middle = count // 2
        upper = self._gaps[middle]
        return Gaps(count, 2 * upper if count % 2 else self._gaps[middle - 1] + upper)

    def _divide_gap(self, place: int, day: int) -> None:
        """Measure both sides of a new day in place of the gap between its neighbours."""
        sides, whole = self._gaps_at(place, day)
        for gap in whole:
            self._gaps.pop(bisect_left(self._gaps, gap))
        for gap in sides:
            insort(self._gaps, gap)

    def _join_gaps(self, place: int, day: int) -> None:
        """Measure the gap between the neighbours of a day that is gone in place of its sides."""
        sides, whole = self._gaps_at(place, day)
        for gap in sides:
            self._gaps.pop(bisect_left(self._gaps, gap))
        for gap in whole:
            insort(self._gaps, gap)

    def _gaps_at(self, place: int, day: int) -> tuple[list[int], list[int]]:
        """From a day that is not counted to its neighbours, and from one of them to the other."""
        sides, whole = [], []
        if place:
            sides.append(day - self.days[place - 1])
        if place < len(self.days):
            sides.append(self.days[place] - day)
        if len(sides) == 2:
            whole.append(sum(sides))
        return sides, whole
