"""The anchors: engagement, regularity, renewal. Without one of them nobody becomes a client.

Source: the domain document, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from domain.commerce import ABSORBED, Commerce
from domain.events.commerce import (
    SubscriptionCancelled,
    SubscriptionRenewed,
    SubscriptionStarted,
)
from domain.events.service import EngagementClosed, EngagementOpened
from domain.instants import DAY
from domain.signals.base import (
    CANCELLED_BEFORE,
    OPENING_NOT_BEFORE,
    Evaluation,
    Reading,
    Signal,
    earliest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.agreements import Subscription
    from domain.history import Fact
    from domain.signals.base import Change, SignalExclusion


class _OfCommerce(Signal):
    """A signal that reads commerce, which absorbs its facts itself."""

    def __init__(self, commerce: Commerce) -> None:
        self._commerce = commerce

    @classmethod
    def of(cls, commerce: Commerce) -> Self:
        return cls(commerce)

    def absorb(self, fact: Fact) -> None:
        """Nothing: commerce has absorbed it."""


class EngagementAnchor(_OfCommerce):
    """We act for them, or did until less than D days ago if they are a client."""

    name = "engagement"
    anchor = True
    reads = (EngagementOpened, EngagementClosed)
    depends_on_stage = True

    def read(self, judged: Evaluation) -> Reading:
        engagements = self._commerce.engagements
        open_count = sum(one.acts_for_contact for one in engagements.open.values())
        counts_until_at = None
        if not open_count and judged.is_client and engagements.last_acting_closed_at is not None:
            counts_until_at = engagements.last_acting_closed_at + self._after(judged)
        on = bool(open_count) or (counts_until_at is not None and judged.at < counts_until_at)
        points = judged.policy.signals.engagement.points if on else 0
        value = {"open": open_count, "counts_until_at": counts_until_at if on else None}
        return Reading(on, points, counts_until_at if on else None, value, {"open": 1})

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        engagements = self._commerce.engagements
        for engagement in engagements.closed if judged.is_client else ():
            assert engagement.closed_at is not None
            if engagement.acts_for_contact and judged.at < engagement.closed_at + self._after(
                judged
            ):
                yield engagement.opened_id
        for engagement in engagements.open.values():
            if engagement.acts_for_contact:
                yield engagement.opened_id

    def moves_at(self, judged: Evaluation) -> int | None:
        closed = self._commerce.engagements.closed if judged.is_client else ()
        ends = [(one.closed_at or 0) + self._after(judged) for one in closed]
        return min((at for at in ends if at > judged.at), default=None)

    def exclusions(self) -> Iterable[SignalExclusion]:
        return [(one, OPENING_NOT_BEFORE) for one in self._commerce.engagements.unopened]

    @staticmethod
    def _after(judged: Evaluation) -> int:
        """How long a closed engagement still counts for a client."""
        return judged.policy.rhythm.demote_after_days * DAY


class RegularityAnchor(_OfCommerce):
    """They bought on enough days, and have not been silent for too long.

    A client needs half as many days, whenever they were. A contact who was a client before needs
    half as many, of the days after the one on which they last ceased to be one.
    """

    name = "regularity"
    anchor = True
    reads = ABSORBED
    depends_on_stage = True

    def read(self, judged: Evaluation) -> Reading:
        rule, days = judged.policy.signals.regularity, self._commerce.days
        if rule.purchase_days is None:
            return Reading(False, 0, None, {}, {})
        needed, after_day = self._least_days(rule.purchase_days, judged), self._after_day(judged)
        threshold: dict[str, object] = {"purchase_days": needed}
        leaves_at, window_days = None, self._window_days(judged)
        if window_days is None:
            count = days.count_after_day(after_day)
            on = count >= needed
        else:
            threshold["window_days"] = window_days
            count = days.count_after(judged.at - window_days * DAY, after_day)
            newest = days.newest(needed, after_day)
            on = len(newest) == needed
            if on:
                leaves_at = newest[-1] + window_days * DAY
                on = judged.at < leaves_at
        if judged.ceased_at is not None and not judged.is_client:
            threshold["counts_from_at"] = judged.ceased_at
        silence = self._commerce.silence(judged.at, judged.policy.rhythm)
        silent_at = None
        if silence is not None:
            silent_at = silence.demote_at if judged.is_client else silence.regular_until_at
            on = on and judged.at < silent_at
        runs_out_at = earliest(leaves_at, silent_at)
        ends_at = self._commerce.ends_after(judged.at, judged.policy.rhythm)
        until_at = earliest(runs_out_at, ends_at) if on else None
        value = {"purchase_days": count, "runs_out_at": runs_out_at}
        return Reading(on, rule.points if on else 0, until_at, value, threshold)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        window_days, after_day = self._window_days(judged), self._after_day(judged)
        since = judged.at - window_days * DAY if window_days is not None else None
        for purchase in self._commerce.counted_purchases():
            if (since is None or purchase.occurred_at > since) and (
                after_day is None or purchase.day > after_day
            ):
                yield purchase.fact_id

    def moves_at(self, judged: Evaluation) -> int | None:
        window_days = self._window_days(judged)
        leaves_at = None
        if window_days is not None:
            window = window_days * DAY
            ends = (one.occurred_at + window for one in self._commerce.counted_purchases())
            leaves_at = min((at for at in ends if at > judged.at), default=None)
        return earliest(self.read(judged).until_at, leaves_at)

    def changes(self, reading: Reading, judged: Evaluation) -> Iterator[Change]:
        if judged.policy.signals.regularity.purchase_days is not None:
            yield from super().changes(reading, judged)

    def lacks_one_day(self, judged: Evaluation) -> bool:
        """Whether one more purchase day would turn it on, or end the silence that turned it off."""
        reading = self.read(judged)
        if judged.policy.signals.regularity.purchase_days is None:
            return False
        count, needed = reading.value["purchase_days"], reading.threshold["purchase_days"]
        assert isinstance(count, int)
        assert isinstance(needed, int)
        return count + 1 >= needed

    def lacks_one_day_until(self, judged: Evaluation) -> int | None:
        """When a day leaves the window without which one more is not enough; None if none does.

        It may lie in the past.
        """
        window_days, days = (
            self._window_days(judged),
            judged.policy.signals.regularity.purchase_days,
        )
        if window_days is None or days is None:
            return None
        count = self._least_days(days, judged) - 1
        newest = self._commerce.days.newest(count, self._after_day(judged)) if count else []
        return newest[-1] + window_days * DAY if len(newest) == count > 0 else None

    @staticmethod
    def _least_days(purchase_days: int, judged: Evaluation) -> int:
        """How many days they need: N; half of it, rounded up, if they are or were a client."""
        if judged.is_client:
            return (purchase_days + 1) // 2
        if judged.ceased_at is None:
            return purchase_days
        return max((purchase_days + 1) // 2, min(2, purchase_days))

    @staticmethod
    def _window_days(judged: Evaluation) -> int | None:
        """In how many days they must lie; None for a client, whose days all count."""
        return None if judged.is_client else judged.policy.signals.regularity.window_days

    def _after_day(self, judged: Evaluation) -> int | None:
        """After which day they must lie; None if they never ceased to be a client."""
        if judged.is_client or judged.ceased_at is None:
            return None
        return self._commerce.day_of(judged.ceased_at)


class RenewalAnchor(_OfCommerce):
    """A subscription runs that was last renewed without our asking."""

    name = "renewal"
    anchor = True
    reads = (SubscriptionStarted, SubscriptionRenewed, SubscriptionCancelled)

    def read(self, judged: Evaluation) -> Reading:
        ends = [ends_at for ends_at, _ in self._unprompted_renewals(judged)]
        points = judged.policy.signals.renewal.points
        value = {"renewed_unprompted": len(ends), "runs_until_at": max(ends, default=None)}
        threshold = {"renewed_unprompted": 1}
        return Reading(bool(ends), points if ends else 0, min(ends, default=None), value, threshold)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        for _, subscription in self._unprompted_renewals(judged):
            yield subscription.started_id
            if subscription.renewed_id is not None:
                yield subscription.renewed_id

    def exclusions(self) -> Iterable[SignalExclusion]:
        subscriptions = self._commerce.subscriptions
        for event_id in subscriptions.unopened:
            yield event_id, OPENING_NOT_BEFORE
        for event_id in subscriptions.after_the_end:
            yield event_id, CANCELLED_BEFORE

    def _unprompted_renewals(self, judged: Evaluation) -> Iterator[tuple[int, Subscription]]:
        rhythm = judged.policy.rhythm
        for ends_at, subscription in self._commerce.subscriptions.running(judged.at, rhythm):
            if subscription.unprompted:
                yield ends_at, subscription
