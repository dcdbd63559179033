"""What is measured, what it is held against, and how both are taken in the same run."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Disagreement(Exception):
    """Two ways to the same answer gave different ones; what was measured is worth nothing."""


class NotMeasured(Exception):
    """A row cannot be measured here; the text says what is missing."""


@dataclass(frozen=True)
class Spread:
    """What several runs gave, in the order in which they ran."""

    figures: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle figure."""
        return median(self.figures)

    def __str__(self) -> str:
        if len(self.figures) == 1:
            return shown(self.median)
        return f"{shown(self.median)} ({shown(min(self.figures))} to {shown(max(self.figures))})"


@dataclass(frozen=True)
class Goal:
    """What is to be reached, and what would be a feat. ``absolute``: by our figure alone."""

    reach: float
    moonshot: float
    at_least: bool = True
    absolute: bool = False

    def verdict(self, figure: float) -> str:
        """How a figure stands to the goal, in a word or two."""
        if self._within(figure, self.moonshot):
            return "moonshot"
        return "reached" if self._within(figure, self.reach) else "missed"

    def _within(self, figure: float, limit: float) -> bool:
        return figure >= limit if self.at_least else figure <= limit


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table: ours, and beside it what was measured in turns with it."""

    row: str
    what: str
    unit: str
    ours: Spread
    beside: str = ""
    theirs: Spread | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """Median of ours to median of theirs; None where nothing stands beside."""
        return None if self.theirs is None else self.ours.median / self.theirs.median

    @property
    def verdict(self) -> str:
        """How the line stands to its goal; empty where it has none."""
        if self.goal is None:
            return ""
        figure = self.ours.median if self.goal.absolute else self.ratio
        assert figure is not None, "a goal for a ratio needs something beside"
        return self.goal.verdict(figure)


@dataclass(frozen=True)
class Outcome:
    """What a row gave: its lines, and what else a reader should know, as Markdown."""

    lines: tuple[Line, ...]
    remarks: str = ""


def in_turns(
    runs: int, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[Spread, Spread]:
    """Both so many times, one after the other, so that a drifting machine drifts for both."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return Spread(tuple(pair[0] for pair in pairs)), Spread(tuple(pair[1] for pair in pairs))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes by the clock on the wall."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def agree(what: str, one: object, other: object) -> None:
    """Go on if both are the same.

    Raises:
        Disagreement: they are not.
    """
    if one != other:
        raise Disagreement(f"{what}: {one!r} is not {other!r}")


def percentile(figures: Iterable[float], rank: float) -> float:
    """The least of the figures that so many percent of them do not exceed."""
    ordered = sorted(figures)
    return ordered[max(math.ceil(len(ordered) * rank / 100) - 1, 0)]


def shown(figure: float) -> str:
    """A figure with three digits that say something."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
