"""How engagements, promises and complaints end, and what is set by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.reasons import refused
from domain.decisions.request import ALREADY_SO

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Asked, Decided
    from domain.events.governance import StageOverridden
    from domain.events.service import (
        ComplaintResolved,
        EngagementClosed,
        PromiseBroken,
        PromiseKept,
    )


def close_engagement(state: ContactState, asked: Asked[EngagementClosed]) -> tuple[Decided, ...]:
    """Close an engagement once."""
    key = ("engagement_id", asked.event.engagement_id)
    return ALREADY_SO if key in state.dealings.settled else asked.accepted


def settle_promise(
    state: ContactState, asked: Asked[PromiseKept | PromiseBroken]
) -> tuple[Decided, ...]:
    """Keep or break a promise once; it cannot be both."""
    settled = state.dealings.settled.get(("promise_id", asked.event.promise_id))
    if settled is None:
        return asked.accepted
    if settled.event == asked.event:
        return ALREADY_SO
    raise refused("promise-settled", f"the promise was settled before: {settled.event.TYPE}")


def resolve_complaint(state: ContactState, asked: Asked[ComplaintResolved]) -> tuple[Decided, ...]:
    """Resolve a complaint once for its raising and once for every reopening.

    Which of them is told by ``occurred_at``, so that resolutions and reopenings may arrive in any
    order: between two neighbouring reopenings there is one resolution.
    """
    earlier = state.dealings.resolution_around(asked.event.complaint_id, asked.at)
    if earlier is None:
        return asked.accepted
    if earlier == asked.event:
        return ALREADY_SO
    raise refused("complaint-already-resolved")


def override_stage(_: ContactState, asked: Asked[StageOverridden]) -> tuple[Decided, ...]:
    """Set the stage by hand, for a time that is not over before it begins."""
    if asked.event.expires_at <= asked.at:
        raise refused("override-already-over")
    return asked.accepted
