"""Rows of lists, as the shapes that clients read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.wire.present import Shape, identity, instant
from domain.instants import format_instant
from domain.referrals import outcome_at

if TYPE_CHECKING:
    from domain.first_purchases import Commerce
    from domain.referrals import Edge
    from domain.rewards import Reward


def referral(edge: Edge, commerce: Commerce | None, at: int, *, by_purchase: bool) -> Shape:
    """One referral, and what had become of it by an instant."""
    outcome = outcome_at(edge, commerce, at, by_purchase=by_purchase)
    return {
        "referral_id": edge.referral_id,
        "by": str(edge.referrer),
        "other": str(edge.other),
        "direction": edge.direction,
        "made_at": format_instant(edge.made_at),
        "level": edge.level_at(at),
        "outcome": outcome.name,
        "won_at": instant(outcome.won_at),
        "event": str(edge.event_id),
    }


def reward(earned: Reward) -> Shape:
    """What one referral earned its referrer in one currency, and what was paid of it."""
    return {
        "referral_id": earned.referral_id,
        "other": str(earned.referred),
        "level": earned.level,
        "state": earned.state,
        "won_at": instant(earned.won_at),
        "due_at": instant(earned.due_at),
        "amount_minor": earned.amount_minor,
        "clawback_minor": earned.clawback_minor,
        "currency": earned.currency,
        "reason": earned.reason,
        "purchase": identity(earned.purchase),
        "event": str(earned.event_id),
        "earned_minor": earned.earned_minor,
        "clawed_back_minor": earned.clawed_back_minor,
        "paid_minor": earned.paid_minor,
        "reversed_minor": earned.reversed_minor,
        "declined_minor": earned.declined_minor,
        "owed_minor": earned.owed_minor,
        "in_kind": earned.in_kind,
    }
