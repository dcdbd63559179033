"""Rows of lists, as the shapes that clients read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.wire.present import Shape, identity, instant
from domain.instants import format_instant
from domain.referrals import outcome_at

if TYPE_CHECKING:
    from domain.referrals import Commerce, Edge
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
    """What one referral earned its referrer; `clawback_minor` is to be taken back of it."""
    return {
        "referral_id": earned.referral_id,
        "other": str(earned.referred),
        "level": earned.level,
        "state": earned.state,
        "won_at": format_instant(earned.won_at),
        "due_at": format_instant(earned.due_at),
        "amount_minor": earned.amount_minor,
        "clawback_minor": earned.clawback_minor,
        "currency": earned.currency,
        "reason": earned.reason,
        "purchase": identity(earned.purchase),
        "event": str(earned.event_id),
    }
