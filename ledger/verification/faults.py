"""What a verification finds, and what it looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST_FAULTS = 20
"""How many faults a report lists; the others are counted."""


@dataclass(frozen=True)
class Fault:
    """Something that is not as it must be. ``position`` is the first event that it concerns.

    ``place`` is the file or part in which it was found. ``detail`` names no person.
    """

    place: str
    position: int | None
    detail: str

    def __str__(self) -> str:
        where = f" at position {self.position:,}" if self.position is not None else ""
        return f"{self.place}{where}: {self.detail}"


@dataclass
class Report:
    """What was looked at in one ledger, and what is wrong with it.

    ``checked`` counts by kind what was looked at; ``skipped`` says what was not, and why;
    ``notes`` is what a reader of the report must know besides.
    """

    name: str
    origin: str | None = None
    checked: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    head: int = 0
    checkpoint_size: int | None = None
    seconds: float = 0.0

    def add(self, place: str, position: int | None, detail: str) -> None:
        """Take down a fault; beyond ``MOST_FAULTS`` only those nearer to the beginning."""
        self.fault_count += 1
        self.faults.append(Fault(place, position, detail))
        if len(self.faults) > MOST_FAULTS:
            self.faults.remove(max(self.faults, key=_order))

    @property
    def sound(self) -> bool:
        """Nothing wrong was found."""
        return not self.fault_count

    @property
    def first(self) -> Fault | None:
        """The fault at the lowest position; those without one come last."""
        return min(self.faults, key=_order, default=None)

    @property
    def after_checkpoint(self) -> int | None:
        """How many events no checkpoint covers yet; None in a ledger without checkpoints."""
        return None if self.checkpoint_size is None else max(self.head - self.checkpoint_size, 0)


def _order(fault: Fault) -> tuple[bool, int]:
    return fault.position is None, fault.position or 0
