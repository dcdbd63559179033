"""What a contact usually buys, how often, and when they were here last.

Source: the care document, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.commerce import PurchaseMade, VisitMade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.agenda.view import ContactView

LOOKED_AT = 10
"""How many of the last purchases are looked at for the usual one."""

LEAST_TIMES = 3
"""How often the usual one must have been bought among these, and at least half the time."""


@dataclass(frozen=True)
class Usual:
    """What they usually buy: ``times`` of the last ``of`` purchases were of this category.

    ``amount_minor`` is the lower median of those in ``currency``, that of the latest of them.
    """

    category: str
    times: int
    of: int
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class LastPurchase:
    """The last purchase that was not reversed; ``at`` in microseconds of UTC."""

    at: int
    amount_minor: int
    currency: str
    category: str | None


@dataclass(frozen=True)
class Habits:
    """All of it. ``rhythm_days`` is their rhythm in days, rounded up, null before a purchase.

    ``is_regular`` says that there are two days of purchases at least, so that the rhythm is theirs.
    """

    usual: Usual | None
    last_visit_at: int | None
    last_purchase: LastPurchase | None
    rhythm_days: int | None
    is_regular: bool


def habits_of(seen: ContactView) -> Habits:
    """The habits of a contact at an instant. What was reversed in full counts nowhere."""
    bought = [(fact, one) for fact, one in seen.of(PurchaseMade) if fact.id in seen.counted]
    here = [fact.occurred_at for fact, _ in (*bought, *seen.of(VisitMade))]
    days = seen.relationship.machine.commerce.days
    last = None
    if bought:
        fact, one = bought[-1]
        last = LastPurchase(fact.occurred_at, one.amount_minor, one.currency, one.category)
    rho_hours = days.rho_hours(seen.policy.rhythm.expected_gap_days)
    return Habits(
        usual=usual_of([one for _, one in bought]),
        last_visit_at=max(here, default=None),
        last_purchase=last,
        rhythm_days=-(-rho_hours // 24) if bought else None,
        is_regular=len(days.days) > 1,
    )


def usual_of(bought: Sequence[PurchaseMade]) -> Usual | None:
    """The usual purchase, of purchases in their order; None where nothing is usual."""
    last = bought[-LOOKED_AT:]
    places: dict[str, list[int]] = {}
    for place, one in enumerate(last):
        if one.category is not None:
            places.setdefault(one.category, []).append(place)
    if not places:
        return None
    category, found = max(places.items(), key=lambda one: (len(one[1]), one[1][-1]))
    if len(found) < LEAST_TIMES or 2 * len(found) < len(last):
        return None
    currency = last[found[-1]].currency
    amounts = sorted(last[one].amount_minor for one in found if last[one].currency == currency)
    middle = amounts[(len(amounts) - 1) // 2]
    return Usual(category, len(found), len(last), middle, currency)
