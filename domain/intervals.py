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


class ClientSpell(NamedTuple):
    """A time as a client underneath any override, up to, not including, its end.

    It is open while ``to_at`` is None. ``fall`` is there where silence ended it.
    """

    from_at: int
    to_at: int | None = None
    fall: Fall | None = None

    def is_at(self, at: int) -> bool:
        """Whether the contact is a client at the instant."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)


class Interval(NamedTuple):
    """A stage from an instant up to, not including, another; open while ``to_at`` is None."""

    from_at: int
    to_at: int | None
    stage: str
    score: int
    policy_version: int
    cause: Cause
