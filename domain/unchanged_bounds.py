"""What need not be judged: instants at which the rules could come to no other stage.

Most facts change only silences and scores that no question asks for. Where bounds that cost
next to nothing show that the stage stands until the next fact, whatever is found in between, the
facts are absorbed and only the last of them is judged. Source: the domain document, sections 3
to 5, whose answers this leaves as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.commerce import Commerce
    from domain.policy import Policy
    from domain.signals import Signal


class Bounds(NamedTuple):
    """What the signals that absorbed something can come to under a policy, whatever the instant.

    ``most_points`` is without regularity, which purchases bear on. ``takes_points``: some may be
    worth less than nothing.
    """

    most_points: int
    takes_points: bool


UNBOUNDED = Bounds(2**63, takes_points=True)


def bounds_of(signals: Iterable[Signal], policy: Policy) -> Bounds:
    """The bounds of these signals: none at all where subscriptions or engagements have a say."""
    most_points, takes_points = 0, False
    for signal in signals:
        if signal.name in ("engagement", "renewal"):
            return UNBOUNDED
        if signal.name != "regularity":
            most_points += signal.most_points(policy)
            takes_points |= signal.takes_points
    return Bounds(most_points, takes_points)


def stands_until(
    at: int,
    stage: str,
    commerce: Commerce,
    policy: Policy,
    bounds: Bounds,
    *,
    was_ever_client: bool,
) -> bool:
    """Whether every instant before ``at``, judged by that policy, leaves a customer or client one.

    Of whom nothing ended and nothing overrides the stage. A customer stays one who cannot have the
    points of a client and has bought within the least silence that lapses; a client whom regularity
    alone keeps, which it does for the least silence that demotes.
    """
    last_at = commerce.last_counted_at
    if last_at is None:
        return False
    rule, wait = policy.signals.regularity, policy.rhythm.demote_after_days * DAY
    needed = rule.purchase_days
    if needed is not None and was_ever_client:
        needed = (needed + 1) // 2
    # If they were a client before, fewer days may count: then this is more than regularity gives.
    is_regular = needed is not None and len(commerce.days.days) >= needed
    if stage == "customer":
        most_points = bounds.most_points + (rule.points if is_regular else 0)
        lapses_at = last_at + (2 * wait if was_ever_client else wait)
        return at <= lapses_at and most_points < policy.stage.promotion_score
    return (
        stage == "client"
        and at <= last_at + wait
        and is_regular
        and rule.points >= policy.stage.stay_score
        and not bounds.takes_points
    )
