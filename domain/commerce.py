"""What a contact bought, subscribed to and engaged us for, and how long they have been silent.

Facts are absorbed in the order of the effective history, so everything absorbed lies at or before
the instant that is asked about. Source: the domain document, sections 2 and 3.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.commerce import (
    PurchaseMade,
    PurchaseReversed,
    SubscriptionCancelled,
    SubscriptionRenewed,
    SubscriptionStarted,
)
from domain.events.service import EngagementClosed, EngagementOpened
from domain.instants import DAY, HOUR, day_of
from domain.rhythm import PurchaseDays

if TYPE_CHECKING:
    from uuid import UUID

    from domain.history import Fact
    from domain.policy import Rhythm

    Key = tuple[int, str]


@dataclass(slots=True)
class Purchase:
    """A purchase: it counts until the reversals so far reach its amount."""

    fact_id: UUID
    occurred_at: int
    day: int
    amount_minor: int
    counts: bool


@dataclass(slots=True)
class Subscription:
    """A subscription: it runs from its start, or a renewal, until it is cancelled or unpaid."""

    started_id: UUID
    term_days: int
    begun_at: int
    cancelled_at: int | None = None
    renewed_id: UUID | None = None
    unprompted: bool = False

    def ends_at(self, rhythm: Rhythm) -> int:
        """The first instant at which it no longer runs, unless it is renewed before."""
        unpaid_at = self.begun_at + (self.term_days + rhythm.subscription_grace_days) * DAY
        return unpaid_at if self.cancelled_at is None else min(unpaid_at, self.cancelled_at)


@dataclass(slots=True)
class Engagement:
    """An engagement, in whatever capacity."""

    engagement_id: str
    opened_id: UUID
    role: str
    capacity: str
    closed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Since when a contact has been silent, and what that will mean when."""

    last_at: int
    quiet_at: int
    demote_at: int
    lapse_at: int


ABSORBED = (
    PurchaseMade,
    PurchaseReversed,
    SubscriptionStarted,
    SubscriptionRenewed,
    SubscriptionCancelled,
    EngagementOpened,
    EngagementClosed,
)
"""The facts that commerce consists of."""


class Commerce:
    """Everything bought so far."""

    def __init__(self, time_zone: str) -> None:
        self.days = PurchaseDays()
        self.subscriptions: dict[Key, Subscription] = {}
        self.engagements: dict[Key, Engagement] = {}
        self.ignored: list[UUID] = []
        self._time_zone = time_zone
        self._purchases: dict[Key, Purchase] = {}
        self._reversed_minor: dict[Key, int] = {}
        self._counted_at: list[int] = []

    def absorb(self, fact: Fact) -> None:
        """Take in one of the ``ABSORBED`` facts."""
        event = fact.event
        if isinstance(event, PurchaseMade):
            self._purchase(fact, event)
        elif isinstance(event, PurchaseReversed):
            self._reverse((fact.scope, event.purchase_id), event.amount_minor)
        elif isinstance(event, SubscriptionStarted):
            started = Subscription(fact.id, event.term_days, fact.occurred_at)
            self.subscriptions.setdefault((fact.scope, event.subscription_id), started)
        elif isinstance(event, SubscriptionRenewed):
            self._renew(fact, event)
        elif isinstance(event, SubscriptionCancelled):
            cancelled = self.subscriptions.get((fact.scope, event.subscription_id))
            if cancelled is None:
                self.ignored.append(fact.id)
            elif cancelled.cancelled_at is None:
                cancelled.cancelled_at = fact.occurred_at
        elif isinstance(event, EngagementOpened):
            opened = Engagement(event.engagement_id, fact.id, event.role, event.capacity)
            self.engagements.setdefault((fact.scope, event.engagement_id), opened)
        elif isinstance(event, EngagementClosed):
            closed = self.engagements.get((fact.scope, event.engagement_id))
            if closed is None:
                self.ignored.append(fact.id)
            elif closed.closed_at is None:
                closed.closed_at = fact.occurred_at

    def _purchase(self, fact: Fact, event: PurchaseMade) -> None:
        key = (fact.scope, event.purchase_id)
        if key in self._purchases:
            return
        reversed_minor = self._reversed_minor.get(key)
        counts = reversed_minor is None or reversed_minor < event.amount_minor
        day = day_of(fact.occurred_at, self._time_zone)
        self._purchases[key] = Purchase(fact.id, fact.occurred_at, day, event.amount_minor, counts)
        if counts:
            self._counted_at.append(fact.occurred_at)
            self.days.add(day, fact.occurred_at)

    def _reverse(self, key: Key, amount_minor: int) -> None:
        reversed_minor = self._reversed_minor.get(key, 0) + amount_minor
        self._reversed_minor[key] = reversed_minor
        purchase = self._purchases.get(key)
        if purchase is not None and purchase.counts and reversed_minor >= purchase.amount_minor:
            purchase.counts = False
            self.days.remove(purchase.day, purchase.occurred_at)
            self._counted_at.pop(bisect_left(self._counted_at, purchase.occurred_at))

    def _renew(self, fact: Fact, event: SubscriptionRenewed) -> None:
        renewed = self.subscriptions.get((fact.scope, event.subscription_id))
        if renewed is None or renewed.cancelled_at is not None:
            self.ignored.append(fact.id)
            return
        renewed.begun_at = fact.occurred_at
        renewed.renewed_id = fact.id
        renewed.unprompted = event.automatic or not event.reminded

    @property
    def has_bought(self) -> bool:
        """An unreversed purchase now, or ever an engagement or a subscription."""
        return bool(self._counted_at or self.engagements or self.subscriptions)

    def bought_between(self, start: int, end: int) -> bool:
        """Whether an unreversed purchase occurred from ``start`` on and before ``end``."""
        place = bisect_left(self._counted_at, start)
        return place < len(self._counted_at) and self._counted_at[place] < end

    def counted_purchases(self) -> list[Purchase]:
        """The unreversed purchases, in the order in which they occurred."""
        return [purchase for purchase in self._purchases.values() if purchase.counts]

    def reversed_purchases(self) -> list[Purchase]:
        """The purchases that reversals took out."""
        return [purchase for purchase in self._purchases.values() if not purchase.counts]

    def silence(self, at: int, rhythm: Rhythm) -> Silence | None:
        """The silence at ``at``; None while something runs or before anything was bought."""
        instants = self._counted_at[-1:]
        for subscription in self.subscriptions.values():
            ends_at = subscription.ends_at(rhythm)
            if at < ends_at:
                return None
            instants.append(max(ends_at, subscription.begun_at))
        for engagement in self.engagements.values():
            if engagement.closed_at is None:
                return None
            instants.append(engagement.closed_at)
        if not instants:
            return None
        last_at = max(instants)
        rho = self.days.rho_hours(rhythm.expected_gap_days) * HOUR
        floor = rhythm.demotion_floor_days * DAY
        return Silence(
            last_at=last_at,
            quiet_at=last_at + rhythm.quiet_rhythms * rho,
            demote_at=last_at + max(rhythm.demote_rhythms * rho, floor),
            lapse_at=last_at + max(rhythm.lapse_rhythms * rho, rhythm.lapse_floors * floor),
        )

    def ends_after(self, at: int, rhythm: Rhythm) -> int | None:
        """The next instant at which a running subscription ends by itself."""
        if not self.subscriptions:
            return None
        ends = [subscription.ends_at(rhythm) for subscription in self.subscriptions.values()]
        return min((ends_at for ends_at in ends if ends_at > at), default=None)
