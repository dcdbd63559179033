"""Answers about stages: of one contact with the evidence, over time, and of all contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rapport_client.answers.labels import Ref


@dataclass(frozen=True, kw_only=True)
class KnownAt:
    """The part of the log that an answer rests on: everything up to ``position``."""

    position: int
    recorded_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Whether an engagement makes the contact a client in law, and in which role."""

    engagement_id: str
    role: str
    capacity: str


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One signal: whether it is on, how many points it adds, and the events that are evidence."""

    name: str
    on: bool
    points: int
    anchor: bool
    value: dict[str, Any]
    threshold: dict[str, Any]
    events: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """An event that does not count and the reason; ``by`` is the event that excludes it."""

    event: UUID
    reason: str
    by: UUID | None


@dataclass(frozen=True, kw_only=True)
class WouldChange:
    """The points and the stage after one further event."""

    change: str
    points: int
    stage: str


@dataclass(frozen=True, kw_only=True)
class WillChange:
    """The next change of stage if no event is recorded before."""

    at: datetime
    stage: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """A contact's stage with its evidence. ``explanation`` is there if it was asked for."""

    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int
    rests_on: str
    stage: str
    score: int
    since: datetime | None
    flags: tuple[str, ...]
    legal_capacity: tuple[Capacity, ...]
    signals: tuple[Signal, ...]
    excluded: tuple[Excluded, ...]
    would_change: tuple[WouldChange, ...]
    will_change: WillChange | None
    evidence_erased: bool
    explanation: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a stage began."""

    kind: str
    name: str
    event: UUID | None


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A stage from one instant to another; ``to`` is None for the stage that has not ended."""

    from_: datetime
    to: datetime | None
    stage: str
    score: int
    policy_version: int
    cause: Cause
    explanation: str | None = None


@dataclass(frozen=True, kw_only=True)
class StatusHistory:
    """A contact's stages over time, the oldest first."""

    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    intervals: tuple[Interval, ...]
    evidence_erased: bool


@dataclass(frozen=True, kw_only=True)
class StatusRow:
    """The stage of one of many contacts."""

    contact_id: UUID
    stage: str
    score: int
    since: datetime | None
    flags: tuple[str, ...]
    policy_version: int
    name: str | None = None
    refs: tuple[Ref, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The number of contacts in each stage."""

    position: int
    as_of: datetime
    stages: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """A stage that was believed over an interval until ``event``, at ``position``, corrected it."""

    contact_id: UUID
    from_: datetime
    to: datetime
    believed: str
    known: str
    event: UUID
    position: int
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
