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
from domain.rhythm import DueDates, PurchaseDays

if TYPE_CHECKING:
    from uuid import UUID

    from domain.history import Fact
    from domain.policy import Rhythm
    from domain.rhythm import Due

    Key = tuple[int, str]


@dataclass(slots=True)
class Purchase:
    """A purchase: it counts until the reversals so far reach its amount, at ``gone_at``."""

    fact_id: UUID
    occurred_at: int
    day: int
    amount_minor: int
    currency: str
    gone_at: int | None = None
    reversed_by: UUID | None = None

    @property
    def counts(self) -> bool:
        """Whether it is unreversed."""
        return self.gone_at is None


class Movement(NamedTuple):
    """Money that a purchase brought, or a refund of it gave back, which is below 0."""

    at: int
    amount_minor: int
    purchase: Purchase


class Silence(NamedTuple):
    """Since when a contact has been silent, and what that will mean when.

    ``due_at`` is when they were to buy again by their own rhythm, of ``rho_hours``.
    ``regular_until_at`` is until when those who are no clients count as regular. A contact who
    never was a client lapses when a client falls, at ``demote_at``; one who was at
    ``lapse_client_at``.
    """

    last_at: int
    rho_hours: int
    due_at: int
    regular_until_at: int
    quiet_at: int
    demote_at: int
    lapse_client_at: int

    def lapse_at(self, *, was_ever_client: bool) -> int:
        """When a contact who is no client lapses."""
        return self.lapse_client_at if was_ever_client else self.demote_at


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
        self.movements: list[Movement] = []
        """What came in and went back, in the order in which it did."""
        self.undone_count = 0
        """How many purchases refunds have undone, which changes what earlier movements mean."""
        self._counted: list[tuple[int, int]] = []
        """Instant and day of each unreversed purchase, in the order in which they occurred."""
        self._due_dates = DueDates()
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
        is_gone = reversed_minor is not None and reversed_minor >= event.amount_minor
        gone_at = fact.occurred_at if is_gone else None
        day = day_of(fact.occurred_at, self._time_zone)
        purchase = Purchase(
            fact.id, fact.occurred_at, day, event.amount_minor, event.currency, gone_at
        )
        self._purchases[key] = purchase
        self.movements.append(Movement(fact.occurred_at, event.amount_minor, purchase))
        if gone_at is None:
            self._count(fact.occurred_at, day)
        if reversed_minor:
            self._refund(fact.occurred_at, purchase, 0, reversed_minor)

    def _count(self, instant: int, day: int) -> None:
        self._counted.append((instant, day))
        self.days.add(day, instant)
        self._due_dates.add(instant, self.days.gaps())

    def _reverse(self, fact: Fact, event: PurchaseReversed) -> None:
        key = (fact.scope, event.purchase_id)
        before_minor = self._reversed_minor.get(key, 0)
        reversed_minor = before_minor + event.amount_minor
        self._reversed_minor[key] = reversed_minor
        purchase = self._purchases.get(key)
        if purchase is None:
            return
        if purchase.counts and reversed_minor >= purchase.amount_minor:
            purchase.gone_at = fact.occurred_at
            self.undone_count += 1
            purchase.reversed_by = fact.id
            self._take_out(purchase)
        self._refund(fact.occurred_at, purchase, before_minor, reversed_minor)

    def _refund(self, at: int, purchase: Purchase, before_minor: int, reversed_minor: int) -> None:
        """Note what went back, which is no more than was left of the purchase."""
        whole_minor = purchase.amount_minor
        taken_minor = min(reversed_minor, whole_minor) - min(before_minor, whole_minor)
        if taken_minor:
            self.movements.append(Movement(at, -taken_minor, purchase))

    def _take_out(self, purchase: Purchase) -> None:
        """Count no more a purchase, and what is later as it is without it."""
        place = bisect_left(self._counted, (purchase.occurred_at, purchase.day))
        later = self._counted[place + 1 :]
        for instant, day in (*reversed(later), self._counted[place]):
            self.days.remove(day, instant)
        del self._counted[place:]
        self._due_dates.cut(place)
        for instant, day in later:
            self._count(instant, day)

    @property
    def has_bought(self) -> bool:
        """An unreversed purchase now, or ever an engagement or a subscription."""
        return bool(self._counted or self.engagements or self.subscriptions)

    @property
    def last_counted_at(self) -> int | None:
        """When the last unreversed purchase occurred."""
        return self._counted[-1][0] if self._counted else None

    def due_dates(self, expected_gap_days: int) -> list[Due]:
        """When they were due again after each unreversed purchase, in the order of these."""
        return self._due_dates.each(expected_gap_days)

    def day_of(self, instant: int) -> int:
        """The day on which the instant lies where the contact is."""
        return day_of(instant, self._time_zone)

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
        expected_days = rhythm.expected_gap_days
        last_at, due_at = self.last_counted_at, self._due_dates.latest(expected_days)
        for ended_at in (self.subscriptions.last_end_at(rhythm), self.engagements.last_closed_at):
            if ended_at is not None:
                last_at = ended_at if last_at is None else max(last_at, ended_at)
                due_after = ended_at + expected_days * DAY
                due_at = due_after if due_at is None else max(due_at, due_after)
        if last_at is None or due_at is None:
            return None
        rho_hours, wait = self.days.rho_hours(expected_days), rhythm.demote_after_days * DAY
        return Silence(
            last_at=last_at,
            rho_hours=rho_hours,
            due_at=min(due_at, LAST_INSTANT),
            regular_until_at=min(last_at + 2 * rho_hours * HOUR, due_at + wait, LAST_INSTANT),
            quiet_at=min(due_at + min(rho_hours * HOUR, wait // 2), LAST_INSTANT),
            demote_at=min(due_at + wait, LAST_INSTANT),
            lapse_client_at=min(due_at + 2 * wait, LAST_INSTANT),
        )

    def ends_after(self, at: int, rhythm: Rhythm) -> int | None:
        """The next instant at which a running subscription ends by itself."""
        if not self.subscriptions:
            return None
        return min((ends_at for ends_at, _ in self.subscriptions.running(at, rhythm)), default=None)
