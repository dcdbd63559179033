"""What a contact's purchases brought, net of what was given back.

A refund lowers the revenue when it occurs, or when its purchase does where it is dated before it,
and by no more than is left of the purchase. Source: the domain document, sections 1, 2 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commerce import Commerce
from domain.events.commerce import PurchaseMade, PurchaseReversed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.history import Fact


def net_revenue(facts: Iterable[Fact], from_at: int | None, to_at: int) -> dict[str, int]:
    """Net revenue in minor units by currency, of purchases alone, both ends of the period included.

    A period without a beginning takes in everything. Within one, refunds of earlier purchases may
    outweigh what was bought, so a figure may be negative. Currencies are never added.
    """
    commerce = Commerce("UTC")  # days play no part
    for fact in facts:
        if fact.occurred_at <= to_at and isinstance(fact.event, PurchaseMade | PurchaseReversed):
            commerce.absorb(fact)
    found: dict[str, int] = {}
    for at, amount_minor, purchase in commerce.movements:
        if from_at is None or at >= from_at:
            found[purchase.currency] = found.get(purchase.currency, 0) + amount_minor
    return found
