"""What a contact's purchases brought, net of what was given back.

A refund lowers the revenue when it occurs, or when its purchase does where it is dated before it,
and by no more than is left of the purchase. Source: the domain document, sections 1, 2 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events.commerce import PurchaseMade, PurchaseReversed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.history import Fact


def net_revenue(facts: Iterable[Fact], from_at: int | None, to_at: int) -> dict[str, int]:
    """Net revenue in minor units by currency, of purchases alone, both ends of the period included.

    A period without a beginning takes in everything. Within one, refunds of earlier purchases may
    outweigh what was bought, so a figure may be negative. Currencies are never added.
    """
    made: dict[tuple[int, str], tuple[int, PurchaseMade]] = {}
    reversals: list[tuple[int, tuple[int, str], int]] = []
    for fact in facts:
        if fact.occurred_at > to_at:
            continue
        event = fact.event
        if isinstance(event, PurchaseMade):
            made.setdefault((fact.scope, event.purchase_id), (fact.occurred_at, event))
        elif isinstance(event, PurchaseReversed):
            key = fact.scope, event.purchase_id
            reversals.append((fact.occurred_at, key, event.amount_minor))
    found: dict[str, int] = {}
    for at, purchase in made.values():
        if from_at is None or at >= from_at:
            found[purchase.currency] = found.get(purchase.currency, 0) + purchase.amount_minor
    left = {key: purchase.amount_minor for key, (_, purchase) in made.items()}
    for at, key, amount_minor in reversals:
        if key not in made:
            continue
        bought_at, purchase = made[key]
        taken = min(amount_minor, left[key])
        left[key] -= taken
        if from_at is None or max(at, bought_at) >= from_at:
            found[purchase.currency] = found.get(purchase.currency, 0) - taken
    return found
