"""Referrals: who sent whom, with which effort and outcome, and the rewards for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from domain.errors import FieldError
from domain.events.base import (
    Amount,
    Contact,
    CurrencyCode,
    Event,
    Id,
    OpeningId,
    Word,
    event,
)
from domain.kinds import Choice, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator

Level = Annotated[int, Whole(0, 5)]


def _both_or_neither(amount_minor: int | None, currency: str | None) -> Iterator[FieldError]:
    if (amount_minor is None) != (currency is None):
        absent = "currency" if currency is None else "amount_minor"
        yield FieldError(f"/{absent}", "contradiction", "amount_minor and currency go together")


@event("referral-asked")
class ReferralAsked(Event):
    """We asked the contact for a referral. Source: E4."""

    channel: Word


@event("referral-made")
class ReferralMade(Event):
    """The contact sent us someone (inbound), or we sent someone to them (outbound). Source: E2.

    ``level`` is BNI's cumulative effort: 0 a lead whose third party does not know, 5 introduced in
    person and ready to sign.
    """

    referral_id: OpeningId
    direction: Annotated[str, Choice(("inbound", "outbound"))]
    other: Contact
    level: Level


@event("referral-received", from_producers=False)
class ReferralReceived(Event):
    """The contact was sent to us by another one; written by the ledger. Source: E2."""

    referral_id: Id
    by: Contact
    level: Level


@event("referral-level-raised")
class ReferralLevelRaised(Event):
    """The referrer went further than before."""

    referral_id: Id
    level: Level


@event("referral-qualified")
class ReferralQualified(Event):
    """The referred contact turned out to be someone we can serve."""

    referral_id: Id


@event("referral-closed")
class ReferralClosed(Event):
    """It is known what came of the referral. Source: E2."""

    referral_id: Id
    outcome: Annotated[str, Choice(("won", "lost", "unqualified", "duplicate"))]
    amount_minor: Amount | None = None
    currency: CurrencyCode | None = None

    def check(self) -> Iterator[FieldError]:
        """Money has a currency."""
        return _both_or_neither(self.amount_minor, self.currency)


class Reward(Event):
    """What the four reward events share: the referral, and money or a reward in kind."""

    amount_minor: Amount | None
    currency: CurrencyCode | None

    def check(self) -> Iterator[FieldError]:
        """Money has a currency."""
        return _both_or_neither(self.amount_minor, self.currency)


@event("reward-approved")
class RewardApproved(Reward):
    """A reward for a referral was granted. Source: E2."""

    referral_id: Id
    amount_minor: Amount | None = None
    currency: CurrencyCode | None = None
    in_kind: Word | None = None


@event("reward-paid")
class RewardPaid(Reward):
    """A reward was handed over."""

    referral_id: Id
    amount_minor: Amount | None = None
    currency: CurrencyCode | None = None
    in_kind: Word | None = None


@event("reward-reversed")
class RewardReversed(Reward):
    """A reward was taken back, because its purchase was."""

    referral_id: Id
    amount_minor: Amount | None = None
    currency: CurrencyCode | None = None
    in_kind: Word | None = None


@event("reward-declined")
class RewardDeclined(Reward):
    """The referrer wanted no reward."""

    referral_id: Id
    amount_minor: Amount | None = None
    currency: CurrencyCode | None = None
    in_kind: Word | None = None
