"""What a contact bought, and for how long they have been silent.

Facts are absorbed in the order of the effective history, so everything absorbed lies at or before
the instant that is asked about. Source: the domain document, sections 2 and 3.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.agreements import Engagements, Subscriptions
from domain.events.commerce import (
    PurchaseMade,
    PurchaseReversed,
    SubscriptionCancelled,
    SubscriptionRenewed,
    SubscriptionStarted,
)
from domain.events.service import EngagementClosed, EngagementOpened
from domain.instants import DAY, HOUR, LAST_INSTANT, day_of
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
    reversed_by: UUID | None = None


class Silence(NamedTuple):
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
        self.subscriptions = Subscriptions()
        self.engagements = Engagements()
        self._time_zone = time_zone
        self._purchases: dict[Key, Purchase] = {}
        self._reversed_minor: dict[Key, int] = {}
        self._counted_at: list[int] = []
        # The last that was worked out since the last fact, and by which rhythm.
        self._silence: tuple[Rhythm, Silence | None] | None = None

    def absorb(self, fact: Fact) -> None:
        """Take in one of the ``ABSORBED`` facts."""
        self._silence = None
        match fact.event:
            case PurchaseMade() as event:
                self._purchase(fact, event)
            case PurchaseReversed() as event:
                self._reverse(fact, event)
            case SubscriptionStarted() as event:
                self.subscriptions.start(fact, event)
            case SubscriptionRenewed() as event:
                self.subscriptions.renew(fact, event)
            case SubscriptionCancelled() as event:
                self.subscriptions.cancel(fact, event)
            case EngagementOpened() as event:
                self.engagements.begin(fact, event)
            case EngagementClosed() as event:
                self.engagements.close(fact, event)

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

    def _reverse(self, fact: Fact, event: PurchaseReversed) -> None:
        key = (fact.scope, event.purchase_id)
        reversed_minor = self._reversed_minor.get(key, 0) + event.amount_minor
        self._reversed_minor[key] = reversed_minor
        purchase = self._purchases.get(key)
        if purchase is not None and purchase.counts and reversed_minor >= purchase.amount_minor:
            purchase.counts = False
            purchase.reversed_by = fact.id
            self.days.remove(purchase.day, purchase.occurred_at)
            self._counted_at.pop(bisect_left(self._counted_at, purchase.occurred_at))

    @property
    def has_bought(self) -> bool:
        """An unreversed purchase now, or ever an engagement or a subscription."""
        return bool(self._counted_at or self.engagements or self.subscriptions)

    @property
    def last_counted_at(self) -> int | None:
        """When the last unreversed purchase occurred."""
        return self._counted_at[-1] if self._counted_at else None

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
        known = self._silence
        # Only subscriptions let the instant make a difference.
        if known is not None and known[0] is rhythm and not self.subscriptions:
            return known[1]
        silence = self._silence_at(at, rhythm)
        self._silence = (rhythm, silence)
        return silence

    def _silence_at(self, at: int, rhythm: Rhythm) -> Silence | None:
        if self.engagements.open or self.ends_after(at, rhythm) is not None:
            return None
        last_at = self._counted_at[-1] if self._counted_at else None
        for ended_at in (self.subscriptions.last_end_at(rhythm), self.engagements.last_closed_at):
            if ended_at is not None and (last_at is None or ended_at > last_at):
                last_at = ended_at
        if last_at is None:
            return None
        rho = self.days.rho_hours(rhythm.expected_gap_days) * HOUR
        floor = rhythm.demotion_floor_days * DAY
        demote = max(rhythm.demote_rhythms * rho, floor)
        lapse = max(rhythm.lapse_rhythms * rho, rhythm.lapse_floors * floor)
        return Silence(
            last_at=last_at,
            quiet_at=min(last_at + rhythm.quiet_rhythms * rho, LAST_INSTANT),
            demote_at=min(last_at + demote, LAST_INSTANT),
            lapse_at=min(last_at + lapse, LAST_INSTANT),
        )

    def ends_after(self, at: int, rhythm: Rhythm) -> int | None:
        """The next instant at which a running subscription ends by itself."""
        if not self.subscriptions:
            return None
        return min((ends_at for ends_at, _ in self.subscriptions.running(at, rhythm)), default=None)
