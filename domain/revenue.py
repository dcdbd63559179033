"""What a contact's purchases brought, net of what was given back.

A refund lowers the revenue when it occurs, or when its purchase does where it is dated before it,
and by no more than is left of the purchase. Source: the domain document, sections 1, 2 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.commerce import Commerce
from domain.currencies import MINOR_DIGITS
from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.history import Fact

YEAR_DAYS = 365
"""How many days of 24 hours make the year over which revenue is added up."""

_MOST_DIGITS = max(MINOR_DIGITS.values())


class NetRevenue(NamedTuple):
    """Net revenue in one currency up to an instant: of the 365 days before it, and ever."""

    currency: str
    days_365_minor: int
    ever_minor: int


def net_revenue(facts: Iterable[Fact], from_at: int | None, to_at: int) -> dict[str, int]:
    """Net revenue in minor units by currency, of purchases alone, both ends of the period included.

    A period without a beginning takes in everything. Within one, refunds of earlier purchases may
    outweigh what was bought, so a figure may be negative. Currencies are never added.
    """
    found: dict[str, int] = {}
    for at, amount_minor, purchase in _commerce_until(facts, to_at).movements:
        if from_at is None or at >= from_at:
            found[purchase.currency] = found.get(purchase.currency, 0) + amount_minor
    return found


def _commerce_until(facts: Iterable[Fact], at: int) -> Commerce:
    """What was bought and given back up to and including an instant."""
    commerce = Commerce("UTC")  # days play no part
    for fact in facts:
        if fact.occurred_at <= at and isinstance(fact.event, PurchaseMade | PurchaseReversed):
            commerce.absorb(fact)
    return commerce


def net_of_a_year(facts: Iterable[Fact], at: int) -> dict[str, int]:
    """Net revenue by currency of the 365 days of 24 hours that end with the instant."""
    return net_revenue(facts, at - YEAR_DAYS * DAY + 1, at)


def next_leaving_at(facts: Iterable[Fact], at: int) -> int | None:
    """The first instant after ``at`` at which net of a year changes with no fact; None if never.

    Then something that was bought or given back lies a year back.
    """
    commerce = _commerce_until(facts, at)
    leaving = [moved.at + YEAR_DAYS * DAY for moved in commerce.movements]
    return min((one for one in leaving if one > at), default=None)


def net_of_a_year_and_ever(facts: Iterable[Fact], at: int) -> tuple[NetRevenue, ...]:
    """Net revenue up to the instant in each currency in which anything was bought."""
    facts = [*facts]
    lately = net_of_a_year(facts, at)
    ever = net_revenue(facts, None, at)
    return tuple(NetRevenue(one, lately.get(one, 0), ever[one]) for one in sorted(ever))


def sum_of(amounts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums of amounts by currency, in the order of the currencies."""
    found: dict[str, int] = {}
    for one in amounts:
        for currency, minor in one.items():
            found[currency] = found.get(currency, 0) + minor
    return dict(sorted(found.items()))


def greatest_amount(amounts: Mapping[str, int]) -> int:
    """What lists are sorted by that show amounts of several currencies: the greatest of them.

    It is compared in whole units of its currency, since no rate of exchange is known; 0 without
    any.
    """
    return max(
        (
            minor * 10 ** (_MOST_DIGITS - MINOR_DIGITS.get(currency, 2))
            for currency, minor in amounts.items()
        ),
        default=0,
    )
