"""Answers about how well contacts were treated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport_client.answers.statuses import KnownAt


@dataclass(frozen=True, kw_only=True)
class ScorecardLetter:
    """One of the seven letters; ``percent`` is None where there is nothing to rate.

    ``beside`` are counts that the percentage is not made of.
    """

    letter: str
    name: str
    percent: int | None
    numerator: int
    denominator: int
    events: tuple[UUID, ...]
    beside: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """How well a contact was treated; ``overall`` is the mean of the letters that are rated."""

    letters: tuple[ScorecardLetter, ...]
    overall: int | None
    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int


@dataclass(frozen=True, kw_only=True)
class LedgerScorecard:
    """The mean of each letter over the clients who have it, whose percentages it sums."""

    letters: tuple[ScorecardLetter, ...]
    overall: int | None
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int | None
    clients: int
