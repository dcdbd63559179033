"""Signals as bars: their points on one line, and what each measures beside what is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.service.answers.status import Signal
    from domain.policy import Policy

WIDTH = 1000
"""How wide drawings are, in units of their own."""


@dataclass(frozen=True)
class Measure:
    """What a signal measures beside what it needs, and both as places in the drawing."""

    name: str
    measured: int
    needed: int

    @property
    def width(self) -> int:
        """How far the bar goes."""
        return WIDTH * self.measured // max(self.measured, self.needed, 1)

    @property
    def line(self) -> int:
        """Where the threshold is."""
        return WIDTH * self.needed // max(self.measured, self.needed, 1)


@dataclass(frozen=True)
class Bar:
    """A signal as a bar: from where to where, in the units of the drawing.

    ``takes_away`` says that its points are less than none: it lies over the end of the others.
    """

    signal: Signal
    label: str
    begins: int
    width: int
    takes_away: bool

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Every number that has a threshold of the same name."""
        return tuple(_measures(self.signal.value, self.signal.threshold))


def score_lines(policy: Policy) -> dict[str, int]:
    """The lines that a score is read against, as places in the drawing."""
    stage = policy.stage
    return {
        "to stay a client": stage.stay_score * WIDTH // 100,
        "to become a client": stage.promotion_score * WIDTH // 100,
    }


def bars_of(signals: Sequence[Signal]) -> list[Bar]:
    """The signals that are on, one after the other, and those that are off without a bar."""
    found, end = [], 0
    for one in sorted(signals, key=lambda signal: (not signal.on, -signal.points)):
        begun, end = end, max(end + (WIDTH * one.points // 100 if one.on else 0), 0)
        label = one.name.replace("_", " ")
        found.append(Bar(one, label, min(begun, end), abs(end - begun), end < begun))
    return found


def _measures(value: Mapping[str, object], threshold: Mapping[str, object]) -> Sequence[Measure]:
    found = [(name, value.get(name), needed) for name, needed in threshold.items()]
    return [
        Measure(name.replace("_", " "), measured, needed)
        for name, measured, needed in found
        if isinstance(measured, int) and isinstance(needed, int) and not name.endswith("_at")
    ]
