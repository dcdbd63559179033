"""What a won referral earns, when it is due, and what is taken back of it.

Source: the domain document, section 6, "Rewards" (E2: as to their level of involvement) and its
legal gate (RESPA section 8(a), 12 U.S.C. 2607(a), forbids fees for referrals in mortgage
settlements).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.instants import DAY
from domain.referrals import Commerce, outcome_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from uuid import UUID

    from domain.policy import Policy
    from domain.referrals import Edge, Purchase

CASH_FORBIDDEN = "cash-reward-forbidden"
"""Why a reward has no amount: the policy allows thanks and gestures in kind only."""

AMOUNT_UNKNOWN = "amount-unknown"
"""Why a reward has no amount: the contact has not bought, and nothing was given at closing."""

_BASIS = 10_000
_NOTHING_BOUGHT = Commerce()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """The reward for one referral, as of an instant. Amounts are minor units of ``currency``.

    ``amount_minor`` is what was earned, before ``clawback_minor``; null with a ``reason`` where
    there is none in money. ``base_minor`` is what it is reckoned from and ``purchase`` the purchase
    that is, null where it is the amount given at closing. ``state`` is on_hold, due, approved,
    paid, declined, reversed or clawed_back; a reward that was paid stays paid, whatever is to be
    taken back.
    """

    referrer: UUID
    referred: UUID
    referral_id: str
    event_id: UUID
    level: int
    won_at: int
    due_at: int
    base_minor: int | None
    purchase: UUID | None
    amount_minor: int | None
    clawback_minor: int
    currency: str | None
    state: str
    reason: str | None


def rewards(
    edges: Iterable[Edge],
    edges_to: Callable[[UUID], Iterable[Edge]],
    commerce: Mapping[UUID, Commerce],
    policy: Policy,
    at: int,
) -> tuple[Reward, ...]:
    """The rewards that a referrer's own ``edges`` have earned by the instant, oldest first.

    ``edges_to`` gives every referral of a contact by whomever; ``commerce`` is that of the contacts
    referred, and may leave out those that never bought.

    The base is the referred contact's first purchase that is unreversed at ``at``, whenever it was
    made, or the amount given at closing if there is none. A purchase reversed in full after the
    referral was won, with no other to take its place, stays the base, and all is clawed back: the
    reward was earned on it, and the amount at closing was for the same deal. So a referral that is
    open again because its purchase was reversed still shows what it earned and lost.
    """
    found = []
    for edge in sorted(edges, key=lambda edge: edge.place):
        if not edge.inbound or edge.made_at > at:
            continue
        bought = commerce.get(edge.other, _NOTHING_BOUGHT)
        earned = _earned(edge, bought, policy, at)
        if earned is None:
            continue
        credited = credited_edge(edges_to(edge.other), edges_to, bought, policy, at)
        if credited is not None and credited.event_id == edge.event_id:
            found.append(_reward(edge, *earned, policy, at))
    return tuple(found)


def credited_edge(
    edges: Iterable[Edge],
    edges_to: Callable[[UUID], Iterable[Edge]],
    commerce: Commerce,
    policy: Policy,
    at: int,
) -> Edge | None:
    """The one referral of a contact that has the credit for it, of all its ``edges``.

    The earliest inbound one of enough level by (``made_at``, ``position``) that closes no circle;
    one that does is passed over, so that it cannot rob a later one. Of a referral that was won,
    only levels stated up to then are looked at: what was said afterwards takes nobody's credit.
    """
    for edge in sorted(edges, key=lambda edge: edge.place):
        if not edge.inbound or edge.made_at > at:
            continue
        earned = _earned(edge, commerce, policy, at)
        level = edge.level_at(at if earned is None else earned[0])
        if level >= policy.partner.introducer_level and not closes_circle(
            edge, edges_to, policy, at
        ):
            return edge
    return None


def closes_circle(
    edge: Edge, edges_to: Callable[[UUID], Iterable[Edge]], policy: Policy, at: int
) -> bool:
    """The referred contact had already brought the referrer, directly or through others.

    Only inbound referrals made before this one, of enough level at the instant, lead upwards.
    """
    seen = {edge.referrer}
    waiting = [edge.referrer]
    while waiting:
        for above in edges_to(waiting.pop()):
            if not above.inbound or above.place >= edge.place or above.referrer in seen:
                continue
            if above.level_at(at) < policy.partner.introducer_level:
                continue
            if above.referrer == edge.other:
                return True
            seen.add(above.referrer)
            waiting.append(above.referrer)
    return False


def _earned(
    edge: Edge, commerce: Commerce, policy: Policy, at: int
) -> tuple[int, Purchase | None] | None:
    """When the referral was won and the purchase its reward rests on, if it ever was won."""
    by_purchase = policy.partner.won_by_purchase
    won_at = outcome_at(edge, commerce, at, by_purchase=by_purchase).won_at
    gone = [purchase for purchase in commerce.purchases if purchase.is_gone(at)]
    if won_at is not None:
        rested = [one for one in gone if one.gone_at is not None and one.gone_at > won_at]
        return won_at, commerce.first_unreversed(at) or (rested[-1] if rested else None)
    if by_purchase:
        for purchase in reversed(gone):
            if edge.was_open_at(purchase.occurred_at, known_at=at):
                return purchase.occurred_at, purchase
    return None


def _reward(edge: Edge, won_at: int, purchase: Purchase | None, policy: Policy, at: int) -> Reward:
    rules = policy.rewards
    closing = edge.closed_at(at)
    base_minor: int | None = None
    currency: str | None = None
    if purchase is not None:
        base_minor, currency = purchase.amount_minor, purchase.currency
    elif closing is not None:
        base_minor, currency = closing.amount_minor, closing.currency
    level = edge.level_at(won_at)
    amount_minor: int | None = None
    clawback_minor = 0
    reason: str | None = None
    if not rules.cash_allowed:
        reason = CASH_FORBIDDEN
    elif base_minor is None:
        reason = AMOUNT_UNKNOWN
    else:
        amount_minor = min(base_minor * rules.basis_points[level] // _BASIS, rules.cap_minor)
        clawback_minor = _clawback_minor(amount_minor, purchase, at)
    due_at = won_at + rules.hold_days * DAY
    return Reward(
        referrer=edge.referrer,
        referred=edge.other,
        referral_id=edge.referral_id,
        event_id=edge.event_id,
        level=level,
        won_at=won_at,
        due_at=due_at,
        base_minor=base_minor,
        purchase=purchase.event_id if purchase else None,
        amount_minor=amount_minor,
        clawback_minor=clawback_minor,
        currency=currency,
        state=_state(edge, purchase, due_at, at),
        reason=reason,
    )


def _clawback_minor(amount_minor: int, purchase: Purchase | None, at: int) -> int:
    """The part of the reward that the purchase's reversals take back, rounded up."""
    if purchase is None or purchase.amount_minor == 0:
        return 0
    return -(-amount_minor * purchase.reversed_minor(at) // purchase.amount_minor)


def _state(edge: Edge, purchase: Purchase | None, due_at: int, at: int) -> str:
    decided = [state for when, state in edge.rewards if when <= at]
    last = decided[-1] if decided else None
    if last in ("paid", "reversed", "declined"):
        return last
    if purchase is not None and purchase.is_gone(at):
        return "clawed_back"
    return last or ("on_hold" if at < due_at else "due")
