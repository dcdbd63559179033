"""Invented purchases of contacts who buy at a pace of their own until they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.valuing.fitting import Buyer
from domain.valuing.buying import BuyingDays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random


def invented(
    chance: Random,
    contacts: int,
    *,
    leaves: float,
    days: int = 600,
    gaps: Sequence[float] = (7, 30),
) -> list[Buyer]:
    """Contacts who come in the first third, buy at their own pace, and leave with a chance of
    their own around ``leaves`` after each purchase.
    """
    found = []
    for _ in range(contacts):
        day, gap = chance.randrange(days // 3), chance.choice(gaps) * chance.uniform(0.5, 1.5)
        own = leaves * chance.uniform(0, 2)
        bought: dict[int, int] = {}
        usual = 1000 * chance.gammavariate(4, 1)
        while day < days:
            bought[day] = round(usual * chance.gammavariate(5, 0.2)) + 1
            if chance.random() < own:
                break
            day += 1 + int(chance.expovariate(1 / gap))
        found.append(Buyer(BuyingDays(bought), days))
    return found
