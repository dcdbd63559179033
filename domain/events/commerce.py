"""Trade: purchases, refunds, subscriptions, visits, and our share of a contact's spending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from domain.errors import FieldError
from domain.events.base import (
    Amount,
    CurrencyCode,
    Event,
    Id,
    OpeningId,
    Party,
    PersonalItems,
    Word,
    YesNo,
    event,
)
from domain.kinds import Choice, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator


@event("purchase-made")
class PurchaseMade(Event):
    """A contact bought something. Source: E0."""

    purchase_id: OpeningId
    amount_minor: Amount
    currency: CurrencyCode
    category: Word | None = None
    initiated_by: Party
    items: PersonalItems | None = None


@event("purchase-reversed")
class PurchaseReversed(Event):
    """A purchase was refunded, in part or whole; it takes effect when it occurs."""

    purchase_id: Id
    amount_minor: Amount
    currency: CurrencyCode


@event("visit-made")
class VisitMade(Event):
    """A contact came by, with ``guests`` others. Source: E1."""

    guests: Annotated[int, Whole(0, 100_000)]


@event("subscription-started")
class SubscriptionStarted(Event):
    """A contact subscribed for terms of ``term_days`` days. Source: E2."""

    subscription_id: OpeningId
    plan: Word
    amount_minor: Amount
    currency: CurrencyCode
    term_days: Annotated[int, Whole(1, 36_500)]


@event("subscription-renewed")
class SubscriptionRenewed(Event):
    """A subscription went on for another term; unprompted renewal is a client's. Source: E2."""

    subscription_id: Id
    automatic: YesNo
    reminded: YesNo


@event("subscription-upgraded")
class SubscriptionUpgraded(Event):
    """A subscription was widened, on the contact's or on our initiative. Source: E2."""

    subscription_id: Id
    initiated_by: Party


@event("subscription-cancelled")
class SubscriptionCancelled(Event):
    """A subscription was ended for good."""

    subscription_id: Id


@event("wallet-share-reported")
class WalletShareReported(Event):
    """The share of a contact's spending in a category that goes to us. Source: E1."""

    category: Word
    share_percent: Annotated[int, Whole(0, 100)]
    method: Annotated[str, Choice(("stated", "observed", "estimated"))]


@event("wallet-rank-reported")
class WalletRankReported(Event):
    """Our rank among the brands a contact uses in a category. Source: E1, wallet allocation."""

    category: Word
    rank: Annotated[int, Whole(1, 1000)]
    brands: Annotated[int, Whole(1, 1000)]

    def check(self) -> Iterator[FieldError]:
        """The rank is one of the brands'."""
        if self.rank > self.brands:
            yield FieldError("/rank", "contradiction", "must not exceed brands")
