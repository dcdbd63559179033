"""What the referrals that a contact won for us brought: the purchase or the sum of each win.

Source: the care document, section 5 ("League"), and decision 0067.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.instants import DAY
from domain.referrals import outcome_at
from domain.revenue import sum_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from domain.first_purchases import Commerce
    from domain.policy import Policy
    from domain.referrals import Edge


def won_value(
    edges: Iterable[Edge], commerce: Mapping[UUID, Commerce], policy: Policy, at: int
) -> dict[str, int]:
    """By currency, in minor units, of the inbound referrals in the window that are won.

    Each counts with the purchase that won it, less what was given back of that, or with the amount
    given at closing. ``commerce`` is that of the contacts referred.
    """
    rules = policy.partner
    return sum_of(
        _of_one(edge, commerce.get(edge.other), at, by_purchase=rules.won_by_purchase)
        for edge in edges
        if edge.inbound and edge.made_at <= at < edge.made_at + rules.window_days * DAY
    )


def _of_one(edge: Edge, commerce: Commerce | None, at: int, *, by_purchase: bool) -> dict[str, int]:
    outcome = outcome_at(edge, commerce, at, by_purchase=by_purchase)
    if outcome.name != "won":
        return {}
    first = None if commerce is None else commerce.first_unreversed(at)
    if by_purchase and first is not None and edge.was_open_at(first.occurred_at, known_at=at):
        return {first.currency: first.amount_minor - first.reversed_minor(at)}
    closing = edge.closed_at(at)
    if closing is None or closing.amount_minor is None or closing.currency is None:
        return {}
    return {closing.currency: closing.amount_minor}
