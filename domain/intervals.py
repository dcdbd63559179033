"""What a fold answers over time: stages from instant to instant, and what began each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from uuid import UUID


class Cause(NamedTuple):
    """What changed a stage: an ``event``, a ``breakpoint`` or a ``policy``, by name."""

    kind: str
    name: str
    event: UUID | None = None


class Fall(NamedTuple):
    """A client's stage that silence ended: when, after which last commerce, in which rhythm."""

    at: int
    last_at: int
    rho_hours: int


class Interval(NamedTuple):
    """A stage from an instant up to, not including, another; open while ``to_at`` is None."""

    from_at: int
    to_at: int | None
    stage: str
    score: int
    policy_version: int
    cause: Cause
