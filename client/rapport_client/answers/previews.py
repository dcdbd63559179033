"""The contacts that a previewed policy would move to another stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class ScoreBeforeAndAfter:
    """A score under the published policies and under the proposed one."""

    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class InstantBeforeAndAfter:
    """An instant under the same two, None where there is none."""

    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, kw_only=True)
class SignalReading:
    """What a signal measures: see ``Signal``, without the events."""

    on: bool
    points: int
    value: dict[str, Any]
    threshold: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SignalBeforeAndAfter:
    """A signal that differs; None where a policy has no such signal."""

    name: str
    before: SignalReading | None
    after: SignalReading | None


@dataclass(frozen=True, kw_only=True)
class Silence:
    """When the contact was last heard of and was due again, and what silence means when."""

    last_at: datetime
    due_at: datetime
    quiet_at: datetime
    demote_at: datetime
    lapse_at: datetime


@dataclass(frozen=True, kw_only=True)
class SilenceBeforeAndAfter:
    """The silence under the same two, None where silence has no consequence."""

    before: Silence | None
    after: Silence | None


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """An interval over which the stages differ; ``to`` is None if it has not ended."""

    from_: datetime
    to: datetime | None
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class PreviewedChange:
    """A contact that the proposed policy would move to another stage: a line of a preview.

    ``signals`` has those that differ, ``silence`` is None if it is the same, and ``stretches`` is
    None unless the preview was over a window of time.
    """

    contact_id: UUID
    from_: str
    to: str
    at: datetime
    score: ScoreBeforeAndAfter
    since: InstantBeforeAndAfter
    first_client_at: InstantBeforeAndAfter
    signals: tuple[SignalBeforeAndAfter, ...]
    silence: SilenceBeforeAndAfter | None
    stretches: tuple[Stretch, ...] | None = None
