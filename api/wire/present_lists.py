"""Rows of lists, as the shapes that clients read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.wire.present import Shape, identity, instant
from domain.instants import format_instant
from domain.referrals import outcome_at

if TYPE_CHECKING:
    from domain.referrals import Commerce, Edge
    from domain.rewards import Reward
    from projections.answers import ContactStanding, StatusRow
    from projections.restatement_reading import RestatementRow


def status_row(row: StatusRow) -> Shape:
    """Where one of many contacts stands."""
    return {
        "contact_id": str(row.contact_id),
        "stage": row.stage,
        "score": row.score,
        "since": instant(row.since),
        "flags": list(row.flags),
    }


def standing_row(row: ContactStanding) -> Shape:
    """How one of many contacts stands as a referral partner."""
    return {
        "contact_id": str(row.contact_id),
        "standing": row.standing.standing,
        "influence": row.standing.influence,
        "we_owe": row.standing.reciprocity.we_owe,
        "they_owe": row.standing.reciprocity.they_owe,
    }


def restatement(row: RestatementRow) -> Shape:
    """What was believed of a contact for a while, and what is known of it since an event."""
    return {
        "contact_id": str(row.contact_id),
        "from": format_instant(row.from_at),
        "to": format_instant(row.to_at),
        "believed": row.believed,
        "known": row.known,
        "event": str(row.event),
        "position": row.position,
    }


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
