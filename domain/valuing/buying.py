"""What an expected value is made of: the days on which a contact bought, and what each brought."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from domain.commerce import ABSORBED, Commerce

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.history import Fact


class Buying(NamedTuple):
    """One contact's purchases in one currency, as the models read them. All times are in days.

    ``repeats`` is the number of purchase days after the first one, ``recency`` the time from the
    first to the last, ``age`` that from the first to the day that is asked about, and
    ``spent_minor`` what the repeats brought together.
    """

    repeats: int
    recency: float
    age: float
    spent_minor: int = 0


class BuyingDays:
    """The days on which one contact bought in one currency, and what each brought, net.

    It is compact, because a business has millions of purchases, and all are held at once.
    """

    __slots__ = ("days", "net_minor")

    def __init__(self, net_minor_by_day: Mapping[int, int]) -> None:
        """Days are counted as ``domain.instants.day_of`` counts them; there is one at least."""
        ordered = sorted(net_minor_by_day)
        self.days = array("l", ordered)
        self.net_minor = array("q", (net_minor_by_day[day] for day in ordered))

    def until(self, day: int) -> Buying | None:
        """The purchases up to a day, the day included; None where there was none by then."""
        count = bisect_right(self.days, day)
        if count == 0:
            return None
        first = self.days[0]
        return Buying(
            count - 1, self.days[count - 1] - first, day - first, sum(self.net_minor[1:count])
        )

    def bought_between(self, after: int, upto: int) -> int:
        """The number of purchase days after a day, up to another one, that day included."""
        return bisect_right(self.days, upto) - bisect_right(self.days, after)


def buying_days_of(facts: Iterable[Fact], time_zone: str) -> dict[str, BuyingDays] | None:
    """The purchase days of a contact by currency, of purchases that were not given back in full.

    None where their silence does not follow from purchases: a contact that ever had a subscription
    or an engagement does not leave in silence, which the model is about.
    """
    commerce = Commerce(time_zone)
    for fact in facts:
        if type(fact.event) in ABSORBED:
            commerce.absorb(fact)
    if commerce.subscriptions or commerce.engagements:
        return None
    found: dict[str, dict[int, int]] = {}
    for moved in commerce.movements:
        bought = moved.purchase
        if bought.counts:
            days = found.setdefault(bought.currency, {})
            days[bought.day] = days.get(bought.day, 0) + moved.amount_minor
    return {currency: BuyingDays(days) for currency, days in sorted(found.items())}
