"""A contact's own rhythm of buying, from the days on which they bought.

Source: the domain document, section 3.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort


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

    def newest(self, count: int) -> list[int]:
        """The latest purchase on each of the ``count`` newest days, newest first."""
        # Two more than wanted: where clocks fall back over midnight, days and instants can cross.
        latest = [self._instants[day][-1] for day in self.days[-(count + 2) :]]
        latest.sort(reverse=True)
        return latest[:count]

    def count_after(self, instant: int) -> int:
        """How many days have their latest purchase after an instant."""
        place = bisect_right(self.days, instant, key=self._latest)
        # Where clocks fall back over midnight, days and instants can cross.
        near = self.days[max(place - 2, 0) : place + 2]
        later_count = max(len(self.days) - place - 2, 0)
        return later_count + sum(self._latest(day) > instant for day in near)

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
        gap_count = len(self._gaps)
        median2 = 0
        if gap_count:
            middle = gap_count // 2
            upper = self._gaps[middle]
            median2 = 2 * upper if gap_count % 2 else self._gaps[middle - 1] + upper
        return (12 * gap_count * median2 + 48 * expected_gap_days) // (gap_count + 2)

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
