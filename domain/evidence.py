"""What an answer about a contact is made of beside its stage: why, and what would change it.

Source: the domain document, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


class SignalReading(NamedTuple):
    """A signal with its value, its threshold and the events behind it."""

    name: str
    on: bool
    points: int
    anchor: bool
    value: Mapping[str, object]
    threshold: Mapping[str, object]
    events: tuple[UUID, ...]


@dataclass(frozen=True)
class Exclusion:
    """An event that does not count, why, and the event that says so where one does."""

    event_id: UUID
    reason: str
    by: UUID | None = None


@dataclass(frozen=True)
class WouldChange:
    """One single change that would cross a line, the points it brings, the stage it leads to."""

    change: str
    points: int
    stage: str


@dataclass(frozen=True)
class WillChange:
    """When the stage changes if nothing happens, to what, and because of which breakpoint."""

    at: int
    stage: str
    because: str
