"""All signals of one contact, as they were read last, and what they come to together.

Only what may read differently is read again. Source: the domain document, section 4.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, TypeVar

from domain.signals import OFF, READERS, SIGNALS, Evaluation, Reading, Signal, blank_readings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from domain.commerce import Commerce
    from domain.history import Fact
    from domain.signals.base import SignalExclusion

    SignalRead = tuple[Signal | None, Reading, Evaluation]
    """A signal, None if it absorbed nothing, how it reads, and the instant judged."""

S = TypeVar("S", bound=Signal)

NEVER = 2**63
"""Later than every instant."""

_PLACES = {signal: place for place, signal in enumerate(SIGNALS)}
_PLACES_BY_NAME = {signal.name: place for signal, place in _PLACES.items()}
_COMPLAINT = _PLACES_BY_NAME["complaint"]


class SignalBoard:
    """The signals that absorbed something, by place in ``SIGNALS``: the others are off."""

    def __init__(self) -> None:
        self.points = 0
        """The sum of the points of all signals, which may lie below 0."""
        self.runs_out_at = NEVER
        """When a signal may read differently next although nothing happens."""
        self._signals: dict[int, Signal] = {}
        self._readings: dict[int, Reading] = {}
        self._stale: set[int] = set()

    def absorb(self, fact: Fact, commerce: Commerce) -> bool:
        """Take in a fact; whether a signal is on the board that was not before."""
        grew = False
        for place in READERS.get(type(fact.event), ()):
            signal = self._signals.get(place)
            if signal is None:
                signal = self._signals[place] = SIGNALS[place].of(commerce)
                grew = True
            signal.absorb(fact)
            self._stale.add(place)
        return grew

    def all_stale(self) -> None:
        """Read every signal again, since the policy is another."""
        self._stale.update(self._signals)

    def stage_stale(self) -> None:
        """Read again what depends on whether they are a client."""
        self._stale.update(
            place for place, signal in self._signals.items() if signal.depends_on_stage
        )

    def refresh(self, judged: Evaluation) -> bool:
        """Read again the signals that may read differently; whether one is worth other points."""
        if judged.at >= self.runs_out_at:
            for place, reading in self._readings.items():
                if reading.until_at is not None and reading.until_at <= judged.at:
                    self._stale.add(place)
        points, changed = self.points, False
        for place in self._stale:
            before = self._readings.get(place, OFF)
            reading = self._readings[place] = self._signals[place].read(judged)
            changed |= reading.points != before.points
            points += reading.points - before.points
        self.points = points
        self._stale.clear()
        return changed

    def next_to_run_out(self) -> str:
        """Find the signal that may read differently next, and note when; the first of several."""
        soonest, first = NEVER, 0
        for place, reading in self._readings.items():
            until_at = reading.until_at
            if until_at is not None and until_at <= soonest:
                first = place if until_at < soonest else min(place, first)
                soonest = until_at
        self.runs_out_at = soonest
        return SIGNALS[first].name

    def is_anchored(self) -> bool:
        """Whether an anchor is on."""
        return any(
            reading.on and SIGNALS[place].anchor for place, reading in self._readings.items()
        )

    def worst_complaint(self) -> int:
        """The severity of the worst complaint past its deadline; 0 if there is none."""
        reading = self._readings.get(_COMPLAINT)
        if reading is None:
            return 0
        worst = reading.value["worst_overdue_severity"]
        assert isinstance(worst, int)
        return worst

    def reading(self, name: str) -> Reading | None:
        """The signal of that name as last evaluated; None if it has nothing to go by."""
        return self._readings.get(_PLACES_BY_NAME[name])

    def signal(self, kind: type[S]) -> S | None:
        """The signal of that kind; None if it has nothing to go by."""
        found = self._signals.get(_PLACES[kind])
        return found if isinstance(found, kind) else None

    def signals(self) -> Collection[Signal]:
        """Those that have something to go by."""
        return self._signals.values()

    def read_all(self, judged: Evaluation) -> list[SignalRead]:
        """Every signal read afresh, whatever was read before."""
        readings: list[SignalRead] = []
        for place, blank in enumerate(blank_readings(judged.policy)):
            signal = self._signals.get(place)
            readings.append((signal, signal.read(judged) if signal else blank, judged))
        return readings

    def exclusions(self) -> Iterator[SignalExclusion]:
        """The events absorbed that do not count, and why."""
        for signal in self._signals.values():
            yield from signal.exclusions()

    def ahead(self) -> SignalBoard:
        """A copy to be read at later instants without facts."""
        board = copy(self)
        board._readings = dict(self._readings)
        board._stale = set(self._stale)
        return board
