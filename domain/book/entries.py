"""What stands in the book of one contact: purchases, refunds, gestures and rewards, each at once.

Source: the care document, section 6.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from domain.events.care import GestureMade
from domain.events.commerce import PurchaseMade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from domain.intervals import Interval
    from domain.relationship import Relationship
    from domain.rewards import Reward

    StewardAt = Callable[[int], str | None]
    """Who of ours looked after the contact at an instant; null for nobody."""

BEFORE_THE_FIRST = "contact"
"""The stage before the first interval."""

_PAYMENTS = frozenset({"paid", "reversed"})


@dataclass(frozen=True, slots=True)
class BookEntry:
    """Money at an instant. ``amount_minor`` is what was bought, given back, or spent.

    A refund has ``stage``, ``category`` and ``steward`` of its purchase. A reward that was given
    back to us is below 0.
    """

    kind: Literal["purchase", "refund", "gesture", "reward"]
    at: int
    currency: str
    amount_minor: int
    stage: str
    category: str | None = None
    steward: str | None = None


def stage_before(intervals: Sequence[Interval], at: int) -> str:
    """The stage that was shown just before an instant."""
    place = bisect_left(intervals, at, key=attrgetter("from_at"))
    return intervals[place - 1].stage if place else BEFORE_THE_FIRST


def entries_of(
    relationship: Relationship, rewards: Iterable[Reward], steward_at: StewardAt
) -> Iterator[BookEntry]:
    """All that stands in the book of a contact up to the instant of the relationship.

    ``rewards`` are those for the contact's own referrals.
    """
    yield from _commerce(relationship, steward_at)
    intervals = relationship.intervals
    for fact in relationship.history.facts:
        if fact.occurred_at > relationship.at:
            break
        if isinstance(fact.event, GestureMade):
            at, event = fact.occurred_at, fact.event
            stage, steward = stage_before(intervals, at), steward_at(at)
            money = event.currency, event.cost_minor
            yield BookEntry("gesture", at, *money, stage, steward=steward)
    for reward in rewards:
        for entry in reward.entries:
            if entry.kind in _PAYMENTS:
                stage = stage_before(intervals, entry.at)
                yield BookEntry("reward", entry.at, entry.currency, -entry.amount_minor, stage)


def _commerce(relationship: Relationship, steward_at: StewardAt) -> Iterator[BookEntry]:
    """Purchases at their instants, refunds at theirs under what their purchase stands under."""
    categories = {
        fact.id: fact.event.category
        for fact in relationship.history.facts
        if isinstance(fact.event, PurchaseMade)
    }
    for at, amount_minor, purchase in relationship.machine.commerce.movements:
        bought_at = purchase.occurred_at
        yield BookEntry(
            "refund" if amount_minor < 0 else "purchase",
            at,
            purchase.currency,
            abs(amount_minor),
            stage_before(relationship.intervals, bought_at),
            categories[purchase.fact_id],
            steward_at(bought_at),
        )
