"""Who has the credit for a contact that several sent us: one of them, or nobody.

Source: the domain document, section 6, "Rewards".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.earnings import earnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from domain.earnings import PolicyAt
    from domain.first_purchases import Commerce
    from domain.policy import Policy
    from domain.referrals import Edge


def credited_edge(
    edges: Iterable[Edge],
    edges_to: Callable[[UUID], Iterable[Edge]],
    commerce: Commerce,
    policy_at: PolicyAt,
    at: int,
) -> Edge | None:
    """The one referral of a contact that has the credit for it, of all its ``edges``.

    The earliest inbound one of enough level by (``made_at``, ``position``) that closes no circle;
    one that does is passed over, so that it cannot rob a later one. Of a referral that was won,
    only levels stated up to then are looked at, under the policy in force then: what was said
    afterwards takes nobody's credit.
    """
    for edge in sorted(edges, key=lambda edge: edge.place):
        if not edge.inbound or edge.made_at > at:
            continue
        earned = earnings(edge, commerce, policy_at, at)
        judged_at = earned[-1].won_at if earned else at
        policy = policy_at(judged_at)
        if edge.level_at(judged_at) >= policy.partner.introducer_level and not closes_circle(
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
