"""What the projections answer. Everything names the position and the instant that it holds for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from domain.calibration import Calibration
    from domain.first_purchases import Commerce
    from domain.referrals import Edge
    from domain.standing import Standing

T = TypeVar("T")

Cursor = tuple[int, "UUID"]
"""Where a list continues: after the row with this value and this contact."""


@dataclass(frozen=True)
class ProjectionState:
    """How a projection is: live, rebuilding, waiting (for a file to be usable again) or failed.

    ``lag`` is how many events the ledger is ahead.
    """

    name: str
    version: int
    position: int
    lag: int
    state: str
    problem: str | None


@dataclass(frozen=True)
class ProjectionDigest:
    """The digest of a projection at a position and an instant: a SHA-256 in hex."""

    name: str
    version: int
    position: int
    as_of: int
    digest: str


@dataclass(frozen=True)
class StatusRow:
    """Where one contact stands. ``since`` is None before the first fact."""

    contact_id: UUID
    stage: str
    score: int
    since: int | None
    flags: tuple[str, ...]
    policy_version: int


@dataclass(frozen=True)
class StatusesOf:
    """Where some contacts stand at a position, as of an instant."""

    rows: Mapping[UUID, StatusRow]
    position: int
    as_of: int


@dataclass(frozen=True)
class ContactStatus(StatusRow):
    """Where one contact stands, and for when that is said."""

    position: int
    as_of: int


@dataclass(frozen=True)
class ContactStanding:
    """Where one contact stands as a referral partner, and for when that is said."""

    contact_id: UUID
    standing: Standing
    position: int
    as_of: int


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list; ``next_cursor`` is None at its end."""

    items: tuple[T, ...]
    next_cursor: Cursor | None
    position: int
    as_of: int


@dataclass(frozen=True)
class Summary:
    """The number of contacts in each stage."""

    stages: Mapping[str, int]
    position: int
    as_of: int


@dataclass(frozen=True)
class CalibrationSnapshot:
    """How right the falls by silence were, and for when that is said."""

    calibration: Calibration
    position: int
    as_of: int


@dataclass(frozen=True)
class Referrals:
    """The referrals that a contact made and those that name it; what either side bought first."""

    contact_id: UUID
    made: tuple[Edge, ...]
    received: tuple[Edge, ...]
    commerce: Mapping[UUID, Commerce]
    position: int
    as_of: int
