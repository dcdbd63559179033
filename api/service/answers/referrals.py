"""Referrals, and the rewards that they earned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self
from uuid import UUID

from pydantic import AliasChoices, Field, WithJsonSchema

from api.service.answers.document import Document, Instant, Position
from domain.referrals import outcome_at
from domain.rewards import STATES

if TYPE_CHECKING:
    from domain.first_purchases import Commerce
    from domain.referrals import Edge
    from domain.rewards import Reward as Earned


class Referral(Document):
    """A referral, and what had become of it; ``stream`` takes what becomes of it."""

    referral_id: str
    by: UUID
    other: UUID
    direction: Literal["inbound", "outbound"]
    made_at: Instant
    level: int
    outcome: str
    won_at: Instant | None
    event: UUID
    stream: UUID

    @classmethod
    def of(
        cls, edge: Edge, commerce: Commerce | None, at: int, stream: UUID, *, by_purchase: bool
    ) -> Self:
        """A referral as it stood at an instant; ``commerce`` is of the referred contact."""
        outcome = outcome_at(edge, commerce, at, by_purchase=by_purchase)
        return cls(
            referral_id=edge.referral_id,
            by=edge.referrer,
            other=edge.other,
            direction=edge.direction,  # type: ignore[arg-type]  # it was read as one of the two
            made_at=edge.made_at,
            level=edge.level_at(at),
            outcome=outcome.name,
            won_at=outcome.won_at,
            event=edge.event_id,
            stream=stream,
        )


class Reward(Document):
    """The reward that one referral earned its referrer in one currency, and its payments.

    All amounts are in minor units. ``owed_minor`` is what was earned less what was clawed back,
    less what was paid, plus what was reversed, less what was declined.
    """

    referral_id: str
    other: UUID = Field(validation_alias=AliasChoices("referred", "other"))
    level: int
    state: Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATES)})]
    won_at: Instant | None
    due_at: Instant | None
    amount_minor: int | None
    clawback_minor: int
    currency: str | None
    reason: str | None
    purchase: UUID | None
    event: UUID = Field(validation_alias=AliasChoices("event_id", "event"))
    earned_minor: int
    clawed_back_minor: int
    paid_minor: int
    reversed_minor: int
    declined_minor: int
    owed_minor: int
    in_kind: int
    stream: UUID

    @classmethod
    def of(cls, earned: Earned, stream: UUID) -> Self:
        """What was earned, and the stream of the referral."""
        own = {
            name: getattr(earned, name)
            for name in cls.model_fields
            if name not in ("other", "event", "stream")
        }
        return cls.model_validate(
            {**own, "other": earned.referred, "event": earned.event_id, "stream": stream}
        )


class Referrals(Document):
    """The referrals that a contact made and received, and the rewards for those it made."""

    contact_id: UUID
    position: Position
    as_of: Instant
    made: tuple[Referral, ...]
    received: tuple[Referral, ...]
    rewards: tuple[Reward, ...]
