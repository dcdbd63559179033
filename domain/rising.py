"""What makes a customer ``rising``: one further signal, within reach, would make them a client.

Source: the domain document, section 5, the flags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.policy import RenewalSignal
from domain.signals.anchors import RegularityAnchor

if TYPE_CHECKING:
    from domain.policy import Policy
    from domain.signals import Change
    from domain.stages import StageMachine


def is_within_reach(change: Change, machine: StageMachine, policy: Policy, at: int) -> bool:
    """Whether the change is a further signal that may well come in this trade.

    An engagement does where one was ever opened or the trade discloses its engagements; regularity
    does where one more purchase day turns it on; the end of a trouble is no further signal.
    """
    if change.name == "engagement":
        return has_engagements(machine, policy)
    if change.name == "regularity":
        found = machine.signal_at(RegularityAnchor, at)
        return found is not None and found[0].lacks_one_day(found[1])
    return not change.name.startswith(("complaint", "promise", "custom_lost:"))


def has_engagements(machine: StageMachine, policy: Policy) -> bool:
    """Whether we may well act for them: we once did, or the trade discloses its engagements."""
    return bool(machine.commerce.engagements) or policy.disclosure_required


def has_subscriptions(machine: StageMachine, policy: Policy) -> bool:
    """Whether they may well renew: they once subscribed, or the trade gives much for a renewal."""
    usual_points = RenewalSignal().points
    return bool(machine.commerce.subscriptions) or policy.signals.renewal.points > usual_points


def within_reach_until(machine: StageMachine, at: int) -> int | None:
    """When a purchase day leaves the window without which one more is not enough.

    Possibly in the past; None if none does.
    """
    found = machine.signal_at(RegularityAnchor, at)
    return None if found is None else found[0].lacks_one_day_until(found[1])
