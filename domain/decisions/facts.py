"""Which decision is made about which type of event; every other event is a new fact each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.decisions.commerce import cancel_subscription, continue_subscription, reverse_purchase
from domain.decisions.identity import (
    change_consent,
    distinguish_contacts,
    merge_contact,
    register_contact,
    reverse_merge,
)
from domain.decisions.referrals import close_referral, make_referral, raise_level
from domain.decisions.rewards import decline_reward, grant_reward, take_back_reward
from domain.decisions.service import (
    close_engagement,
    defer_action,
    override_stage,
    resolve_complaint,
    settle_promise,
)
from domain.events.care import ActionDeferred
from domain.events.commerce import (
    PurchaseReversed,
    SubscriptionCancelled,
    SubscriptionRenewed,
    SubscriptionUpgraded,
)
from domain.events.contacts import (
    ConsentChanged,
    ContactMerged,
    ContactRegistered,
    ContactsDistinguished,
    MergeReversed,
)
from domain.events.governance import StageOverridden
from domain.events.referrals import (
    ReferralClosed,
    ReferralLevelRaised,
    ReferralMade,
    RewardApproved,
    RewardDeclined,
    RewardPaid,
    RewardReversed,
)
from domain.events.service import ComplaintResolved, EngagementClosed, PromiseBroken, PromiseKept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.contact import ContactState
    from domain.decisions.request import Command, DecidedEvent
    from domain.events import Event

    Decision = Callable[[ContactState, Command[Any]], tuple[DecidedEvent, ...]]


def record(_: ContactState, command: Command[Event]) -> tuple[DecidedEvent, ...]:
    """Record a new fact."""
    return command.acceptance


DECISIONS: Mapping[type[Event], Decision] = {
    ActionDeferred: defer_action,
    ComplaintResolved: resolve_complaint,
    ConsentChanged: change_consent,
    ContactMerged: merge_contact,
    ContactRegistered: register_contact,
    ContactsDistinguished: distinguish_contacts,
    EngagementClosed: close_engagement,
    MergeReversed: reverse_merge,
    PromiseBroken: settle_promise,
    PromiseKept: settle_promise,
    PurchaseReversed: reverse_purchase,
    ReferralClosed: close_referral,
    ReferralLevelRaised: raise_level,
    ReferralMade: make_referral,
    RewardApproved: grant_reward,
    RewardDeclined: decline_reward,
    RewardPaid: grant_reward,
    RewardReversed: take_back_reward,
    StageOverridden: override_stage,
    SubscriptionCancelled: cancel_subscription,
    SubscriptionRenewed: continue_subscription,
    SubscriptionUpgraded: continue_subscription,
}
"""The decision about each type of event that has more to it than known and unused ids."""
