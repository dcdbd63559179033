"""What fitting reads of a contact: each purchase, when they were due again, and what came next."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from domain.commerce import ABSORBED, Commerce

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from domain.history import Fact


class Silence(NamedTuple):
    """The time after one purchase, as it was known then.

    ``purchase_days`` are the days with a purchase up to it, ``due_at`` is when they were to buy
    again, in a rhythm of ``rho_hours``. ``next_at`` is the next purchase, None if there was none.
    """

    bought_at: int
    purchase_days: int
    due_at: int
    rho_hours: int
    next_at: int | None


class Buyer:
    """One contact's purchases that still count, and the money that came in and went back."""

    __slots__ = ("amounts_minor", "bought_at", "currencies", "due_at", "moved_at", "purchase_days",
                 "rho_hours")  # fmt: skip  # a list of words reads better in a block

    def __init__(self, commerce: Commerce, expected_gap_days: int) -> None:
        """Compact: a business has millions of purchases, and all are held at once."""
        dues = commerce.due_dates(expected_gap_days)
        self.bought_at = array("q", (one.bought_at for one in dues))
        self.purchase_days = array("l", (one.purchase_days for one in dues))
        self.due_at = array("q", (one.due_at for one in dues))
        self.rho_hours = array("l", (one.rho_hours for one in dues))
        self.moved_at = array("q", (one.at for one in commerce.movements))
        self.amounts_minor = array("q", (one.amount_minor for one in commerce.movements))
        self.currencies = [one.purchase.currency for one in commerce.movements]

    def silences(self) -> Iterator[Silence]:
        """The times after the purchases, in their order."""
        next_at: list[int | None] = [*self.bought_at[1:], None]
        yield from map(
            Silence, self.bought_at, self.purchase_days, self.due_at, self.rho_hours, next_at
        )

    def net_minor(self, currency: str, from_at: int, to_at: int) -> int:
        """What they brought in a currency from one instant to another, both included."""
        return sum(
            amount_minor
            for at, amount_minor, paid_in in zip(
                self.moved_at, self.amounts_minor, self.currencies, strict=True
            )
            if paid_in == currency and from_at <= at <= to_at
        )


def buyer_of(facts: Iterable[Fact], time_zone: str, expected_gap_days: int) -> Buyer | None:
    """What fitting reads of a contact; None where their silence does not follow from purchases.

    Those who ever had a subscription or an engagement are left out: while it runs there is no
    silence, and its end is no purchase.
    """
    commerce = Commerce(time_zone)
    for fact in facts:
        if type(fact.event) in ABSORBED:
            commerce.absorb(fact)
    if commerce.subscriptions or commerce.engagements or not commerce.has_bought:
        return None
    return Buyer(commerce, expected_gap_days)
