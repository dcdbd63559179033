"""What fitting a policy to a ledger's own history came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from api.service.answers.document import Document, Instant, Position, schema_named
from api.service.answers.projections import Operation

if TYPE_CHECKING:
    from domain.fitting import fit


class Abstention(Document):
    """A number that the history does not decide, and why."""

    field: str
    because: str


class HoldOut(Document):
    """The wait fitted on the first part of the time, and its falls in the rest.

    Only falls whose 90 days the rest shows are counted. ``demote_after_days`` is null, without any
    falls, where the first part says too little.
    """

    at_percent: int
    demote_after_days: int | None
    falls: int
    bought: int
    resolved: int
    percent: int | None

    @classmethod
    def of(cls, found: fit.HoldOut) -> Self:
        """What was found at one part of the time."""
        return cls(
            at_percent=found.at_percent,
            demote_after_days=found.demote_after_days,
            falls=found.falls,
            bought=found.outcome.part,
            resolved=found.outcome.whole,
            percent=found.outcome.percent,
        )


class FitResult(Document):
    """The result of a fit: a policy to be previewed. A number that is null is unchanged in it."""

    position: Position
    as_of: Instant
    policy: Annotated[dict[str, Any], schema_named("Policy")]
    demote_after_days: int | None
    purchase_days: int | None
    abstained: tuple[Abstention, ...]
    hold_out: tuple[HoldOut, ...]
    seconds: float


class FitOperation(Operation):
    """A fit as it is now."""

    result: FitResult | None  # type: ignore[assignment]  # narrower than an operation of any kind
