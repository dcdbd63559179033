"""Subscriptions and engagements: what runs, until when, and when the last of it ended.

Source: the domain document, sections 2 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from domain.events.commerce import (
        SubscriptionCancelled,
        SubscriptionRenewed,
        SubscriptionStarted,
    )
    from domain.events.service import EngagementClosed, EngagementOpened
    from domain.history import Fact
    from domain.policy import Rhythm

    Key = tuple[int, str]


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


class Subscriptions:
    """All subscriptions of a contact so far. Those that were cancelled cost nothing any more."""

    def __init__(self) -> None:
        self.unopened: list[UUID] = []
        self.after_the_end: list[UUID] = []
        self._known: dict[Key, Subscription] = {}
        self._uncancelled: dict[Key, Subscription] = {}
        self._cancelled: list[Subscription] = []
        # By rhythm: how many of the cancelled ones were looked at, and the last of their ends.
        self._looked_at: list[tuple[Rhythm, int, int]] = []

    def __bool__(self) -> bool:
        return bool(self._known)

    def __contains__(self, key: Key) -> bool:
        """Whether it was started, and not cancelled yet."""
        return key in self._uncancelled

    def start(self, fact: Fact, event: SubscriptionStarted) -> None:
        """A subscription begins."""
        key = (fact.scope, event.subscription_id)
        if key not in self._known:
            started = Subscription(fact.id, event.term_days, fact.occurred_at)
            self._known[key] = self._uncancelled[key] = started

    def renew(self, fact: Fact, event: SubscriptionRenewed) -> None:
        """It runs for another term from now, also where it had run out."""
        key = (fact.scope, event.subscription_id)
        renewed = self._uncancelled.get(key)
        if renewed is None:
            (self.after_the_end if key in self._known else self.unopened).append(fact.id)
            return
        renewed.begun_at = fact.occurred_at
        renewed.renewed_id = fact.id
        renewed.unprompted = event.automatic or not event.reminded

    def cancel(self, fact: Fact, event: SubscriptionCancelled) -> None:
        """It ends now for good, if it had not run out."""
        key = (fact.scope, event.subscription_id)
        cancelled = self._uncancelled.pop(key, None)
        if cancelled is not None:
            cancelled.cancelled_at = fact.occurred_at
            self._cancelled.append(cancelled)
        elif key not in self._known:
            self.unopened.append(fact.id)

    def running(self, at: int, rhythm: Rhythm) -> Iterator[tuple[int, Subscription]]:
        """Those that run at ``at``, each with the instant at which it ends by itself."""
        for subscription in self._uncancelled.values():
            ends_at = subscription.ends_at(rhythm)
            if at < ends_at:
                yield ends_at, subscription

    def last_end_at(self, rhythm: Rhythm) -> int | None:
        """When the last of them ended, once none runs any more."""
        if not self._known:
            return None
        ends = [subscription.ends_at(rhythm) for subscription in self._uncancelled.values()]
        if self._cancelled:
            ends.append(self._last_cancelled_end_at(rhythm))
        return max(ends, default=None)

    def _last_cancelled_end_at(self, rhythm: Rhythm) -> int:
        count, last_at = 0, self._cancelled[0].ends_at(rhythm)
        for place, (known, looked_at, known_last_at) in enumerate(self._looked_at):
            if known is rhythm:
                count, last_at = looked_at, known_last_at
                del self._looked_at[place]
                break
        for subscription in self._cancelled[count:]:
            last_at = max(last_at, subscription.ends_at(rhythm))
        self._looked_at.append((rhythm, len(self._cancelled), last_at))
        return last_at


@dataclass(slots=True)
class Engagement:
    """An engagement, in whatever capacity."""

    engagement_id: str
    opened_id: UUID
    role: str
    capacity: str
    closed_at: int | None = None

    @property
    def acts_for_contact(self) -> bool:
        """Whether we owe the contact what is owed to a client."""
        return self.capacity in ("client", "dual")


class Engagements:
    """All engagements of a contact so far. Those that were closed cost nothing any more."""

    def __init__(self) -> None:
        self.unopened: list[UUID] = []
        self.open: dict[Key, Engagement] = {}
        self.closed: list[Engagement] = []
        self.last_closed_at: int | None = None
        self.last_acting_closed_at: int | None = None
        self._known: set[Key] = set()

    def __bool__(self) -> bool:
        return bool(self._known)

    def begin(self, fact: Fact, event: EngagementOpened) -> None:
        """We act for the contact from now on."""
        key = (fact.scope, event.engagement_id)
        if key not in self._known:
            self._known.add(key)
            self.open[key] = Engagement(event.engagement_id, fact.id, event.role, event.capacity)

    def close(self, fact: Fact, event: EngagementClosed) -> None:
        """We no longer do."""
        key = (fact.scope, event.engagement_id)
        engagement = self.open.pop(key, None)
        if engagement is not None:
            engagement.closed_at = self.last_closed_at = fact.occurred_at
            self.closed.append(engagement)
            if engagement.acts_for_contact:
                self.last_acting_closed_at = fact.occurred_at
        elif key not in self._known:
            self.unopened.append(fact.id)
