"""The rewards of a ledger, each with the entries of its small ledger, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self
from uuid import UUID

from pydantic import AliasChoices, Field, WithJsonSchema

from api.service.answers.contacts import ContactDocument
from api.service.answers.document import Document, Instant, Page
from api.service.answers.referrals import Reward
from domain.rewards import STATES

if TYPE_CHECKING:
    from domain.rewards import Reward as Earned


class RewardEntry(Document):
    """One line of the ledger of a reward: what it adds to what we owe, in minor units."""

    at: Instant
    kind: Literal["earned", "clawed-back", "paid", "reversed", "declined"]
    amount_minor: int
    event: UUID = Field(validation_alias=AliasChoices("event_id", "event"))


class _OfReferrer(ContactDocument):
    contact_id: UUID


class RewardItem(Reward, _OfReferrer):
    """The reward of one referral in one currency; ``contact_id`` is the referrer.

    ``owed_minor`` is the sum of ``entries``.
    """

    entries: tuple[RewardEntry, ...]

    @classmethod
    def of(cls, earned: Earned, stream: UUID) -> Self:
        """What was earned, and the stream of the referral."""
        shown = Reward.of(earned, stream)
        fields = {name: getattr(shown, name) for name in Reward.model_fields}
        return cls.model_validate(
            {**fields, "contact_id": earned.referrer, "entries": earned.entries}
        )


class RewardTotal(Document):
    """The number of rewards of a currency and state, and the sum of their entries."""

    currency: str | None
    state: Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATES)})]
    owed_minor: int
    count: int


class RewardsPage(Page[RewardItem]):
    """A part of the rewards; ``totals`` are of all that the filters let pass, on every page."""

    totals: tuple[RewardTotal, ...]
